"""The folder of documents: written anew, or compared with what the contract says now.

Beside the documents stands a record of what each format was made from. By it `qp validate:api`
sees documents that are old or were edited, and a format whose tool is not installed here is known
to be as it has to be, or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.digests import RECORD_FILE, digest
from quantapilot.contract.drift import read_record
from quantapilot.contract.generated import differences, update
from quantapilot.documents.marker import is_marked
from quantapilot.documents.registry import BUILT, DOCUMENTS
from quantapilot.errors import GeneratedError, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantapilot.documents.source import Source

Entry = dict[str, Any]

_NONE: Entry = {"files": {}}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What documents are made from.

    Attributes:
        source: The contract with its examples.
        digests: What tells the two from others, as `contract.digests.inputs_digests` does.
    """

    source: Source
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the documents.

    Attributes:
        changes: Names of the files that were written or removed; when checking, their diffs.
        left: Formats that can't be written here, and why; they are not what the contract says.
        never: The same of formats that were never written.
        otherwise: Formats that are as they were written, of the same schemas and examples, and
            would be written otherwise now: by another version of the toolkit, or other rules.
    """

    changes: list[str]
    left: dict[str, str]
    never: dict[str, str]
    otherwise: list[str] = field(default_factory=list)


def write(inputs: Inputs, folder: Path, names: Sequence[str] = ()) -> Result:
    """Bring documents up to date, all or those of the formats `names`.

    Files that a format wrote before and writes no more are removed. The record comes last: an
    interrupted run shows as drift.

    Raises:
        ContractError: A format can't say what the contract says.
        GeneratedError: The folder can't be written, or holds somebody's own file by a name that a
            format writes.
    """
    made = _make(inputs, folder, names)
    if own := made.not_ours(folder):
        raise GeneratedError(
            f"{folder / own[0]}: 'qp docs' did not write this file, and leaves it;"
            " move it away, or name another folder"
        )
    changes = update(folder, made.files, made.stale(folder)) if made.files else []
    return Result(changes, made.left, made.never)


def check(inputs: Inputs, folder: Path, names: Sequence[str] = ()) -> Result:
    """Return the unified diff of every file that `write` would change.

    Raises:
        ContractError: A format can't say what the contract says.
    """
    made = _make(inputs, folder, names)
    changes = differences(folder, made.files, made.stale(folder))
    return Result(changes, made.left, made.never, made.otherwise(folder, inputs.digests))


@dataclass(slots=True)
class _Made:
    """The documents as they have to be; of formats that can't be written here, why not."""

    before: Mapping[str, Entry]
    files: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, Entry] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    never: dict[str, str] = field(default_factory=dict)

    def stale(self, folder: Path) -> list[str]:
        """Return the files that the formats wrote before and write no more."""
        known = (file for name in self.written for file in self.before.get(name, _NONE)["files"])
        return sorted(name for name in known if name not in self.files and is_marked(folder / name))

    def not_ours(self, folder: Path) -> list[str]:
        """Return the files in the way that no format wrote."""
        ours = {file for entry in self.before.values() for file in entry["files"]}
        ours |= {name for name in self.files if is_marked(folder / name)}
        if ours:
            # The record beside documents is theirs, however broken.
            ours.add(RECORD_FILE)
        return [name for name in self.files if name not in ours and (folder / name).exists()]

    def otherwise(self, folder: Path, digests: Mapping[str, str]) -> list[str]:
        """Return the formats that the same schemas and examples made, but not the same files."""
        return [
            name
            for name, entry in self.written.items()
            if (before := self.before.get(name))
            and all(before[key] == value for key, value in digests.items())
            and before["files"] != entry["files"]
            and _untouched(folder, before)
        ]


def _make(inputs: Inputs, folder: Path, names: Sequence[str]) -> _Made:
    made = _Made(read_record(folder / RECORD_FILE) or {})
    entries: dict[str, Entry] = {}
    for name in DOCUMENTS:
        entry = made.before.get(name)
        if not names or name in names:
            entry = _entry(name, inputs, folder, made)
        if entry is not None:
            entries[name] = entry
    if entries:
        made.files[RECORD_FILE] = _record(entries)
    return made


def _entry(name: str, inputs: Inputs, folder: Path, made: _Made) -> Entry | None:
    """Make the files of one format; return what the record has to say of it."""
    try:
        files = DOCUMENTS[name](inputs.source)
    except MissingToolError as error:
        before = made.before.get(name)
        if before is None:
            made.never[name] = str(error)
            return None
        if not _holds(name, inputs, folder, before):
            made.left[name] = str(error)
            return before
        return {**before, **inputs.digests}
    made.files |= files
    written = {file: digest(data) for file, data in sorted(files.items())}
    made.written[name] = {**inputs.digests, **_given(name, inputs), "files": written}
    return made.written[name]


def _holds(name: str, inputs: Inputs, folder: Path, before: Entry) -> bool:
    """Tell whether a format is what its tool would write now, which is not there to be asked."""
    given = _given(name, inputs)
    return all(before.get(key) == value for key, value in given.items()) and _untouched(
        folder, before
    )


def _untouched(folder: Path, entry: Entry) -> bool:
    return all(
        (folder / file).is_file() and digest((folder / file).read_bytes()) == held
        for file, held in entry["files"].items()
    )


def _given(name: str, inputs: Inputs) -> dict[str, str]:
    return {"given": digest(BUILT[name](inputs.source.contract))} if name in BUILT else {}


def _record(entries: Mapping[str, Entry]) -> bytes:
    record = {"$comment": "@generated by `qp docs`; never edit by hand.", "documents": entries}
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
