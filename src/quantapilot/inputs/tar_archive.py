"""Tar archives (POSIX.1-2001 pax, ustar and GNU): their files one after the other, read on only.

The standard library tells what a header says. It reads extended headers in time and memory that
grow with their square, ends silently at a damaged one, and keeps every name: so the way from header
to header is gone here. Links, folders and devices are passed over.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.streams import Forward, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.inputs.blocks import Readable

_BLOCK: Final = tarfile.BLOCKSIZE
# What may be said of one member: its name, and attributes of its file.
_MOST_HEADERS: Final = 1 << 18
_PAX: Final = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}
_SAID_BEFORE: Final = {
    *_PAX, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
}  # fmt: skip
# Where a header of GNU's sparse files tells that a block of their map follows, and where that does.
_MAP_FOLLOWS: Final = 482
_MORE_FOLLOWS: Final = 504


@dataclass(frozen=True, slots=True)
class _Member:
    """What the headers of a member say: its name, its bytes in the archive, what they are."""

    name: str
    size: int
    is_file: bool
    has_holes: bool


def tar_members(stream: Forward) -> Iterator[tuple[str, Readable | InputFaultError]]:
    """Yield the name and the content of each file in a tar archive, or why there is none.

    What follows an archive's end must be another archive.

    Raises:
        InputFaultError: It is damaged; what was yielded before is whole, but for the last.
        OSError: It can't be read from where it lies.
    """
    ended = False
    while block := stream.peek(_BLOCK):
        if not block.strip(b"\0"):
            stream.read(_BLOCK)
            ended = True
            continue
        ended = False
        member = _member(stream)
        stop = stream.tell() + _padded(member.size)
        if member.has_holes:
            yield (
                member.name,
                InputFaultError(
                    "input/expansion", "has holes, which may be of any size: unpack it to check it"
                ),
            )
        elif member.is_file:
            yield member.name, Section(stream, member.size)
        if not stream.skip_to(stop):
            break
    if not ended:
        raise _damaged("ends too early")


def _member(stream: Forward) -> _Member:
    """Return what stands next in an archive; the stream is then at its content.

    Raises:
        InputFaultError: It is no member.
    """
    start = stream.tell()
    said: dict[bytes, bytes] = {}
    header, block = _header(stream)
    while header.type in _SAID_BEFORE:
        size = _padded(header.size)
        if stream.tell() - start + size > _MOST_HEADERS:
            raise _damaged("says more of a member than may be said")
        data = stream.read(size)[: header.size]
        if header.type in _PAX:
            said |= _records(data)
        elif header.type == tarfile.GNUTYPE_LONGNAME:
            said[b"path"] = data.partition(b"\0")[0]
        header, block = _header(stream)
    name = said[b"path"].decode("utf-8", "surrogateescape") if b"path" in said else header.name
    has_content = header.isreg() or header.type not in tarfile.SUPPORTED_TYPES
    size = header.size if has_content else 0
    if has_content and b"size" in said:
        size = _number(said[b"size"])
    has_holes = any(key.startswith(b"GNU.sparse.") for key in said)
    if header.type == tarfile.GNUTYPE_SPARSE:
        has_holes = True
        more = block[_MAP_FOLLOWS : _MAP_FOLLOWS + 1]
        while more.strip(b"\0"):
            more = stream.read(_BLOCK)[_MORE_FOLLOWS : _MORE_FOLLOWS + 1]
    return _Member(name, size, has_content, has_holes)


def _header(stream: Forward) -> tuple[tarfile.TarInfo, bytes]:
    block = stream.read(_BLOCK)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise _damaged("goes on with what is no member") from error
    if header.size < 0:
        raise _damaged("has a member of less than no size")
    return header, block


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return the records of an extended header: each is `length key=value` on a line."""
    found = {}
    at = 0
    while data[at : at + 1] not in {b"", b"\0"}:
        length = data[at : at + 20].partition(b" ")[0]
        size = _number(length)
        record = data[at : at + size]
        key, told, value = record[len(length) + 1 : -1].partition(b"=")
        if not told or len(record) < size or record[-1:] != b"\n":
            raise _damaged("has a header that can't be read")
        found[key] = value
        at += size
    return found


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 20:
        raise _damaged("has a header that can't be read")
    return int(digits)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _damaged(how: str) -> InputFaultError:
    return InputFaultError(
        "input/damaged", f"its tar archive {how}: only what stands before that was checked"
    )
