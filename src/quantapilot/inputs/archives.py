"""Archives: the members of tar and ZIP files, one after the other, from where they lie.

The standard library reads names and places, which it takes from the archive on trust; so what it
may read for them is bounded here, and the content of members is read past it. Nothing is ever
written to a disk, and what is neither a file nor has content, such as a link, is passed over.
"""

from __future__ import annotations

import stat
import struct
import tarfile
import zipfile
import zlib
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from quantapilot.inputs.compressed import COMPRESSIONS, Unpacked
from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.streams import Forward, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.compressed import Expansion

    Members = Iterator[tuple[str, Readable | InputFaultError]]

# Names and places of 100,000 members and more; they are held in memory.
_MOST_CONTENTS: Final = 16 << 20
# Of one member of a tar archive: its name, and what else is said of it.
_MOST_HEADERS: Final = 1 << 18
_ENCRYPTED: Final = 1
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
# APPNOTE.TXT, section 4.4.5.
_METHODS: Final = {8: "deflate", 12: "bzip2", 93: "zstd", 95: "xz"}
_STORED: Final = 0
_BLOCK: Final = tarfile.BLOCKSIZE
# What the standard library raises where an archive is not what it should be.
_BROKEN: Final = (
    tarfile.TarError, zipfile.BadZipFile, NotImplementedError, EOFError, LookupError,
    OverflowError, RecursionError, ValueError, struct.error,
)  # fmt: skip


def zip_members(stream: BinaryIO, expansion: Expansion) -> Members:
    """Yield the name and the content of each file in a ZIP archive, or why there is none.

    Where a content turns out to be damaged, its name comes again, with the reason.

    Args:
        stream: The archive; it can be read from any place.
        expansion: What bounds all that is unpacked.

    Raises:
        InputFaultError: The archive can't be read.
        OSError: It can't be read from where it lies.
    """
    try:
        infos = zipfile.ZipFile(_contents(stream)).infolist()
    except _BROKEN as error:
        raise _damaged("its table of contents can't be read") from error
    infos.sort(key=attrgetter("header_offset"))
    if any(_end(one) > other.header_offset for one, other in pairwise(infos)):
        raise InputFaultError("input/expansion", "its members share their bytes with each other")
    for info in infos:
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            continue
        try:
            content = _Content(info, stream, expansion)
            yield info.filename, content
            content.verify()
        except InputFaultError as fault:
            yield info.filename, fault
    if infos and infos[0].header_offset > 0:
        raise _damaged("something stands before its first member, and was not checked")


def tar_members(stream: Forward) -> Members:
    """Yield the name and the content of each file in a tar archive, or why there is none.

    What follows an archive's end must be another archive.

    Raises:
        InputFaultError: It is damaged; what was yielded before is whole.
        OSError: It can't be read from where it lies.
    """
    headers = _Headers(stream)
    tar: tarfile.TarFile | None = None
    ended = False
    while block := stream.peek(_BLOCK):
        if not block.strip(b"\0"):
            stream.read(len(block))
            ended = True
            continue
        ended = False
        try:
            tar, member = _next(tar, headers)
        except _BROKEN as error:
            raise _damaged("what follows is no member: only what stands before was checked") from (
                error
            )
        start, stop = member.offset_data, tar.offset
        if member.issparse():
            yield (
                member.name,
                InputFaultError(
                    "input/expansion", "has holes, which may be of any size: unpack it to check it"
                ),
            )
        elif member.isreg() or member.type not in tarfile.SUPPORTED_TYPES:
            if not stream.skip_to(start):
                break
            yield member.name, Section(stream, member.size)
        if not stream.skip_to(stop):
            break
    if not ended:
        raise _damaged("it ends too early: only what stands before that was checked")


def _next(
    tar: tarfile.TarFile | None, headers: _Headers
) -> tuple[tarfile.TarFile, tarfile.TarInfo]:
    """Return what reads the headers of an archive, and the next that it reads."""
    headers.left = _MOST_HEADERS
    if tar is not None:
        # What was said of all members before would add up.
        tar.pax_headers = {}
        return tar, tarfile.TarInfo.fromtarfile(tar)
    read_as: Any = headers
    tar = tarfile.TarFile(fileobj=read_as)
    first = tar.next()
    if first is None:
        raise tarfile.HeaderError
    return tar, first


class _Headers:
    """A stream as the reader of headers sees it: of each it may read `left` bytes more."""

    def __init__(self, stream: Forward) -> None:
        self.left = 0
        self._stream = stream

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int) -> bytes:
        self.left -= max(size, 0)
        if size < 0 or self.left < 0:
            raise _damaged("the header of a member is longer than may be")
        return self._stream.read(size)


class _Contents:
    """A ZIP archive as the reader of its table of contents sees it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.seek = stream.seek
        self.tell = stream.tell
        self.seekable = stream.seekable
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_CONTENTS:
            raise InputFaultError(
                "input/expansion", f"its table of contents has {size:,} bytes: unpack it by hand"
            )
        return self._stream.read(size if size >= 0 else _MOST_CONTENTS)


def _contents(stream: BinaryIO) -> Any:
    return _Contents(stream)


class _Content:
    """What a member of a ZIP archive holds; `verify` tells whether it was whole."""

    def __init__(self, info: zipfile.ZipInfo, stream: BinaryIO, expansion: Expansion) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise InputFaultError("input/encrypted", "asks for a password")
        method = info.compress_type
        if method not in {_STORED, *_METHODS}:
            known = ", ".join(_METHODS.values())
            raise _damaged(f"is compressed by method {method}, which is none of {known}")
        stream.seek(info.header_offset)
        header = stream.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\3\4"):
            raise _damaged("it does not stand where the archive says")
        _, name, extra = _LOCAL_HEADER.unpack(header)
        stream.seek(name + extra, 1)
        stored = Forward(Section(stream, info.compress_size), count=expansion.stored)
        self._unpacked: Unpacked | None = None
        self._stream: Readable = stored
        if method != _STORED:
            compression = COMPRESSIONS[_METHODS[method]]
            self._stream = self._unpacked = Unpacked(stored, compression, expansion)
        self._info = info
        self._sum = self._read = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._sum = zlib.crc32(data, self._sum)
        self._read += len(data)
        self._ended |= len(data) < size
        return data

    def verify(self) -> None:
        """Raise what is wrong with a content that was read to its end.

        Raises:
            InputFaultError: It is damaged.
        """
        if self._unpacked is not None and self._unpacked.fault is not None:
            raise self._unpacked.fault
        whole = (self._info.file_size, self._info.CRC)
        if self._ended and (self._read, self._sum) != whole:
            raise _damaged("what it holds is not what was put into it: its checksum differs")


def _end(info: zipfile.ZipInfo) -> int:
    return info.header_offset + _LOCAL_HEADER.size + info.compress_size


def _damaged(message: str) -> InputFaultError:
    return InputFaultError("input/damaged", message)
