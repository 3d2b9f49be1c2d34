"""How a gateway is run; the defaults suit one machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from quantapilot.gateway.limits import MEMORY, LimitSettings
from quantapilot.gateway.protocol import ConnectionLimits
from quantapilot.gateway.webhooks import DeliverySettings


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How a gateway is run; sizes are in bytes, times in seconds.

    Attributes:
        store: Where all is kept: a file of SQLite, or an address of PostgreSQL.
        run_path: Where triggers are sent.
        source: What the gateway's own events name as their source.
        limits: How often somebody may do something.
        limits_storage: Where that is counted: `memory://`, or the address of a Redis.
        nats: Where nodes wake each other: an address of NATS; None: they look by themselves.
        deliveries: How events are delivered to subscriptions.
        connections: What a connection may cost.
        most_body: The most that a body may have.
        most_subscriptions: The most subscriptions of one token.
        most_streams: The most event streams of one token at a time.
        heartbeat: How often a stream says something where nothing happens.
        keep: For how long behind its last event a run is kept, if all of it is delivered; for ever
            where it is None.
        new_key: Whether to go on with another key than the store has gone with.
        allow_private: Whether repositories and webhooks may stand in private networks.
    """

    store: str = "quantapilot.db"
    run_path: str = "/run"
    source: str = "/quantapilot/gateway"
    limits: LimitSettings = field(default_factory=LimitSettings)
    limits_storage: str = MEMORY
    nats: str | None = field(default=None, repr=False)
    deliveries: DeliverySettings = field(default_factory=DeliverySettings)
    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    most_body: int = 64 << 10
    most_subscriptions: int = 50
    most_streams: int = 100
    heartbeat: float = 15.0
    keep: float | None = None
    new_key: bool = False
    allow_private: bool = False
