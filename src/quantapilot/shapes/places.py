"""Places of a log shape: from the lines that a unit is read as back to the unit.

A unit may have many findings and be long, so it is read once, and a place is looked up.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import orjson

from quantapilot.contract.positions import Lines, pointer_of, string_offsets
from quantapilot.shapes.members import laid_out, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.findings import Finding
    from quantapilot.shapes.members import Entry, Member


class _Origin(NamedTuple):
    """Where a key or a value comes from.

    `shift` is how much further in the copy a place is, for quotes that it was given; `offsets` are
    those in the unit of the characters of the string that it stands in, if it does.
    """

    at: int
    copied: bool
    shift: int
    offsets: Sequence[int]


class Places:
    """Where the lines that one unit is read as stand in it.

    Args:
        text: The unit.
        entries: Its records; None where it is read as it stands.
    """

    def __init__(self, text: str, entries: Sequence[Entry] | None) -> None:
        self._text = text
        self._entries = entries
        self._laid_out: dict[int, tuple[list[int], list[Member]]] = {}
        self._inner: dict[int, tuple[str, Sequence[int]]] = {}
        self._origins: dict[tuple[int, int, bool], _Origin] = {}

    def placed(self, finding: Finding, number: int) -> Finding:
        """Return a finding in one of the lines, from 0, where it stands; its lines count from 1."""
        offset = (finding.column or 1) - 1
        if self._entries is None:
            return self._at(finding, offset, finding.pointer)
        number = min(number, len(self._entries) - 1)
        entry = self._entries[number]
        if number not in self._laid_out:
            self._laid_out[number] = laid_out(entry)
        starts, members = self._laid_out[number]
        index = bisect_right(starts, offset) - 1
        if index < 0:
            return self._at(finding, entry.at, pointer_of(entry.steps))
        member, into = members[index], offset - starts[index]
        in_value = into > len(member.key)
        into -= (len(member.key) + 1) * in_value
        if not 0 <= into < len(member.value if in_value else member.key):
            return self._at(finding, entry.at, pointer_of(entry.steps))
        place = (number, index, in_value)
        if place not in self._origins:
            self._origins[place] = self._origin(member, in_value=in_value)
        at, copied, shift, offsets = self._origins[place]
        at += max(0, into - shift) if copied else 0
        at = offsets[min(at, len(offsets) - 1)] if offsets else at
        steps = finding.pointer.split("/") if finding.pointer else []
        pointer = pointer_of(member.steps)
        if steps[1:] and member.steps[-1] == name_of(member.key):
            # As the finding shows the key: it may be masked.
            pointer = f"{pointer_of(member.steps[:-1])}/{steps[1]}"
        if copied and member.inside < 0:
            pointer = "/".join([pointer, *steps[2:]])
        return _renamed(self._at(finding, at, pointer), member)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    def _at(self, finding: Finding, offset: int, pointer: str | None) -> Finding:
        line, column = self._lines.place(offset)
        return replace(
            finding,
            line=line,
            column=None if finding.column is None else column,
            pointer=pointer if finding.pointer is not None else None,
        )

    def _origin(self, member: Member, *, in_value: bool) -> _Origin:
        text, offsets = self._within(member.inside) if member.inside >= 0 else (self._text, ())
        at = member.at if in_value else member.key_at
        copy = member.value if in_value else member.key
        if text.startswith(copy, at):
            return _Origin(at, copied=True, shift=0, offsets=offsets)
        # There it stands without quotes.
        bare = copy[:1] == '"' and text.startswith(copy[1:-1], at)
        return _Origin(at, copied=bare, shift=1, offsets=offsets)

    def _within(self, quote: int) -> tuple[str, Sequence[int]]:
        """Return the text of a string that stands in the unit, and where its characters do."""
        if quote not in self._inner:
            offsets = string_offsets(self._text, quote)
            written = self._text[quote : offsets[-1] + 1].encode("utf-8", "replace")
            self._inner[quote] = orjson.loads(written), offsets
        return self._inner[quote]


def _renamed(finding: Finding, member: Member) -> Finding:
    """Return a finding whose excerpt begins with the key as it stands in the input."""
    called, stands = name_of(member.key), member.steps[-1]
    shown, begins = finding.excerpt, f"{called}: "
    if len(member.steps) > 1 or member.inside >= 0 or called == stands:
        return finding
    if finding.category != "pii" or shown is None or not shown.startswith(begins):
        return finding
    caret, shift = finding.caret, len(str(stands)) - len(str(called))
    return replace(
        finding,
        excerpt=f"{stands}: {shown[len(begins) :]}",
        caret=(caret[0] + shift, caret[1]) if caret else None,
    )
