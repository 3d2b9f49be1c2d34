"""What a sink is: where events go, a batch at a time, with an answer for each.

A sink never raises for what a receiver does. Its answers say whether an event arrived, is to be
sent again, or never will arrive; who asks it keeps the progress.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

_CLOUD_EVENT = "application/cloudevents+json"
_JSON = "application/json"
_SPECVERSION = b'"specversion":'


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is stored and sent: `body` is its JSON, the same bytes in every delivery.

    `seq` is its place in the outbox, `subject` what it is about, such as its run.
    """

    seq: int
    id: str
    type: str
    subject: str
    body: bytes

    @property
    def media_type(self) -> str:
        """Return what its body is: a CloudEvent in the JSON format, or JSON of another kind.

        Every CloudEvent has the attribute `specversion` (CloudEvents 1.0.2, section 3.1), and a
        text in JSON can't hold it with quotes that are not escaped.
        """
        return _CLOUD_EVENT if _SPECVERSION in self.body else _JSON


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not arrive, or nobody knows; `after` is how many seconds the receiver asked for.

    `reason` is a few words without anything the receiver sent, such as `status 503`.
    """

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never arrive, however often it is sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Disabled:
    """The receiver wants no more events at all; this one did not arrive."""

    reason: str


Outcome = Delivered | Retry | Dead | Disabled


class Sink(Protocol):
    """Where events go."""

    @property
    def name(self) -> str:
        """Return what tells sinks apart and names their progress: no credential is in it."""
        ...

    @property
    def batch(self) -> int:
        """Return the most messages of one call."""
        ...

    @property
    def in_flight(self) -> int:
        """Return the most calls at a time."""
        ...

    async def open(self) -> None:
        """Make ready to send; what can't be reached yet is no fault."""
        ...

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Send messages, and return what became of each, in their order."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """What an address does not tell of a sink; each kind takes what it knows.

    Attributes:
        secrets: `whsec_…` keys that webhooks are signed with; several while they rotate.
        header: A name and a value that stand in every request, for receivers that only compare.
        allow_private: Whether addresses that are not public may be connected to.
        deadline: Seconds that one delivery may take in all.
        in_flight: The most deliveries at a time; the sink's own choice where it is None.
        tls: How servers prove who they are; the system's certificates where it is None.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    header: tuple[str, str] | None = field(default=None, repr=False)
    allow_private: bool = False
    deadline: float = 15.0
    in_flight: int | None = None
    tls: ssl.SSLContext | None = None
