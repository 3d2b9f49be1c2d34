"""ZIP archives (PKWARE's APPNOTE.TXT): their files one after the other, from where they lie.

The standard library reads the table of contents, of which the size is bounded here. It would unpack
bzip2 to any size at once, so content is read past it. Links and folders are passed over.
"""

from __future__ import annotations

import stat
import struct
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
_ENCRYPTED: Final = 1
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
# APPNOTE.TXT, section 4.4.5.
_METHODS: Final = {8: "deflate", 12: "bzip2", 93: "zstd", 95: "xz"}
_STORED: Final = 0
# What the standard library raises where an archive is not what it should be.
_BROKEN: Final = (
    zipfile.BadZipFile, NotImplementedError, EOFError, LookupError, OverflowError, ValueError,
    struct.error,
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
    contents: Any = _Contents(stream)
    try:
        infos = zipfile.ZipFile(contents).infolist()
    except _BROKEN as error:
        raise _damaged("its table of contents can't be read") from error
    infos.sort(key=attrgetter("header_offset"))
    if infos and infos[0].header_offset < 0:
        raise _damaged("its table of contents can't be read")
    if any(_end(one) > other.header_offset for one, other in pairwise(infos)):
        raise InputFaultError("input/expansion", "its members share their bytes with each other")
    for info in infos:
        folder = info.filename.endswith("/") and not info.file_size
        if folder or stat.S_ISLNK(info.external_attr >> 16):
            continue
        try:
            content = _Content(info, stream, expansion)
            yield info.filename, content
            content.verify()
        except InputFaultError as fault:
            yield info.filename, fault
    if infos and infos[0].header_offset > 0:
        raise _damaged("something stands before its first member, and was not checked")


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
