"""The contract's log record: what its fields are called, how it writes levels and times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from quantapilot.contract.roles import LEVELS, document, levels_called, roles
from quantapilot.contract.shape import members
from quantapilot.shapes.members import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition

# From which number on a time counts milliseconds, microseconds and nanoseconds since 1970: in
# seconds it would lie in the year 5138.
_FINER = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3))
_KNOWN = {name: level for level, names in LEVELS.items() for name in names} | {
    "alert": "critical",
    "dpanic": "critical",
    "emerg": "critical",
    "exception": "error",
    "panic": "critical",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A contract's log record.

    Attributes:
        names: The field of each role: `time`, `level`, `message`, `logger`.
        keys: The same as JSON strings.
        levels: What each of the `LEVELS` is called.
        listed: The levels that may stand in it; none are listed where any may.
        texts: Fields that hold text, so that `id=17` is no number there.
    """

    names: Mapping[str, str]
    keys: Mapping[str, str]
    levels: Mapping[str, Any]
    listed: frozenset[str]
    texts: frozenset[str]

    def level(self, word: str) -> str | None:
        """Return what the contract calls a level of any tool; None where it is none."""
        if word in self.listed:
            return word
        known = _KNOWN.get(word.lower())
        called = self.levels[known] if known else None
        return called if isinstance(called, str) else None


def record_of(contract: Contract, definition: Definition | None, kind: str | None) -> Record | None:
    """Return the log record that documents are held to; None where they are none.

    Args:
        contract: The contract.
        definition: What every document is taken as; None tells them apart.
        kind: The kind of the documents, where that is known.
    """
    if kind not in {None, "logs"}:
        return None
    definition = definition or document(contract, "logs")
    if definition is None or definition.kind != "logs":
        return None
    names = roles(definition)
    keywords = members(contract, definition)
    listed = keywords.get(names["level"], {}).get("enum", ())
    return Record(
        names,
        {role: quoted(name) for role, name in names.items()},
        levels_called(listed),
        frozenset(each for each in listed if isinstance(each, str)),
        frozenset(name for name, said in keywords.items() if _is_text(said)),
    )


def moment(number: float) -> str | None:
    """Return a time since 1970 as RFC 3339, in UTC; its size tells the unit. None for no time."""
    try:
        unit = next((unit for least, unit in _FINER if number >= least), 1)
        at = datetime.fromtimestamp(number / unit, UTC)
        return f"{at.isoformat(timespec='milliseconds')[:-6]}Z" if number >= 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _is_text(keywords: Mapping[str, Any]) -> bool:
    kinds = keywords.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    listed = (*keywords.get("enum", ()), keywords.get("const"))
    return "string" in kinds or any(isinstance(value, str) for value in listed)
