"""Remote inputs: object stores and HTTP, by the addresses that fsspec knows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_url(url: str) -> Iterator[BinaryIO]:
    """Open what stands at an address, to be read from any place in it.

    Raises:
        InputFaultError: What it takes to read from there is not installed.
        OSError: It can't be read.
    """
    with _fsspec().open(url, "rb") as stream:
        yield stream


def size_of_url(url: str) -> int:
    """Return how many bytes stand at an address; 0 where its server does not tell.

    Raises:
        InputFaultError: What it takes to ask is not installed.
        OSError: It can't be asked.
    """
    system, path = _fsspec().core.url_to_fs(url)
    return system.size(path) or 0


def _fsspec() -> Any:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise InputFaultError(
            "input/needs-extra",
            "needs the extra 'remote': pip install 'quantapilot-contract[remote]'",
        ) from error
    return fsspec
