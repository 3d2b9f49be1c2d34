"""What a stream is that events are read from: messages are taken, and told to be done with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from quantapilot.sinks.link import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnheardError(UnreachableError):
    """Who should answer does not, though the connection stands: it may not be there any more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message as it came from a stream.

    Attributes:
        stream: The name of the stream.
        subject: What it was published under.
        seq: Its place in the stream.
        stored: When the stream stored it, in nanoseconds since the epoch.
        body: Its bytes.
        handle: What the stream knows by that it was taken.
    """

    stream: str
    # What it was published under may hold anything.
    subject: str = field(repr=False)
    seq: int
    stored: int
    body: bytes = field(repr=False)
    handle: str = field(repr=False)

    @property
    def name(self) -> str:
        """Return what findings call it: its stream and its place there."""
        return f"{self.stream}/{self.seq}"

    @property
    def key(self) -> str:
        """Return what is the same whenever this message is taken, and of no other one.

        The time tells apart a stream that was made anew under its name, and counts from 1 again.
        """
        return f"{self.stream}:{self.seq}:{self.stored}"


class Feed(Protocol):
    """Where messages come from; what is taken and never done with comes again."""

    @property
    def name(self) -> str:
        """Return what it is called in what is told; no credential is in it."""
        ...

    async def take(self, *, wait: bool) -> Sequence[Taken]:
        """Return what there is, in its order; none where nothing came in some seconds.

        It may be cancelled: what came meanwhile comes again.

        Args:
            wait: Whether to wait for something where there is nothing.

        Raises:
            UnreachableError: The stream can't be asked now.
            SinkError: It can't be read as it is set up.
        """
        ...

    async def done(self, batch: Sequence[Taken]) -> None:
        """Tell that messages need not come again; return when the stream knows.

        Raises:
            UnheardError: It does not say that it knows.
            UnreachableError: It can't be told now.
        """
        ...

    async def empty(self) -> bool:
        """Tell whether all that the stream has is done with.

        Raises:
            UnreachableError: It can't be asked now.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
