"""The webhook of a subscription: made in one way where it is judged, challenged and delivered to.

So an address that was taken is one that can be sent to, and a challenge goes the same way, by the
same rules, as the events behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from quantapilot.relay.backoff import Backoff
from quantapilot.relay.settings import RelaySettings
from quantapilot.sinks.sink import SinkOptions
from quantapilot.sinks.webhook import WebhookSink, from_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

_DAY = 86_400.0


class SubscriptionKeys(Protocol):
    """What derives the secrets of subscriptions."""

    def subscription_secret(self, subscription_id: str, generation: int) -> str:
        """Return a `whsec_…` secret."""
        ...


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How events are delivered to subscriptions; times are in seconds.

    Attributes:
        allow_private: Whether receivers may be in a private network, and be spoken to over http.
        deadline: How long one delivery, or one challenge, may take.
        in_flight: The most deliveries at a time to one subscription.
        tls: How receivers prove who they are; the system's certificates where it is None.
        disable_after: How long nothing may arrive, while it is tried, until it is tried no more.
        rotation: How long the key before the last one signs too.
        challenge_for: How long a receiver is asked again that does not answer its challenge.
        challenge_waits: How long is waited in between.
        look: How often is looked for tokens and keys that ended.
        sweep: How often is looked for events that nobody told of.
        relay: How one subscription's events are sent again. More attempts than within
            `disable_after`: where nothing arrives, a subscription ends before its events do.
    """

    allow_private: bool = False
    deadline: float = 15.0
    in_flight: int = 8
    tls: ssl.SSLContext | None = None
    disable_after: float = 3 * _DAY
    rotation: float = _DAY
    challenge_for: float = 3600.0
    challenge_waits: Backoff = field(default_factory=partial(Backoff, first=1.0, cap=60.0))
    look: float = 1.0
    sweep: float = 30.0
    relay: RelaySettings = field(
        default_factory=partial(RelaySettings, max_attempts=5_000, grace=3.0)
    )

    @property
    def pause(self) -> float:
        """The longest between two tries of a receiver at which nothing arrives."""
        return self.relay.backoff.longest + self.relay.pauses.longest + self.deadline


def webhook(url: str, secrets: Sequence[str], settings: DeliverySettings) -> WebhookSink:
    """Return the webhook at an address; nothing is connected to yet.

    Args:
        url: The address.
        secrets: What it signs with, the newest first.
        settings: How it delivers.

    Raises:
        SinkError: The address can't be used; the text does not show it.
    """
    options = SinkOptions(
        secrets=tuple(secrets),
        allow_private=settings.allow_private,
        deadline=settings.deadline,
        in_flight=settings.in_flight,
        tls=settings.tls,
    )
    return from_url(url, options)
