"""What blocks is called on another thread, so that the event loop never waits for a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

T = TypeVar("T")


class Blocking(Protocol):
    """Calls functions on one other thread, in the order in which it is asked to."""

    def __call__(self, function: Callable[..., T], /, *given: object) -> asyncio.Future[T]:
        """Return what the function returns."""
        ...
