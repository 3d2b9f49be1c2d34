"""The gateway's interface as data: what the server routes, and what its document describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.gateway.model import Scope

Bucket = Literal["trigger", "emit", "read", "subscribe"]

# The states of a run that can be asked for, as `RunState` has them.
STATES = ("running", "paused", "completed", "failed")
_TYPE = r"quantapilot\.[a-z][a-z0-9_]{0,115}"
# Types of event as a query has them: 32 at most.
TYPES = f"{_TYPE}(?:,{_TYPE}){{0,31}}"

# What every operation with a token can answer.
_ALWAYS = ("BAD_REQUEST", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "INTERNAL", "UNAVAILABLE")
_BODY = (
    "INVALID_JSON",
    "REQUEST_TIMEOUT",
    "BODY_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "CONTRACT_VIOLATION",
    "PERSONAL_DATA",
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the address or a header; `schema` is JSON Schema, or refers to a definition."""

    name: str
    place: Literal["path", "query", "header"]
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes:
        name: What the server's handler is known by.
        method: The HTTP method.
        path: The address, parts of it in braces.
        summary: What it does.
        scope: What a token must be granted.
        bucket: Which rate limit it counts for.
        status: The status of success.
        answer: The definition of the answer; a media type where it is no JSON; None: none.
        body: The definition of the body.
        parameters: What else it takes.
        problems: What it can answer besides what every call can.
    """

    name: str
    method: str
    path: str
    summary: str
    scope: Scope
    bucket: Bucket
    status: int = 200
    answer: str | None = None
    body: str | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Return every error code that it can answer."""
        return (*_ALWAYS, *(_BODY if self.body else ()), *self.problems)


def _definition(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_RUN = Parameter("run_id", "path", "The run.", _definition("RunId"))
_SUBSCRIPTION = Parameter(
    "subscription_id", "path", "The subscription.", _definition("SubscriptionId")
)
_LIMIT = Parameter(
    "limit",
    "query",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
)


def operations(run_path: str = "/run") -> tuple[Operation, ...]:
    """Return all calls that need a token; `run_path` is where triggers go."""
    return (
        Operation(
            "trigger",
            "POST",
            run_path,
            "Start a run",
            "run:trigger",
            "trigger",
            202,
            "RunAccepted",
            "RunRequest",
            (
                Parameter(
                    "Idempotency-Key",
                    "header",
                    "A trigger that is sent again under the same key starts nothing more.",
                    {"type": "string", "pattern": r'^(?:"[!#-~]{1,255}"|[!#-~]{1,255})$'},
                ),
                Parameter(
                    "key",
                    "query",
                    "The id of the key that the trigger is signed with, instead of a token.",
                    {"type": "string", "pattern": "^[0-9a-z]{12}$"},
                ),
            ),
            ("REPOSITORY_REFUSED", "IDEMPOTENCY_KEY_REUSED"),
        ),
        Operation(
            "runs",
            "GET",
            "/runs",
            "List runs",
            "run:read",
            "read",
            answer="RunList",
            parameters=(
                Parameter("state", "query", "Only runs in this state.", {"enum": list(STATES)}),
                Parameter("before", "query", "Only runs before this one.", _definition("RunId")),
                _LIMIT,
            ),
        ),
        Operation(
            "run",
            "GET",
            "/runs/{run_id}",
            "Tell where a run stands",
            "run:read",
            "read",
            answer="RunState",
            parameters=(_RUN,),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "run_events",
            "GET",
            "/runs/{run_id}/events",
            "List the events of a run",
            "run:read",
            "read",
            answer="EventList",
            parameters=(
                _RUN,
                Parameter("after", "query", "Only events behind this one.", _definition("EventId")),
                _LIMIT,
            ),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "emit",
            "POST",
            "/runs/{run_id}/events",
            "Take an event of a run",
            "run:emit",
            "emit",
            202,
            "EventAccepted",
            "Event",
            (_RUN,),
            ("NOT_FOUND", "OUT_OF_ORDER", "DUPLICATE_EVENT"),
        ),
        Operation(
            "subscribe",
            "POST",
            "/subscriptions",
            "Have events sent to a webhook",
            "events:subscribe",
            "subscribe",
            201,
            "Subscription",
            "SubscriptionRequest",
            problems=("WEBHOOK_REFUSED", "TOO_MANY_SUBSCRIPTIONS"),
        ),
        Operation(
            "subscriptions",
            "GET",
            "/subscriptions",
            "List the token's subscriptions",
            "events:subscribe",
            "read",
            answer="SubscriptionList",
        ),
        Operation(
            "subscription",
            "GET",
            "/subscriptions/{subscription_id}",
            "Tell how a subscription goes",
            "events:subscribe",
            "read",
            answer="Subscription",
            parameters=(_SUBSCRIPTION,),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "unsubscribe",
            "DELETE",
            "/subscriptions/{subscription_id}",
            "End a subscription",
            "events:subscribe",
            "subscribe",
            204,
            parameters=(_SUBSCRIPTION,),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "rotate",
            "POST",
            "/subscriptions/{subscription_id}/rotate",
            "Make a subscription's key anew; the one before it signs along for a day",
            "events:subscribe",
            "subscribe",
            answer="Subscription",
            parameters=(_SUBSCRIPTION,),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "enable",
            "POST",
            "/subscriptions/{subscription_id}/enable",
            "Challenge a subscription's receiver anew",
            "events:subscribe",
            "subscribe",
            answer="Subscription",
            parameters=(_SUBSCRIPTION,),
            problems=("NOT_FOUND",),
        ),
        Operation(
            "stream",
            "GET",
            "/events",
            "Hear events as they come (server-sent events)",
            "events:subscribe",
            "subscribe",
            answer="text/event-stream",
            parameters=(
                Parameter(
                    "types",
                    "query",
                    "Only events of these types, commas between them.",
                    {"type": "string", "pattern": f"^{TYPES}$"},
                ),
                Parameter(
                    "project", "query", "Only events of this project.", _definition("ProjectId")
                ),
                Parameter("run", "query", "Only events of this run.", _definition("RunId")),
                Parameter(
                    "Last-Event-ID",
                    "header",
                    "The id of the last event that was heard: what came since is sent first.",
                    _definition("EventId"),
                ),
            ),
        ),
        Operation(
            "refusals",
            "GET",
            "/refusals",
            "List what was refused lately: rules and fields, no values",
            "run:read",
            "read",
            answer="RefusalList",
            parameters=(_LIMIT,),
        ),
        Operation(
            "deliveries",
            "GET",
            "/deliveries",
            "Tell how far deliveries are",
            "run:read",
            "read",
            answer="DeliveryHealth",
        ),
        Operation(
            "metrics",
            "GET",
            "/metrics",
            "Measurements for Prometheus",
            "metrics:read",
            "read",
            answer="text/plain",
        ),
    )
