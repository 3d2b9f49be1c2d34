"""Unpacking: what an input holds, where it is compressed or an archive of several.

Told by the first bytes, never by the name. An input is opened through one compression, one archive
and one compression more, such as `logs.tar.gz` with `a.jsonl.zst` in it; what is packed deeper is
not, since that is how some kilobytes become terabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import SEEK_END
from typing import TYPE_CHECKING, BinaryIO, Final

from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.findings import Finding
    from quantapilot.inputs.blocks import Readable
    from quantapilot.inputs.compressed import Expansion
    from quantapilot.inputs.sources import Source
    from quantapilot.inputs.streams import Forward

    Held = Iterator[Finding | tuple[Source, Readable]]

# So many bytes tell how a stream is packed: the mark of a tar archive is the last in them.
HEAD_BYTES: Final = 512
_SUFFIXES = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".zstd")
_BZIP2 = (b"1AY&SY", b"\x17rE8P\x90")
# A frame that holds no data; some programs begin with one (RFC 8878, section 3.1.2).
_SKIPPED_FRAME = b"\x2a\x4d\x18"


@dataclass(frozen=True, slots=True)
class Packing:
    """A way to pack: what recognises it by the first bytes, and whether it holds several files."""

    begins: Callable[[bytes], bool]
    archive: bool = False


def _is_bzip2(head: bytes) -> bool:
    # Three letters alone may begin a text.
    return head.startswith(b"BZh") and head[3:4].isdigit() and head[4:10] in _BZIP2


def _is_lzma(head: bytes) -> bool:
    # There is no magic number: only the usual properties, a size that files have, and a first
    # byte of data that is always zero.
    sized = head[5:13] == b"\xff" * 8 or head[10:13] == b"\0\0\0"
    return head.startswith(b"\x5d\0\0") and sized and head[13:14] == b"\0"


def _is_zstd(head: bytes) -> bool:
    skipped = head[1:4] == _SKIPPED_FRAME and 0x50 <= head[0] <= 0x5F
    return skipped or head.startswith(b"\x28\xb5\x2f\xfd")


PACKINGS: Final[dict[str, Packing]] = {
    "gzip": Packing(lambda head: head.startswith(b"\x1f\x8b\x08")),
    "bzip2": Packing(_is_bzip2),
    "xz": Packing(lambda head: head.startswith(b"\xfd7zXZ\0")),
    "lzma": Packing(_is_lzma),
    "zstd": Packing(_is_zstd),
    "zip": Packing(lambda head: head[:4] in {b"PK\3\4", b"PK\5\6", b"PK\7\b"}, archive=True),
    "tar": Packing(lambda head: head[257:262] == b"ustar", archive=True),
}


def packing_of(head: bytes) -> str | None:
    """Return the name in `PACKINGS` of what a stream begins with; None for what is not packed.

    Args:
        head: Its first `HEAD_BYTES` bytes.
    """
    return next((name for name, packing in PACKINGS.items() if packing.begins(head)), None)


def packed(head: bytes) -> bool:
    """Tell by its first 512 bytes whether an input is compressed or an archive."""
    return packing_of(head) is not None


def bare_name(name: str) -> str:
    """Return the name of what a compressed file holds, of another file its own."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and f"{dot}{suffix}".lower() in _SUFFIXES else name


def unpacked(source: Source, stream: BinaryIO) -> Held:
    """Yield an input with its stream: itself, or each member of an archive.

    A member is named `archive!member`. What can't be looked into is a finding. Of each the stream
    must be read before the next is asked for. An input of which only some lines count is yielded
    as it is.

    Raises:
        InputFaultError: It is damaged, or can't be unpacked from where it comes.
        OSError: It can't be read; so may reading from a stream that this yields.
    """
    if source.lines is not None:
        yield source, stream
        return
    seekable = stream.seekable()
    start = stream.tell() if seekable else 0
    head = stream.read(HEAD_BYTES)
    name = packing_of(head)
    if seekable:
        stream.seek(start)
        if name is None:
            yield source, stream
            return
    # Imported here: most inputs are not packed.
    from quantapilot.inputs.compressed import Expansion
    from quantapilot.inputs.streams import Forward

    if name is None:
        yield source, Forward(stream, head)
        return
    expansion = Expansion()
    if name != "zip":
        stored = Forward(stream, b"" if seekable else head, expansion.stored)
        yield from _layer(source, stored, expansion)
    elif seekable:
        from quantapilot.inputs.zip_archive import zip_members

        yield from _members(source, zip_members(stream, expansion), expansion)
    else:
        raise InputFaultError(
            "input/unreadable",
            "a ZIP archive is read from its end: name the file in place of sending its content",
        )
    if seekable:
        # All of it is done with, also what was passed over.
        stream.seek(0, SEEK_END)


def _layer(
    source: Source,
    stream: Forward,
    expansion: Expansion,
    *,
    compressed: bool = False,
    member: bool = False,
) -> Held:
    """Yield what a stream holds that can only be read on.

    `compressed` tells that a compression was taken off it, `member` that it comes from an archive.
    """
    name = packing_of(stream.peek(HEAD_BYTES))
    if name is None:
        yield source, stream
    elif (member or name == "zip") if PACKINGS[name].archive else compressed:
        within = "an archive" if member else "a compressed file"
        raise InputFaultError(
            "input/expansion", f"holds {name} data within {within}: it is not unpacked so deep"
        )
    elif PACKINGS[name].archive:
        from quantapilot.inputs.tar_archive import tar_members

        yield from _members(source, tar_members(stream), expansion)
    else:
        yield from _decompressed(name, source, stream, expansion, member=member)


def _decompressed(
    name: str, source: Source, stream: Forward, expansion: Expansion, *, member: bool
) -> Held:
    from quantapilot.inputs.compressed import COMPRESSIONS, Unpacked
    from quantapilot.inputs.streams import Forward

    inner = Unpacked(stream, COMPRESSIONS[name], expansion)
    content = Forward(inner)
    fault: InputFaultError | None = None
    try:
        if content.peek(1) or inner.fault is None:
            yield from _layer(source, content, expansion, compressed=True, member=member)
    except InputFaultError as error:
        fault = error
    # What an archive lacks at its end is what its compression lost.
    if fault := inner.fault or fault:
        yield fault.at(source.label)


def _members(
    source: Source,
    members: Iterator[tuple[str, Readable | InputFaultError]],
    expansion: Expansion,
) -> Held:
    from io import BytesIO

    from quantapilot.inputs.streams import Forward

    empty = True
    for name, held in members:
        empty = False
        label = f"{source.label}!{_below(name)}"
        try:
            if isinstance(held, InputFaultError):
                raise held
            # Without a path: nothing in an archive may excuse itself, as a file of its own may.
            one = replace(source, label=label, path=None, url=None, data=None, named=False)
            yield from _layer(one, Forward(held), expansion, member=True)
        except InputFaultError as fault:
            yield fault.at(label)
    if empty:
        yield source, Forward(BytesIO())


def _below(name: str) -> str:
    """Return a member's name as a path below its archive, so that it can stand for no other."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in {"", ".", ".."})
