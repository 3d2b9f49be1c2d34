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
from quantapilot.inputs.sources import Source
from quantapilot.inputs.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.inputs.blocks import Readable

COMPRESS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda data: gzip.compress(data, 6),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
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
    for each in unpacked(source, io.BytesIO(data)):
        if isinstance(each, Finding):
            found.append((each.path, each.rule))
        else:
            found.append((each[0].label, whole(each[1])))
    return found


def whole(stream: Readable) -> bytes:
    """Return all that a stream gives, read as a check reads it."""
    return b"".join(iter(lambda: stream.read(1 << 20), b""))
