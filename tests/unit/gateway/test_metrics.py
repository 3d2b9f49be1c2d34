"""What is counted, and that no label holds what somebody sent."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from quantapilot.gateway.metrics import CONTENT_TYPE, Metrics
from quantapilot.gateway.observed import Answered
from quantapilot.sinks.sink import Delivered, Retry


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return samples by name and by the values of their labels, which are sorted by name."""
    return {
        (each.name, tuple(each.labels[name] for name in sorted(each.labels))): each.value
        for family in text_string_to_metric_families(metrics.exposed().decode())
        for each in family.samples
        if not each.name.endswith(("_created", "_bucket", "_sum"))
    }


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics(["/run", "/runs/{run_id}"])
    metrics.answered(Answered("POST", "/run", 202, 0.004))
    metrics.answered(Answered("POST", "/run", 202, 0.004))
    metrics.answered(Answered("GET", "/runs/{run_id}", 404, 0.001))
    told = samples(metrics)
    assert told["qp_requests_total", ("POST", "/run", "202")] == 2
    assert told["qp_requests_total", ("GET", "/runs/{run_id}", "404")] == 1
    assert told["qp_request_seconds_count", ("/run",)] == 2


def test_a_stream_is_counted_and_not_timed() -> None:
    metrics = Metrics(["/events"])
    metrics.answered(Answered("GET", "/events", 200, 3600.0, streamed=True))
    told = samples(metrics)
    assert told["qp_requests_total", ("GET", "/events", "200")] == 1
    assert ("qp_request_seconds_count", ("/events",)) not in told


def test_what_was_sent_is_never_a_label() -> None:
    metrics = Metrics(["/run"])
    for each in range(100):
        metrics.answered(Answered(f"METHOD{each}", f"/alice@example.org/{each}", 404, 0.1))
    metrics.refused("alice@example.org", "alice@example.org/x")
    metrics.delivered(Retry("alice@example.org"))
    told = samples(metrics)
    assert told["qp_requests_total", ("other", "other", "404")] == 100
    assert told["qp_refusals_total", ("other", "other")] == 1
    assert b"alice" not in metrics.exposed()
    assert b"METHOD" not in metrics.exposed()


def test_runs_events_refusals_deliveries_and_streams_are_counted() -> None:
    open_streams = [3]
    metrics = Metrics([], lambda: open_streams[0])
    metrics.accepted(runs=2, events=5)
    metrics.refused("trigger", "pii/email")
    metrics.refused("event", "contract/unknown-property")
    for each in (Delivered(), Delivered(), Retry("status 503", 3.0)):
        metrics.delivered(each)
    told = samples(metrics)
    assert told["qp_runs_total", ()] == 2
    assert told["qp_events_total", ()] == 5
    assert told["qp_streams", ()] == 3
    assert told["qp_refusals_total", ("pii", "trigger")] == 1
    assert told["qp_refusals_total", ("contract", "event")] == 1
    assert told["qp_deliveries_total", ("delivered",)] == 2
    assert told["qp_deliveries_total", ("retry",)] == 1
    open_streams[0] = 0
    assert samples(metrics)["qp_streams", ()] == 0


def test_two_gateways_in_one_process_count_apart() -> None:
    one, two = Metrics(["/run"]), Metrics(["/run"])
    one.accepted(runs=1)
    assert samples(two)["qp_runs_total", ()] == 0
    assert CONTENT_TYPE.startswith("text/plain")
