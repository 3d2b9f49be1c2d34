"""The systemd journal's export format: fields a line each, a blank line between entries.

A field that is no plain text has its name on a line, its size as 64 bits with the lowest byte
first, its bytes, and a newline. Source: systemd's page JOURNAL_EXPORT_FORMATS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quantapilot.inputs.rules import InputFaultError
from quantapilot.shapes.json_lines import JOURNAL, renamed
from quantapilot.shapes.members import Entry, Member, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.shapes.record import Record

_NAME = re.compile(rb"[A-Z_][A-Z0-9_]{0,63}")
_SIZE = 8
_LARGEST = 64 << 20


class JournalExport:
    """Entries of the journal, as the contract's record or, without one, by their own names."""

    def __init__(self, record: Record | None) -> None:
        self._record = record
        # How much of an entry that does not end yet was looked at.
        self._passed = 0

    def units(self, data: bytes, *, last: bool) -> tuple[Sequence[bytes], bytes]:
        """Return the entries that end in some bytes, and what is left.

        Raises:
            InputFaultError: An entry is too large.
        """
        found: list[bytes] = []
        begins, position = 0, self._passed
        while position < len(data):
            end = _field_end(data, position)
            if end < 0 or end > len(data):
                if end > begins + _LARGEST or len(data) > begins + _LARGEST:
                    message = f"an entry of over {_LARGEST >> 20} MiB"
                    raise InputFaultError("input/line-too-long", message)
                if last and end < 0:
                    # A last line that does not end is read as if it did.
                    position = len(data)
                break
            blank = data[position:end] == b"\n"
            position = end
            if blank:
                found.append(data[begins:position])
                begins = position
        if last and position == len(data) and begins < position:
            found.append(data[begins:])
            begins = position
        self._passed = position - begins
        return found, data[begins:]

    def text(self, unit: bytes) -> str:
        """Return an entry as text, whatever its bytes are."""
        return unit.decode("utf-8", "surrogateescape")

    def written(self, text: str) -> tuple[str, str] | None:  # noqa: ARG002
        """Return None: there is no quick way."""
        return None

    def entries(self, text: str) -> Sequence[Entry] | None:
        """Return the fields of an entry; None where it is none."""
        data = text.encode("utf-8", "surrogateescape")
        members = list(_fields(data))
        if not members:
            return [] if not data.strip() else None
        if self._record is None:
            return [Entry(members)]
        return [Entry(renamed(members, JOURNAL, self._record, repeats=True) or members)]


def _field_end(data: bytes, start: int) -> int:
    """Return where the field ends that starts there; -1 where its first line does not end."""
    end = data.find(b"\n", start) + 1
    if not end or b"=" in data[start:end] or not _NAME.fullmatch(data, start, end - 1):
        return end or -1
    size = int.from_bytes(data[end : end + _SIZE], "little")
    return end + _SIZE + (size if end + _SIZE <= len(data) else 0) + 1


def _fields(data: bytes) -> Iterator[Member]:
    """Yield the fields of an entry; what is no field is one without a name."""
    position = key_at = 0
    while position < len(data):
        end = _field_end(data, position)
        end = len(data) if end < 0 else end
        line = data.find(b"\n", position, end)
        name = _NAME.match(data, position, end)
        if name and data[name.end() : name.end() + 1] == b"=":
            begins, value = name.end() + 1, data[name.end() + 1 : end]
        elif name and name.end() == line and end > line + 1:
            begins, value = line + 1 + _SIZE, data[line + 1 + _SIZE : end]
        else:
            name, begins, value = None, position, data[position:end]
        value = value.removesuffix(b"\n")
        if name or value.strip():
            key = name[0].decode() if name else ""
            at = key_at + _characters(data[position:begins])
            text = quoted(value.decode("utf-8", "replace"))
            yield Member(f'"{key}"', text, key_at, at, (key,))
        key_at += _characters(data[position:end])
        position = end


def _characters(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogateescape"))
