"""What the tests of packed inputs pack with: each compression, and archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

from backports import zstd

from quantapilot.findings import Finding
from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.sources import Source
from quantapilot.inputs.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.inputs.blocks import Readable

COMPRESS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda data: gzip.compress(data, 1),
    "bzip2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE, preset=0),
    "zstd": lambda data: zstd.compress(
        data, options={zstd.CompressionParameter.checksum_flag: True}
    ),
}


def tar(*members: tuple[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar archive of some files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive of some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


def held(data: bytes, label: str = "in") -> list[tuple[str, bytes | str]]:
    """Return what an input holds: the name of each, with its content or its rule."""
    source = Source(label, None, named=True, data=data)
    found: list[tuple[str, bytes | str]] = []
    try:
        for each in unpacked(source, io.BytesIO(data)):
            if isinstance(each, Finding):
                found.append((each.path, each.rule))
            else:
                found.append((each[0].label, whole(each[1])))
    except InputFaultError as fault:
        found.append((label, fault.rule))
    return found


def whole(stream: Readable) -> bytes:
    """Return all that a stream gives, in steps that are shorter than what one input gives."""
    return b"".join(iter(lambda: stream.read(1 << 16), b""))
