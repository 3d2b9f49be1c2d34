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
from quantapilot.documents.marker import REACH, opening
from quantapilot.documents.registry import BUILT, DOCUMENTS
from quantapilot.errors import MissingToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantapilot.contract.catalog import Contract

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What documents are made from.

    Attributes:
        contract: The contract.
        examples: Its examples by definition, as the examples file has them.
        digests: What tells the two from others, as `contract.digests.inputs_digests` does.
    """

    contract: Contract
    examples: Mapping[str, Any]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the documents.

    Attributes:
        changes: Names of the files that were written or removed; when checking, their diffs.
        left: Formats that can't be written here, and why; they are not what the contract says.
        never: The same of formats that were never written.
    """

    changes: list[str]
    left: dict[str, str]
    never: dict[str, str]


def write(inputs: Inputs, folder: Path, names: Sequence[str] = ()) -> Result:
    """Bring documents up to date, all or those of the formats `names`.

    Files that a format wrote before and writes no more are removed. The record comes last: an
    interrupted run shows as drift.

    Raises:
        ContractError: A format can't say what the contract says.
        OSError: The folder can't be written.
    """
    made = _make(inputs, folder, names)
    changes = update(folder, made.files, made.stale(folder)) if made.files else []
    return Result(changes, made.left, made.never)


def check(inputs: Inputs, folder: Path, names: Sequence[str] = ()) -> Result:
    """Return the unified diff of every file that `write` would change.

    Raises:
        ContractError: A format can't say what the contract says.
    """
    made = _make(inputs, folder, names)
    return Result(differences(folder, made.files, made.stale(folder)), made.left, made.never)


@dataclass(slots=True)
class _Made:
    """The documents as they have to be; of formats that can't be written here, why not."""

    files: dict[str, bytes] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    never: dict[str, str] = field(default_factory=dict)

    def stale(self, folder: Path) -> list[str]:
        """Return the files that the formats wrote before and write no more."""
        marks = [opening(name).encode() for name in self.written]
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        names = ((path, path.relative_to(folder).as_posix()) for path in files)
        return [
            name
            for path, name in names
            if name not in self.files and any(mark in _beginning(path) for mark in marks)
        ]


def _make(inputs: Inputs, folder: Path, names: Sequence[str]) -> _Made:
    made = _Made()
    before = read_record(folder / RECORD_FILE) or {}
    entries: dict[str, Entry] = {}
    for name in DOCUMENTS:
        entry = before.get(name)
        if not names or name in names:
            entry = _entry(name, inputs, folder, entry, made)
        if entry is not None:
            entries[name] = entry
    if entries:
        made.files[RECORD_FILE] = _record(entries)
    return made


def _entry(
    name: str, inputs: Inputs, folder: Path, before: Entry | None, made: _Made
) -> Entry | None:
    """Make the files of one format; return what the record has to say of it."""
    try:
        files = DOCUMENTS[name](inputs.contract, inputs.examples)
    except MissingToolError as error:
        if before is None:
            made.never[name] = str(error)
            return None
        if not _holds(name, inputs, folder, before):
            made.left[name] = str(error)
            return before
        return {**before, **inputs.digests}
    made.files |= files
    made.written.append(name)
    written = {file: digest(data) for file, data in sorted(files.items())}
    return {**inputs.digests, **_given(name, inputs.contract), "files": written}


def _holds(name: str, inputs: Inputs, folder: Path, before: Entry) -> bool:
    """Tell whether a format is what its tool would write now, which is not there to be asked."""
    given = _given(name, inputs.contract)
    return all(before.get(key) == value for key, value in given.items()) and all(
        (folder / file).is_file() and digest((folder / file).read_bytes()) == held
        for file, held in before["files"].items()
    )


def _given(name: str, contract: Contract) -> dict[str, str]:
    return {"given": digest(BUILT[name](contract))} if name in BUILT else {}


def _record(entries: Mapping[str, Entry]) -> bytes:
    record = {"$comment": "@generated by `qp docs`; never edit by hand.", "documents": entries}
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(REACH)
