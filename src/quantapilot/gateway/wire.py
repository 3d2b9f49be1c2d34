"""What is kept, as the contract's answers have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantapilot.gateway.model import DeliveryHealth, Refusal, Run, Subscription

# A delivery that waits longer than this, in seconds, is late.
_LATE = 60.0


def moment(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as RFC 3339 has it: UTC, with milliseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def run_state(run: Run) -> dict[str, Any]:
    """Return a run as `RunState`."""
    return {
        "run_id": run.run_id,
        "project_id": run.project_id,
        **run.facts,
        "state": run.state,
        "gates": sorted(run.open_),
        "started_at": run.started_at,
        "updated_at": run.updated_at,
        "events_count": run.events,
    }


def subscription(kept: Subscription, trouble: str = "", key: str | None = None) -> dict[str, Any]:
    """Return a subscription as `Subscription`.

    Args:
        kept: What is kept of it.
        trouble: Why its deliveries fail now, where that is known better than the store does.
        key: Its secret, in the one answer that shows it.
    """
    told: dict[str, Any] = {
        "subscription_id": kept.subscription_id,
        "url": kept.url,
        "types": sorted(kept.types),
        "project_id": kept.project_id,
        "run_id": kept.run_id,
        "state": kept.state,
        "reason": kept.reason or trouble or kept.trouble,
        "created_at": moment(kept.created_at),
        "delivered_count": kept.delivered,
        "waiting_count": kept.waiting,
        "dead_count": kept.dead,
        "key": key,
    }
    return {name: value for name, value in told.items() if value is not None}


def refusal(kept: Refusal) -> dict[str, Any]:
    """Return a refusal as `Refusal`."""
    told: dict[str, Any] = {
        "refused_at": kept.refused_at,
        "rule": kept.rule,
        "field": kept.field or None,
        "source": kept.source,
        "project_id": kept.project_id,
        "run_id": kept.run_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def delivery_health(health: DeliveryHealth) -> dict[str, Any]:
    """Return how far deliveries are as `DeliveryHealth`."""
    return {
        "status": "late" if health.oldest > _LATE else "ok",
        "waiting_count": health.waiting,
        "dead_count": health.dead,
        "oldest_waiting_ms": int(health.oldest * 1000),
        "active_count": health.active,
        "pending_count": health.pending,
        "disabled_count": health.disabled,
    }
