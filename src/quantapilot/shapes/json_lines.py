"""Records that are JSON objects, one a line: of pino, of structlog, and of the systemd journal.

Sources: pino's API page (`level`, `time`, `msg`), structlog's processors, and for the journal
systemd.journal-fields(7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from quantapilot.patterns import lazy
from quantapilot.shapes.form import Lines
from quantapilot.shapes.members import Entry, Member, members_of, object_of, quoted
from quantapilot.shapes.record import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from quantapilot.shapes.record import Record

# What else the journal's fields are called that a program may set itself.
_JOURNAL_OWN = frozenset(
    {
        *("CODE_FILE", "CODE_FUNC", "CODE_LINE", "DOCUMENTATION", "ERRNO", "INVOCATION_ID"),
        *("MESSAGE_ID", "TID", "UNIT", "USER_INVOCATION_ID", "USER_UNIT"),
    }
)
_JOURNAL_BEGINS = ("_", "SYSLOG_", "OBJECT_", "COREDUMP_")
# syslog's severities (RFC 5424, table 2) from 0 to 7, and pino's levels.
_SEVERITIES = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
_PINO = {"10": "debug", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal"}
# A line whose values are no containers, and each key and value in it.
_VALUE = r'(?:"(?:[^"\\]++|\\.)*+"|-?[0-9][0-9.eE+-]*+|true|false|null)'
_PAIR = rf'("(?:[^"\\]++|\\.)*+")[ \t]*+:[ \t]*+({_VALUE})[ \t]*+'
_FLAT = lazy(rf"{_PAIR}[,}}]")
_PLAIN = _PAIR.replace('("', '(?:"').replace(f"({_VALUE})", _VALUE)
_FLAT_LINE = lazy(rf"[ \t]*+\{{(?:[ \t]*+{_PLAIN},)*+[ \t]*+{_PLAIN}\}}[ \t\r\n]*+")
# Of so many keys it is remembered what becomes of them.
_MOST_KEYS = 1024


@dataclass(frozen=True, slots=True)
class Keys:
    """The fields of a tool's records.

    Attributes:
        roles: What the contract has a field for, by its key.
        own: Tells what belongs to the shape.
        levels: Levels that are no words.
    """

    roles: Mapping[str, str]
    own: Callable[[str], bool]
    levels: Mapping[str, str]

    @property
    def message(self) -> str:
        """The key of the message, without which there is no record."""
        return next(key for key, role in self.roles.items() if role == "message")


PINO = Keys(
    {"msg": "message", "level": "level", "time": "time"},
    frozenset({"pid", "hostname", "name", "v"}).__contains__,
    _PINO,
)
STRUCTLOG = Keys(
    {"event": "message", "level": "level", "timestamp": "time", "logger": "logger"},
    frozenset[str]().__contains__,
    {},
)
JOURNAL = Keys(
    {"MESSAGE": "message", "PRIORITY": "level", "__REALTIME_TIMESTAMP": "time"},
    lambda key: key.startswith(_JOURNAL_BEGINS) or key in _JOURNAL_OWN,
    {str(number): word for number, word in enumerate(_SEVERITIES)},
)


def renamed(
    members: Sequence[Member], keys: Keys, record: Record, *, repeats: bool = False
) -> list[Member] | None:
    """Return a tool's record as the contract calls its fields; None where it is no such record.

    That is one without the tool's message, or with one by the contract's name, and one with a key
    twice, or that would have one twice; unless `repeats` tells that the tool writes such.
    """
    found: list[Member] = []
    names: set[str] = set()
    judged: set[str] = set()
    for member in members:
        key = member.key[1:-1]
        if key in names and not repeats:
            return None
        names.add(key)
        role = keys.roles.get(key)
        if role is not None:
            found.append(as_role(member, role, record, keys.levels))
            judged.add(found[-1].key)
        elif keys.own(key):
            found.append(member._replace(own=True))
        else:
            found.append(member)
            judged.add(member.key)
    if repeats:
        return found
    foreign = keys.message in names and record.names["message"] not in names
    return found if foreign and len(judged) == sum(not each.own for each in found) else None


def as_role(member: Member, role: str, record: Record, levels: Mapping[str, str]) -> Member:
    """Return a member as the contract's field of a role, its value as the contract writes it."""
    value = valued(member.value, role, record, levels)
    _, _, key_at, at, steps, own, inside = member
    return Member(record.keys[role], value, key_at, at, steps, own, inside)


def valued(value: str, role: str, record: Record, levels: Mapping[str, str]) -> str:
    """Return the JSON of a value as the contract writes what is of a role.

    A value that is none of the role's is left to be judged.
    """
    if role == "level":
        bare = value[1:-1] if value[:1] == '"' else value
        called = record.level(levels.get(bare, bare))
        return value if called is None or called == bare else quoted(called)
    if role == "time":
        bare = value[1:-1] if value[:1] == '"' else value
        if bare.isascii() and bare.replace(".", "", 1).isdecimal():
            at = moment(float(bare))
            return value if at is None else f'"{at}"'
    return value


class JsonLines(Lines):
    """Lines that are records of one tool."""

    def __init__(self, keys: Keys, record: Record) -> None:
        self._keys = keys
        self._record = record
        self._message, self._foreign = f'"{keys.message}"', record.keys["message"]
        # Of each key that was seen, what it is in the contract, its role, if it is the shape's own.
        self._fates: dict[str, tuple[str, str, bool]] = {}

    def written(self, text: str) -> tuple[str, str] | None:
        """Return what `written` returns of the record of a line, without the record.

        It is for lines whose values are no containers; None where `entries` must be asked.
        """
        if _FLAT_LINE.fullmatch(text) is None:
            return None
        found = _FLAT.findall(text)
        members = dict(found)
        if self._message not in members or self._foreign in members:
            return None
        judged: dict[str, str] = {}
        own: dict[str, str] = {}
        fates, record, levels = self._fates, self._record, self._keys.levels
        for key, value in members.items():
            name, role, aside = fates.get(key) or self._fate(key)
            if aside:
                own[name] = value
            else:
                judged[name] = valued(value, role, record, levels) if role else value
        if len(judged) + len(own) != len(found):
            return None
        return object_of(judged.items()), object_of(own.items()) if own else ""

    def _fate(self, key: str) -> tuple[str, str, bool]:
        bare = key[1:-1]
        role = self._keys.roles.get(bare, "")
        own = not role and self._keys.own(bare)
        fate = (self._record.keys[role] if role else key, role, own)
        if len(self._fates) < _MOST_KEYS:
            self._fates[key] = fate
        return fate

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the record of a line; None where it is none of the tool's."""
        members = members_of(text)
        found = renamed(members, self._keys, self._record) if members else None
        return [Entry(found)] if found else None


def told(document: Mapping[str, object], record: Record) -> Keys | None:
    """Return whose record a parsed line is; None where it is nobody's for certain."""
    if record.names["message"] in document:
        return None
    if isinstance(document.get("msg"), str):
        level, time = document.get("level"), document.get("time")
        if isinstance(level, int) and isinstance(time, int | float | str):
            return PINO
    if isinstance(document.get("event"), str) and isinstance(document.get("level"), str):
        return STRUCTLOG if isinstance(document.get("timestamp"), str | float) else None
    if "__REALTIME_TIMESTAMP" in document and "__CURSOR" in document:
        return JOURNAL if "MESSAGE" in document else None
    return None


def parsed(line: str | bytes) -> dict[str, object] | None:
    """Return the JSON object of a line; None where it is none."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
