"""Calls about runs: start one, take its events, tell where it stands and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from quantapilot.emitter.stamps import now
from quantapilot.errors import (
    DuplicateEventError,
    OutOfOrderError,
    ReplayMismatchError,
    RepositoryError,
    UnknownCursorError,
    UnknownRunError,
)
from quantapilot.findings import EventRefusedError, RefusedError
from quantapilot.gateway import wire
from quantapilot.gateway.calls import json_answer, page_answer, raw_answer
from quantapilot.gateway.checks import problem_of
from quantapilot.gateway.model import Refusal
from quantapilot.gateway.operations import STATES
from quantapilot.gateway.problems import ProblemError

if TYPE_CHECKING:
    from starlette.responses import Response

    from quantapilot.gateway.calls import Call
    from quantapilot.gateway.model import NewRun


async def trigger(call: Call) -> Response:
    """Start a run; accepted means that it is on the disk together with its first event."""
    gateway = call.gateway
    try:
        new = await _new_run(call)
    except RefusedError as error:
        project_id = gateway.triggers.project_of_refused(call.body, gateway.directory.repositories)
        if project_id is not None and call.token.sees(project_id):
            _keep(call, error, "trigger", project_id)
        raise problem_of(error) from None
    try:
        accepted = await gateway.writer.accept_run(new)
    except ReplayMismatchError:
        raise ProblemError("IDEMPOTENCY_KEY_REUSED") from None
    run_id = new.run.run_id
    if accepted.replayed:
        run_id = orjson.loads(accepted.answer)["run_id"]
    else:
        gateway.metrics.accepted(runs=1, events=1)
    return raw_answer(accepted.answer, 202, {"location": f"/runs/{run_id}"})


async def _new_run(call: Call) -> NewRun:
    gateway = call.gateway
    triggers = gateway.triggers
    request = await gateway.judged(call.token, triggers.body, call.body)
    try:
        project_id = triggers.project(request, gateway.directory.repositories)
    except RepositoryError as error:
        raise ProblemError("REPOSITORY_REFUSED", str(error)) from None
    # One that nobody registered and one of others: the same is told.
    if project_id is None or not call.token.sees(project_id):
        raise ProblemError("FORBIDDEN")
    try:
        return triggers.run(request, project_id, call.token, call.again_by)
    except EventRefusedError:
        # Looked at once more, so that it is told of what was sent and not of what it became.
        await call.read(triggers.body.value, call.body)
        raise


async def runs(call: Call) -> Response:
    """List runs, the latest first."""
    before, state, limit = call.uuid("before"), call.one_of("state", STATES), call.limit
    try:
        found = await call.read(call.gateway.store.runs, call.projects, before, limit + 1, state)
    except UnknownCursorError:
        raise ProblemError("BAD_REQUEST", "the parameter 'before' names no run") from None
    told = [orjson.dumps(wire.run_state(each)) for each in found]
    return page_answer("runs", [each.run_id for each in found], told, limit)


async def run(call: Call) -> Response:
    """Tell where a run stands."""
    found = await call.read(call.gateway.store.run, call.run_id, call.projects)
    if found is None:
        raise ProblemError("NOT_FOUND")
    return json_answer(wire.run_state(found))


async def run_events(call: Call) -> Response:
    """List the events of a run, in the order in which they were accepted."""
    gateway, run_id, limit = call.gateway, call.run_id, call.limit
    after = call.uuid("after")
    if await gateway.project_of(run_id, call.projects) is None:
        raise ProblemError("NOT_FOUND")
    try:
        found = await call.read(gateway.store.events_of_run, run_id, after, limit + 1)
    except UnknownCursorError:
        raise ProblemError(
            "BAD_REQUEST", "the parameter 'after' names no event of the run"
        ) from None
    # Bytes as they were accepted; nothing is made anew.
    return page_answer("events", [each.id for each in found], [each.body for each in found], limit)


async def emit(call: Call) -> Response:
    """Take an event of a run; accepted means that it is on the disk."""
    gateway, run_id = call.gateway, call.run_id
    project_id = await gateway.project_of(run_id, call.projects)
    if project_id is None:
        raise ProblemError("NOT_FOUND")
    try:
        new = await call.read(gateway.run_events.event, call.body, run_id)
    except RefusedError as error:
        _keep(call, error, "event", project_id, run_id)
        raise problem_of(error) from None
    try:
        await gateway.writer.accept_event(new)
    except UnknownRunError:
        raise ProblemError("NOT_FOUND") from None
    except OutOfOrderError as error:
        raise ProblemError("OUT_OF_ORDER", str(error)) from None
    except DuplicateEventError:
        raise ProblemError("DUPLICATE_EVENT") from None
    gateway.metrics.accepted(events=1)
    return json_answer({"event_id": new.entry.id, "run_id": run_id}, 202)


async def refusals(call: Call) -> Response:
    """List what was refused lately; rules and fields, no values."""
    found = await call.read(call.gateway.store.refusals, call.projects, call.limit)
    return json_answer({"refusals": [wire.refusal(each) for each in found]})


def _keep(
    call: Call, error: RefusedError, source: str, project_id: str, run_id: str | None = None
) -> None:
    moment = now()
    # What is wrong at thousands of places under one name is kept once.
    places = dict.fromkeys((each.rule, each.pointer or "") for each in error.findings)
    call.gateway.refuse(
        Refusal(moment, rule, source, project_id, pointer, run_id) for rule, pointer in places
    )
