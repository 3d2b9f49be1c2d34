"""Nodes of a gateway wake each other: there are events, up to this place.

The store stays the truth, and each node looks into it twice a second in any case. So a message may
be lost, come twice or be forged: it costs half a second, or one look. For the same reason there is
no work queue between them, as JetStream would have one: it would be a second record of what is to
be delivered, written behind the transaction that accepts an event, and lost where the node dies in
between. A message holds a number and nothing of an event; whoever reads it learns how many events
there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quantapilot.errors import needing

if TYPE_CHECKING:
    from collections.abc import Callable


class WakeUps(Protocol):
    """What tells other nodes that there are events; for one event loop."""

    def told(self, seq: int) -> None:
        """Have the others hear that there are events up to a place."""
        ...

    async def keep(self) -> None:
        """See to it that they can be heard; to be called again and again.

        Raises:
            QuantaPilotError: They can't be now.
        """
        ...

    async def close(self) -> None:
        """Tell and hear nothing more."""
        ...


class Unwoken:
    """A node that nobody wakes: it looks by itself."""

    def told(self, seq: int) -> None:
        """Do nothing."""

    async def keep(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


def wake_ups(url: str | None, gateway: bytes, heard: Callable[[int], None]) -> WakeUps:
    """Return what wakes other nodes; nothing is connected to.

    Args:
        url: An address of NATS; None for nodes that look by themselves.
        gateway: What all nodes of one gateway have in common; it is not shown.
        heard: Called, on the event loop, with the place up to which another node has events.

    Raises:
        ConfigError: The address can't be used.
        MissingExtraError: The package for NATS is not installed.
    """
    if url is None:
        return Unwoken()
    with needing("nats", "nodes that wake each other"):
        from quantapilot.gateway.nats_wakeups import NatsWakeUps
    return NatsWakeUps(url, gateway, heard)
