"""The examples are what `make examples` writes, and they show what they claim to show."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest
from examples import make_examples

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WRITTEN = sorted(
    path.relative_to(EXAMPLES).as_posix()
    for path in EXAMPLES.rglob("*.json*")
    if not {"__pycache__", "contracts"}.intersection(path.parts)
)
CLEAN = {
    "logs/factory.jsonl": ("api", "LogRecord"),
    "logs/worker.jsonl": ("api", "LogRecord"),
    "logs/gateway.jsonl": ("api", "LogRecord"),
    "events/events.jsonl": ("api", "Event"),
    "errors/errors.jsonl": ("error", "ErrorResponse"),
    "allowed.json": ("error", "ErrorResponse"),
}
TERMINAL = {"run_completed", "run_failed"}


def documents(name: str) -> Iterator[dict[str, Any]]:
    content = (EXAMPLES / name).read_bytes()
    yield from map(orjson.loads, content.splitlines() if name.endswith(".jsonl") else [content])


def validator(schema: str, definition: str) -> jsonschema_rs.Validator:
    schemas = [
        orjson.loads((ROOT / "_schemas" / f"{name}.schema.json").read_bytes())
        for name in ("api", "error")
    ]
    registry = jsonschema_rs.Registry([(document["$id"], document) for document in schemas])
    base = f"https://quantapilot.example/_schemas/{schema}.schema.json"
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": f"{base}#/$defs/{definition}",
        },
        registry=registry,
        validate_formats=True,
    )


def runs() -> dict[str, list[dict[str, Any]]]:
    by_run: dict[str, list[dict[str, Any]]] = {}
    for event in documents("events/events.jsonl"):
        by_run.setdefault(event["subject"], []).append(event)
    return by_run


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("quantapilot.") for event in events]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("examples")
    make_examples.main(target)
    return target


def test_make_examples_writes_every_committed_file_and_no_other(fresh: Path) -> None:
    found = sorted(p.relative_to(fresh).as_posix() for p in fresh.rglob("*") if p.is_file())
    assert found == WRITTEN


@pytest.mark.parametrize("name", WRITTEN)
def test_make_examples_changes_no_committed_byte(name: str, fresh: Path) -> None:
    assert (fresh / name).read_bytes() == (EXAMPLES / name).read_bytes()


def test_there_are_enough_examples_to_trust_a_clean_verdict() -> None:
    logs = sum(sum(1 for _ in documents(name)) for name in CLEAN if name.startswith("logs/"))
    assert logs >= 2_000
    assert sum(1 for _ in documents("events/events.jsonl")) >= 200
    assert len(runs()) >= 25


@pytest.mark.parametrize("name", CLEAN)
def test_every_clean_example_conforms_to_the_contract(name: str) -> None:
    conforms = validator(*CLEAN[name]).is_valid
    assert [document for document in documents(name) if not conforms(document)] == []


@pytest.mark.parametrize("name", ["events/events.jsonl", *(n for n in CLEAN if "logs/" in n)])
def test_time_never_stands_still_or_runs_backwards_in_a_file(name: str) -> None:
    moments = [document.get("time") or document["timestamp"] for document in documents(name)]
    assert moments == sorted(set(moments))


def test_an_event_names_its_run_and_its_payload_the_same_everywhere() -> None:
    for event in documents("events/events.jsonl"):
        assert event["subject"] == event["data"]["run_id"]
        payload = event["type"].removeprefix("quantapilot.").title().replace("_", "")
        assert event["dataschema"] == f"{make_examples.SCHEMA}#/$defs/{payload}"


def test_all_nine_kinds_of_event_are_shown() -> None:
    assert len({event["type"] for event in documents("events/events.jsonl")}) == 9


def test_a_run_starts_once_and_ends_once() -> None:
    for events in runs().values():
        seen = names(events)
        assert seen[0] == "run_started"
        assert seen.count("run_started") == 1
        assert [name for name in seen if name in TERMINAL] == seen[-1:]


def test_a_gate_is_requested_before_it_is_decided() -> None:
    for events in runs().values():
        waiting = None
        for name, event in zip(names(events), events, strict=True):
            if name == "gate_decision":
                assert event["data"]["gate"] == waiting
                waiting = None
            else:
                assert waiting is None
            if name == "gate_requested":
                waiting = event["data"]["gate"]
        assert waiting is None


def test_a_run_pauses_before_it_resumes() -> None:
    for events in runs().values():
        seen = names(events)
        pauses = [at for at, name in enumerate(seen) if name == "run_paused"]
        assert [at + 1 for at in pauses] == [
            at for at, name in enumerate(seen) if name == "run_resumed"
        ]


def test_runs_overlap_as_they_do_in_a_busy_factory() -> None:
    subjects = [event["subject"] for event in documents("events/events.jsonl")]
    changes = sum(one != other for one, other in pairwise(subjects))
    assert changes > len(runs())


def test_dirty_log_records_break_no_rule_but_that_of_personal_data() -> None:
    conforms = validator("api", "LogRecord").is_valid
    assert all(map(conforms, documents("dirty/logs.jsonl")))


def test_dirty_events_with_a_wrong_shape_are_refused_by_the_contract() -> None:
    conforms = validator("api", "Event").is_valid
    verdicts = [conforms(event) for event in documents("dirty/events.jsonl")]
    assert verdicts == [True] * 7 + [False] * 5
