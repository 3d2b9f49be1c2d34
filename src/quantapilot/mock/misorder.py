"""Runs out of order: one event stands where the lifecycle does not allow it, all others rightly."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ContractError, OutOfOrderError
from quantapilot.mock.friendly import INSTANT
from quantapilot.mock.invalid import Invalid
from quantapilot.mock.runs import Taken

if TYPE_CHECKING:
    from quantapilot.mock.drawing import Drawing
    from quantapilot.mock.runs import OneRun, Runs, Terms

ORDER = "contract/order"
_STEP = timedelta(milliseconds=1500)


def misordered(runs: Runs, drawing: Drawing, key: str, terms: Terms) -> Invalid:
    """Return a run with one event too many, behind some event that it rightly has.

    Raises:
        ContractError: Wherever an event stands, the order allows it.
        UnknownNameError: No run ends as it is asked.
    """
    length = len(_events(runs, runs.begun(key, terms), None, drawing)[0])
    behind = list(range(1, length + 1))
    drawing.chance(f"{key}/behind").shuffle(behind)
    for place in behind:
        events, why = _events(runs, runs.begun(key, terms), place, drawing)
        if why:
            return Invalid(ORDER, why, events, line=place + 1)
    raise ContractError("the declared order of events allows every event everywhere")


def _events(
    runs: Runs, run: OneRun, behind: int | None, drawing: Drawing
) -> tuple[list[dict[str, Any]], str]:
    """Return a run, with an event behind so many that may not stand there, and why it may not."""
    events: list[dict[str, Any]] = []
    moment, taken, why = INSTANT, Taken(), ""
    while run.progress is None or not runs.course.lifecycle.ended(run.progress.state):
        events.append(runs.event(run, moment, taken))
        moment += _STEP
        if run.made == behind:
            planted = _planted(runs, run, moment, taken, drawing)
            if planted is not None:
                event, why = planted
                events.append(event)
                moment += _STEP
    return events, why


def _planted(
    runs: Runs, run: OneRun, moment: Any, taken: Taken, drawing: Drawing
) -> tuple[dict[str, Any], str] | None:
    kinds = list(drawing.events.kinds.values())
    run.random.shuffle(kinds)
    for kind in kinds:
        event = runs.fitting(run, kind, moment, taken)
        if event is None:
            continue
        try:
            runs.course.lifecycle.advance(run.progress, event)
        except OutOfOrderError as error:
            return event, str(error)
    return None
