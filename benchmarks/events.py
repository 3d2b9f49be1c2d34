"""What it costs to check one event in process: serialised, validated, searched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.corpus import clean_documents
from quantapilot.config import load_config
from quantapilot.contract.validator import Validator
from quantapilot.gate.payload import PayloadCheck
from quantapilot.gate.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class EventCost:
    """Microseconds for an event that one pass proves clean, and for any clean event on average.

    `proven` is the share of the clean events that one pass proves.
    """

    quick: float
    average: float
    proven: float


def event_cost(root: Path, times: int = 5) -> EventCost:
    """Return what checking the events of clean runs costs; the best of some rounds counts."""
    events = [each for each in clean_documents(Random(1)) if "specversion" in each]
    project = Project(load_config(start=root))
    detector = project.detector()
    validator = Validator(project.extended(project.contract(), detector))
    check = PayloadCheck(project.inspector(detector, validator), "events").check
    proven = [event for event in events if detector.proves(orjson.dumps(event))]
    return EventCost(
        _best(check, proven, times), _best(check, events, times), len(proven) / len(events)
    )


def _best(check: Callable[[Any], object], events: Sequence[Any], times: int) -> float:
    """Return microseconds an event."""
    quickest = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        for event in events:
            check(event)
        quickest = min(quickest, time.perf_counter() - started)
    return quickest / len(events) * 1e6
