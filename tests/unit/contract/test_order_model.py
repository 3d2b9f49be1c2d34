"""The order of runs against a slow model that is plainly right, and against planted faults."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.contract.test_order import KINDS, LIFECYCLE, faults, good_runs

from quantapilot.contract.events import short


class Reading(NamedTuple):
    """One way in which a run may have gone so far."""

    state: str | None = None
    correlation: str | None = None
    gates: frozenset[str] = frozenset()


START = {short(kind): state for kind, state in LIFECYCLE.start.items()}
ON: dict[str | None, dict[str, str]] = {
    None: {},
    **{state: {short(kind): to for kind, to in on.items()} for state, on in LIFECYCLE.on.items()},
}


def parts(step: str) -> tuple[str, str, str]:
    kind, _, correlation = step.partition("=")
    kind, _, gate = kind.partition(":")
    return kind, gate, correlation


def allowed(reading: Reading, step: str) -> bool:
    kind, gate, correlation = parts(step)
    if reading.state is None:
        return kind in START
    if kind not in ON[reading.state]:
        return False
    if reading.correlation and correlation and correlation != reading.correlation:
        return False
    return kind != "gate_decision" or gate in reading.gates


def behind(reading: Reading, step: str) -> set[Reading]:
    """Return how a run may have gone behind an event that counts, may it stand there or not."""
    kind, gate, correlation = parts(step)
    if kind in START:
        states = {START[kind]}
    elif kind in ON[reading.state]:
        states = {ON[reading.state][kind]}
    else:
        states = {on[kind] for on in ON.values() if kind in on}
    gates = reading.gates
    if kind == "gate_requested":
        gates |= {gate}
    if kind == "gate_decision":
        gates -= {gate}
    return {Reading(each, correlation or reading.correlation, gates) for each in states}


def modelled(steps: list[str]) -> list[int]:
    """Return the places of the events that no reading of what came before allows."""
    readings, found = {Reading()}, []
    for at, step in enumerate(steps, 1):
        fitting = {each for each in readings if allowed(each, step)}
        moved = {after for each in fitting or readings for after in behind(each, step)}
        if not fitting:
            found.append(at)
        readings = moved if fitting else readings | moved
    return found


STEPS = [*KINDS, "milestone_completed=x", "milestone_completed=y", "run_paused=x"]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_any_events_are_judged_as_the_model_judges_them(steps: list[str]) -> None:
    assert [at for at, _ in faults(steps)] == modelled(steps)


@st.composite
def broken(draw: st.DrawFn, steps: list[str]) -> list[str]:
    """Draw a run with one event too many or too few."""
    at = draw(st.integers(0, len(steps)))
    if draw(st.booleans()):
        return [*steps[:at], draw(st.sampled_from(STEPS)), *steps[at:]]
    return [*steps[:at], *steps[at + 1 :]]


@settings(max_examples=400)
@given(good_runs(), st.data())
def test_two_faults_in_a_run_are_two_findings_at_most(
    steps: list[str], data: st.DataObject
) -> None:
    twice = data.draw(broken(data.draw(broken(steps))))
    found = [at for at, _ in faults(twice)]
    assert found == modelled(twice)
    assert len(found) <= 2
