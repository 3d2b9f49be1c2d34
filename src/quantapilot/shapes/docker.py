"""Docker's json-file: `log`, `stream` and `time` a line, with a record of any shape in `log`.

Source: Docker's page on the JSON file logging driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.patterns import lazy
from quantapilot.shapes.form import Lines
from quantapilot.shapes.json_lines import as_role, parsed, renamed, told
from quantapilot.shapes.logfmt import is_log, judged, pairs
from quantapilot.shapes.members import Entry, Member, members_of, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.shapes.record import Record

_KEYS = {"log", "stream", "time"}
_MORE = {"attrs"}
_LOG_AND_TIME = frozenset({"log", "time"})
_STREAMS = frozenset({"stdout", "stderr"})
_LEVEL = lazy(
    r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|FATAL|CRITICAL|PANIC)\b"
    r"|(?<=\[)(?:trace|debug|info|notice|warn(?:ing)?|error|fatal|critical)(?=\])"
)
# How far into a line its level may stand.
_SOON = 80


def is_docker(document: Mapping[str, object]) -> bool:
    """Tell whether a parsed line is one of Docker's."""
    kinds = all(isinstance(document.get(key), str) for key in _KEYS)
    return kinds and document.keys() - _MORE == _KEYS and document["stream"] in _STREAMS


class DockerLines(Lines):
    """Lines of Docker, as the contract's record or, without one, only those with pairs in them."""

    def __init__(self, record: Record | None) -> None:
        self._record = record

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the record of a line; None where it is none of Docker's."""
        members = members_of(text)
        by_key = {each.key[1:-1]: each for each in members or ()}
        if members is None or by_key.keys() - _MORE != _KEYS or len(by_key) != len(members):
            return None
        log = by_key["log"]
        document = parsed(f'{{"log":{log.value}}}')
        inner = document["log"] if document else None
        if not isinstance(inner, str):
            return None
        record = self._record
        found = inside(inner, record)
        if found is not None:
            found = [each._replace(steps=("log",), inside=log.at) for each in found]
        elif record is None:
            return None
        else:
            found = _plain(log, inner, record)
        if record is None:
            return [Entry([*found, *(each for each in members if each is not log)])]
        time = as_role(by_key["time"], "time", record, {})
        if all(each.key != time.key for each in found):
            found.append(time)
        else:
            found.append(by_key["time"]._replace(own=True))
        own = [each._replace(own=True) for key, each in by_key.items() if key not in _LOG_AND_TIME]
        return [Entry([*found, *own])]


def inside(text: str, record: Record | None) -> list[Member] | None:
    """Return the fields of the record that a string holds; None where it holds none.

    Without a contract's record those of JSON are not told: they are found as it stands.
    """
    if text[:1] == "{" and record is not None:
        members = members_of(text)
        document = parsed(text) if members else None
        if members is None or document is None:
            return None
        keys = told(document, record)
        return renamed(members, keys, record) if keys else members
    found = pairs(text)
    if found is None or not is_log(found):
        return None
    return found if record is None else judged(found, record)


def _plain(log: Member, text: str, record: Record) -> list[Member]:
    """Return the fields of a line of text: its message, and its level where it begins with one."""
    line = text.rstrip("\r\n")
    key, value = record.keys["message"], quoted(line)
    message = Member(key, value, 0, 0, log.steps, inside=log.at)
    word = _LEVEL.search(line, 0, _SOON)
    level = record.level(word[0]) if word else None
    if word is None or level is None:
        return [message]
    return [
        message,
        Member(record.keys["level"], quoted(level), 0, word.start(), log.steps, inside=log.at),
    ]
