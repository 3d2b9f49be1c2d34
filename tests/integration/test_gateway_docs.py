"""docs/gateway.md tells all calls, error codes, bounds and metrics of the gateway, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.test_docs import DOCS, assert_shown

from quantapilot.gateway.metrics import Metrics
from quantapilot.gateway.operations import operations
from quantapilot.gateway.problems import PROBLEMS
from quantapilot.gateway.settings import GatewaySettings
from quantapilot.gateway.store.retention import REFUSALS_KEPT, REPLAYS_KEPT
from quantapilot.gateway.stream import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

PAGE = DOCS / "gateway.md"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(head)
    lines = [titles, ("---",) * len(titles), *rows]
    text = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return text.replace(" --- ", "---")


def calls_table() -> str:
    return table(
        ("call", "does", "scope", "answer"),
        (
            (
                f"`{each.method} {each.path}`",
                each.summary,
                f"`{each.scope}`",
                f"{each.status} `{each.answer}`" if each.answer else str(each.status),
            )
            for each in operations()
        ),
    )


def problems_table() -> str:
    return table(
        ("`error_code`", "status", "says"),
        ((f"`{each.code}`", str(each.status), each.message) for each in PROBLEMS.values()),
    )


def bounds_table() -> str:
    settings = GatewaySettings()
    connections, deliveries = settings.connections, settings.deliveries
    return table(
        ("what", "at most"),
        (
            ("body of a request", f"{settings.most_body >> 10} KiB"),
            (
                "head of a request",
                f"{connections.head_bytes >> 10} KiB, {connections.headers} headers",
            ),
            ("time that the head takes", f"{connections.head_seconds:g} s"),
            ("time that the body takes after that", f"{connections.body_seconds:g} s"),
            ("time that a client leaves an answer unread", f"{connections.unread_seconds:g} s"),
            ("event streams of a token, in one process", str(settings.most_streams)),
            ("event streams of a process", f"{StreamSettings().most:,}"),
            ("subscriptions of a token", str(settings.most_subscriptions)),
            ("time that a webhook takes to answer", f"{deliveries.deadline:g} s"),
            ("time that a trigger is known again", f"{REPLAYS_KEPT / 3600:g} h"),
            ("refusals that are kept", f"{REFUSALS_KEPT:,}"),
        ),
    )


def metrics_table() -> str:
    families = Metrics(()).registry.collect()

    def name(family: Metric) -> str:
        return f"{family.name}_total" if family.type == "counter" else family.name

    return table(
        ("metric", "counts"),
        ((f"`{name(each)}`", each.documentation) for each in families),
    )


def test_every_call_is_told() -> None:
    assert_shown(PAGE, calls_table())


def test_every_error_code_is_told() -> None:
    assert_shown(PAGE, problems_table())


def test_every_bound_is_told() -> None:
    assert_shown(PAGE, bounds_table())


def test_every_metric_is_told() -> None:
    assert_shown(PAGE, metrics_table())
