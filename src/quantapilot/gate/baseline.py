"""The baseline: findings that are accepted because they were there when the project began.

It is a file of JSON, one accepted finding a line, sorted, so that versions of it compare and merge
well. It holds no value: a finding is known again by its fingerprint, a keyed hash of rule, file,
pointer without array indices, and value. So it is known wherever it moves in its file, and a value
that changes is a new finding. `_schemas/baseline.schema.json` describes the file.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from quantapilot.config import shown
from quantapilot.errors import ConfigError
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from quantapilot.findings import Finding
    from quantapilot.gate.excuses import Command

DEFAULT_FILE: Final = ".quantapilot-baseline.json"
SCHEMA_VERSION: Final = "1"
_KIND: Final = "quantapilot-baseline"
_KEY_VARIABLE: Final = "QP_FINGERPRINT_KEY"
_KEY_BYTES: Final = 32
_BOTH: Final = "both"
_RENEW: Final = "'qp baseline create --force' makes a new one"
_HEX: Final = {"key": re.compile("[0-9a-f]{64}"), "key_id": re.compile("[0-9a-f]{16}")}
_FINGERPRINT: Final = re.compile("[0-9a-f]{32}")
_HEAD: Final = ("kind", "schema_version", "key_id", "key", "accepted")
_ENTRY: Final = ("rule", "path", "fingerprint", "count", "command")

# Rule, place and fingerprint of a finding.
Known = tuple[str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """An accepted finding, how often it occurs, and which command finds it: one, or both."""

    path: str
    rule: str
    fingerprint: str
    count: int = 1
    command: str = _BOTH

    @property
    def known(self) -> Known:
        """What the finding is known again by."""
        return self.rule, self.path, self.fingerprint


@dataclass(frozen=True, slots=True, repr=False)
class Baseline:
    """What a baseline file says.

    Attributes:
        file: The file.
        key: Secret of its fingerprints.
        kept: Whether the file holds the key; else it stands in the environment.
        entries: The accepted findings, sorted.
    """

    file: Path
    key: bytes
    kept: bool
    entries: tuple[Entry, ...] = ()


def new_baseline(file: Path) -> Baseline:
    """Return an empty baseline, with the key of the environment or else a random one."""
    given = os.environ.get(_KEY_VARIABLE, "").encode()
    if given:
        return Baseline(file, given, kept=False)
    return Baseline(file, secrets.token_hex(_KEY_BYTES).encode(), kept=True)


def load_baseline(file: Path) -> Baseline:
    """Return what a baseline file says.

    Raises:
        ConfigError: It can't be read, is no baseline that this version knows, or was made with a
            key that is not at hand.
    """
    return _Reader(file).baseline()


def read_entries(file: Path) -> tuple[Entry, ...]:
    """Return what a baseline file accepts, whatever key it was made with.

    Raises:
        ConfigError: It can't be read, or is no baseline that this version knows.
    """
    return _Reader(file).entries()


def baseline_text(baseline: Baseline) -> str:
    """Return what a baseline's file holds; equal baselines have equal texts."""
    head = {"kind": _KIND, "schema_version": SCHEMA_VERSION, "key_id": _key_id(baseline.key)}
    if baseline.kept:
        head["key"] = baseline.key.decode()
    lines = [f"{_json(name)}: {_json(value)}," for name, value in head.items()]
    entries = ",\n".join(
        _json({name: getattr(entry, name) for name in _ENTRY}) for entry in sorted(baseline.entries)
    )
    lines = ["{", *lines, f'"accepted": [\n{entries}' if entries else '"accepted": [', "]", "}"]
    return "\n".join(lines) + "\n"


def write_baseline(baseline: Baseline) -> None:
    """Write a baseline to its file, whole or not at all.

    Raises:
        OSError: It can't be written.
    """
    part = baseline.file.with_name(f".{baseline.file.name}.{os.getpid()}.tmp")
    try:
        part.write_text(baseline_text(baseline), "utf-8", newline="\n")
        part.replace(baseline.file)
    finally:
        with suppress(OSError):
            part.unlink()


def entries_of(found: Mapping[Command, Counter[Known]]) -> tuple[Entry, ...]:
    """Return the entries of what the commands found; what both found counts once."""
    made = []
    for known in {known for counts in found.values() for known in counts}:
        by = [command for command, counts in found.items() if known in counts]
        rule, path, fingerprint = known
        count = max(counts[known] for counts in found.values())
        made.append(Entry(path, rule, fingerprint, count, by[0] if len(by) == 1 else _BOTH))
    return tuple(sorted(made))


class Recorder:
    """Accepts every finding and remembers it: what a baseline is made of."""

    def __init__(self) -> None:
        self.found: Counter[Known] = Counter()

    def accepts(self, finding: Finding, place: str) -> bool:
        """Remember a finding in a file."""
        self.found[finding.rule, place, finding.fingerprint] += 1
        return True

    def stale(self, _command: Command, _gone: Callable[[str, str], bool], /) -> Iterator[Finding]:
        """Yield nothing: all that is recorded occurs."""
        yield from ()


