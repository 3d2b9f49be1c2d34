"""The one connection of a sink: made when it is needed, let go of when it fails, never mended.

Clients that connect again by themselves send later what nobody waits for any more, and log while
they try. The relay asks again anyway, with its own patience.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# Seconds that letting go may take.
_CLOSING = 2.0

C = TypeVar("C")


class UnreachableError(Exception):
    """Nothing can be sent; the text is the reason in fixed words, nothing that a server sent."""


class Link(Generic[C]):
    """Holds a connection for several calls at a time."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        close: Callable[[C], Awaitable[None]],
        usable: Callable[[C], bool] = lambda _: True,
    ) -> None:
        """Take how to connect and how to close.

        Args:
            connect: Returns a connection, or raises UnreachableError; cleans up if it is cancelled.
            close: Lets go of one, whatever state it is in.
            usable: Tells whether one that was idle still stands, as far as is known.
        """
        self._connect = connect
        self._close = close
        self._usable = usable
        self._held: C | None = None
        self._connecting = asyncio.Lock()

    async def get(self, end: float) -> C:
        """Return the connection; it is made where there is none.

        Args:
            end: Until when, in the time of the loop.

        Raises:
            UnreachableError: There is none.
        """
        reason = "no connection in time"
        try:
            async with asyncio.timeout_at(end), self._connecting:
                if self._held is not None and not self._usable(self._held):
                    await self.drop(self._held)
                if self._held is None:
                    self._held = await self._connect()
                return self._held
        except TimeoutError:
            pass
        except UnreachableError as error:
            reason = str(error)
        # Outside the handlers: what a server said hangs on those errors.
        raise UnreachableError(reason)

    async def drop(self, connection: C) -> None:
        """Let go of a connection; the next call gets another. Once is enough for several calls."""
        if self._held is not connection:
            return
        self._held = None
        await self._closed(connection)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._held is not None:
            await self.drop(self._held)

    async def _closed(self, connection: C) -> None:
        # What a client says of a connection that is gone is of no use, and may show addresses.
        with suppress(Exception):
            async with asyncio.timeout(_CLOSING):
                await self._close(connection)
