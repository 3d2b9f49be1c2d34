"""What the gateway counts of itself, for Prometheus.

No label holds what a client sent: routes are the application's own templates, and whatever is not
known beforehand counts as `other`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from quantapilot.gateway.observed import METHODS, OTHER
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from quantapilot.gateway.observed import Answered
    from quantapilot.sinks.sink import Outcome

CONTENT_TYPE = CONTENT_TYPE_LATEST
_OUTCOMES = {Delivered: "delivered", Retry: "retry", Dead: "dead", Disabled: "disabled"}
_SOURCES = frozenset({"trigger", "event"})
_RULES = frozenset({"contract", "input", "pii"})
# In seconds; streams are not timed.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counts, on a registry of its own.

    Args:
        routes: The templates of the application's routes.
        streams: Returns how many event streams are open.
    """

    def __init__(self, routes: Iterable[str], streams: Callable[[], int] = lambda: 0) -> None:
        self.registry = CollectorRegistry()
        self._routes = frozenset(routes)
        self._requests = Counter(
            "qp_requests",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "qp_request_seconds",
            "How long answers took, event streams not counted.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "qp_refusals",
            "Triggers and events that were refused, by the first part of the rule's name.",
            ("source", "rule"),
            registry=self.registry,
        )
        self._deliveries = Counter(
            "qp_deliveries",
            "Attempts to deliver an event to a webhook.",
            ("outcome",),
            registry=self.registry,
        )
        self._runs = Counter("qp_runs", "Runs that were accepted.", registry=self.registry)
        self._events = Counter("qp_events", "Events that were accepted.", registry=self.registry)
        Gauge("qp_streams", "Event streams that are open.", registry=self.registry).set_function(
            streams
        )
        # Looking a child up by its labels takes longer than all the rest.
        self._answered: dict[tuple[str, str, int], Counter] = {}
        self._took: dict[str, Histogram] = {}

    def answered(self, request: Answered) -> None:
        """Count a request."""
        route = request.route if request.route in self._routes else OTHER
        method = request.method if request.method in METHODS else OTHER
        key = (route, method, request.status)
        child = self._answered.get(key)
        if child is None:
            child = self._requests.labels(route, method, str(request.status))
            self._answered[key] = child
        child.inc()
        if not request.streamed:
            timed = self._took.get(route)
            if timed is None:
                timed = self._took[route] = self._seconds.labels(route)
            timed.observe(request.seconds)

    def refused(self, source: str, rule: str) -> None:
        """Count something that was refused, by a rule such as `pii/email`."""
        kind = rule.partition("/")[0]
        self._refusals.labels(_one_of(_SOURCES, source), _one_of(_RULES, kind)).inc()

    def accepted(self, *, runs: int = 0, events: int = 0) -> None:
        """Count runs, and events (the first one of each run too), that were accepted."""
        self._runs.inc(runs)
        self._events.inc(events)

    def delivered(self, outcome: Outcome) -> None:
        """Count an attempt to deliver; from any thread."""
        self._deliveries.labels(_OUTCOMES[type(outcome)]).inc()

    def exposed(self) -> bytes:
        """Return all counts as text, in the format that `CONTENT_TYPE` names."""
        return generate_latest(self.registry)


def _one_of(known: frozenset[str], value: str) -> str:
    return value if value in known else OTHER
