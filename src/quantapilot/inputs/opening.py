"""Opening: the bytes of an input, wherever they are."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from quantapilot.inputs.sources import Source


def opened(source: Source) -> AbstractContextManager[BinaryIO]:
    """Return the stream of an input, as it is stored; standard input is left open.

    Raises:
        OSError: It can't be opened.
        InputFaultError: What it takes to open it is not installed.
    """
    if source.data is not None:
        return io.BytesIO(source.data)
    if source.url is not None:
        # Imported here: only who names an address pays for it.
        from quantapilot.inputs.remote import open_url

        return open_url(source.url)
    return nullcontext(sys.stdin.buffer) if source.path is None else source.path.open("rb")


def size_of(source: Source) -> int:
    """Return how many bytes an input has as it is stored; 0 where nobody knows.

    Raises:
        OSError: It can't be asked.
    """
    if source.data is not None:
        return len(source.data)
    if source.size is not None:
        return source.size
    if source.url is not None:
        from quantapilot.inputs.remote import size_of_url

        return size_of_url(source.url)
    return 0 if source.path is None else source.path.stat().st_size


def holds_connections() -> bool:
    """Tell whether this process has connections to servers, which a fork would share with it."""
    asyn = sys.modules.get("fsspec.asyn")
    return asyn is not None and asyn.loop[0] is not None