class Acceptance:
    """A baseline in use: each finding is accepted as often as the baseline says."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._left = {entry.known: entry.count for entry in baseline.entries}
        self._met: set[Known] = set()

    def accepts(self, finding: Finding, place: str) -> bool:
        """Tell whether a finding in a file is accepted; what goes beyond the count is not."""
        known = (finding.rule, place, finding.fingerprint)
        left = self._left.get(known, 0)
        if not left:
            return False
        self._left[known] = left - 1
        self._met.add(known)
        return True

    def stale(self, command: Command, gone: Callable[[str, str], bool], /) -> Iterator[Finding]:
        """Yield the entries that a command looked for and did not meet."""
        missing = [
            entry
            for entry in self._baseline.entries
            if entry.known not in self._met
            and entry.command in {command, _BOTH}
            and gone(entry.rule, entry.path)
        ]
        if not missing:
            return
        text = self._baseline.file.read_text("utf-8")
        for entry in missing:
            yield INPUT_RULES["input/baseline-stale"].at(
                str(shown(self._baseline.file)),
                f"'{entry.rule}' in {entry.path} no longer occurs",
                line=text.count("\n", 0, text.find(entry.fingerprint)) + 1,
            )


class _Reader:
    """Reads a baseline file, and says what is wrong with it and where."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._name = shown(file)
        self._text = self._read()
        self._table = self._parsed()

    def baseline(self) -> Baseline:
        entries = self.entries()
        key = self._table.get("key")
        if key is not None:
            return Baseline(self._file, self._own(key), kept=True, entries=entries)
        given = os.environ.get(_KEY_VARIABLE, "").encode()
        if not given:
            raise self._error(
                f"was made with a key that stands in {_KEY_VARIABLE}, which is not set; "
                f"set it, or {_RENEW}"
            )
        if _key_id(given) != self._table["key_id"]:
            raise self._error(
                f"was made with another key than {_KEY_VARIABLE} holds; set that key, or {_RENEW}"
            )
        return Baseline(self._file, given, kept=False, entries=entries)

    def entries(self) -> tuple[Entry, ...]:
        entries: dict[Known, Entry] = {}
        for number, item in enumerate(self._table["accepted"], start=1):
            entry = self._entry(number, item)
            if entry.known in entries:
                raise self._error(
                    f"accepts the finding {entry.fingerprint} twice; 'qp baseline update' can't "
                    "tell which is right: remove one of the two lines",
                    line=self._text.count("\n", 0, self._text.rfind(entry.fingerprint)) + 1,
                )
            entries[entry.known] = entry
        return tuple(sorted(entries.values()))

    def _read(self) -> str:
        try:
            return self._file.read_text("utf-8-sig")
        except FileNotFoundError as error:
            raise self._error(
                "there is no such baseline; 'qp baseline create' makes one"
            ) from error
        except OSError as error:
            raise self._error(f"can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._error(f"is not UTF-8 (byte {error.start}); {_RENEW}") from error

    def _parsed(self) -> dict[str, Any]:
        try:
            table = json.loads(self._text)
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"{self._name}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}; "
                f"restore the file, or {_RENEW}"
            ) from error
        except (RecursionError, ValueError) as error:
            # A number of thousands of digits, or brackets without end.
            raise self._error(f"is no baseline; {_RENEW}") from error
        if not isinstance(table, dict) or table.get("kind") != _KIND:
            raise self._error(f"is no baseline of qp; name another file, or {_RENEW}")
        if table.get("schema_version") != SCHEMA_VERSION:
            raise self._error(
                f"has another schema_version than '{SCHEMA_VERSION}', which this qp knows; "
                f"use the qp that made it, or {_RENEW}"
            )
        self._only(table, _HEAD, "")
        for name, pattern in _HEX.items():
            if name in table and not _fits(pattern, table[name]):
                raise self._error(f"has a wrong '{name}'; restore the file, or {_RENEW}")
        for name, kind in (("key_id", str), ("accepted", list)):
            if not isinstance(table.get(name), kind):
                raise self._error(f"has no '{name}'; restore the file, or {_RENEW}")
        return table

    def _own(self, key: str) -> bytes:
        if _key_id(key.encode()) != self._table["key_id"]:
            raise self._error(
                f"holds a key and the key_id of another one; restore the file, or {_RENEW}"
            )
        return key.encode()

    def _entry(self, number: int, item: Any) -> Entry:
        if not isinstance(item, dict):
            raise self._error(f"its entry {number} is no object; restore the file, or {_RENEW}")
        self._only(item, _ENTRY, f"in its entry {number} ")
        texts = all(isinstance(item.get(name), str) and item[name] for name in ("rule", "path"))
        count = item.get("count")
        counted = isinstance(count, int) and not isinstance(count, bool) and count > 0
        named = item.get("command") in {"scan", "validate:api", _BOTH}
        if not (texts and counted and named and _fits(_FINGERPRINT, item.get("fingerprint"))):
            raise self._error(
                f"its entry {number} is not shaped as one; restore the file, or {_RENEW}"
            )
        return Entry(**item)

    def _only(self, table: Mapping[str, Any], known: Collection[str], where: str) -> None:
        if not set(table) <= set(known):
            raise self._error(f"{where}holds a key that no baseline has; remove it, or {_RENEW}")

    def _error(self, message: str, line: int | None = None) -> ConfigError:
        return ConfigError(f"{self._name}{f':{line}' if line else ''}: {message}")


def total(entries: Iterable[Entry]) -> int:
    """Return how many findings some entries stand for."""
    return sum(entry.count for entry in entries)


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _key_id(key: bytes) -> str:
    """Return what tells two keys apart and gives neither away: a keyed hash of a constant."""
    return blake2b(_KIND.encode(), key=key[:64], digest_size=8).hexdigest()


def _json(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    # A file name that is not UTF-8 has lone surrogates, which only escapes can hold.
    return written if written.isprintable() else json.dumps(value)
