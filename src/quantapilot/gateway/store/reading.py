"""Runs and events, as they are read: by the projects of whoever asks, and in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from quantapilot.errors import UnknownCursorError
from quantapilot.gateway.model import EVERY_PROJECT, StoredEvent
from quantapilot.gateway.store.run_rows import run_of
from quantapilot.gateway.store.tables import events, meta, runs

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

    from quantapilot.gateway.model import Run

    Projects = Collection[str] | None

EVENT = (
    events.c.seq,
    events.c.event_id,
    events.c.type,
    events.c.run_id,
    events.c.project_id,
    events.c.body,
)


def within(column: ColumnElement[str], projects: Projects) -> list[ColumnElement[bool]]:
    """Return the condition that a row is of one of some projects; none for every project."""
    return [] if projects is None or EVERY_PROJECT in projects else [column.in_(projects)]


def one_run(connection: Connection, run_id: str, projects: Projects) -> Run | None:
    """Return a run; None where there is none, or it is of another project."""
    row = (
        connection.execute(
            select(runs).where(runs.c.run_id == run_id, *within(runs.c.project_id, projects))
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else run_of(row)


def latest_runs(
    connection: Connection, projects: Projects, before: str | None, limit: int, state: str | None
) -> list[Run]:
    """Return runs, the latest first.

    Args:
        connection: One that sees a moment.
        projects: The projects of which; all where it is None.
        before: Only those that began before this run.
        limit: How many at most.
        state: Only those in this state.

    Raises:
        UnknownCursorError: There is no run `before`, or it is of another project.
    """
    which = within(runs.c.project_id, projects)
    if before is not None:
        place = connection.execute(
            select(runs.c.seq).where(runs.c.run_id == before, *which)
        ).scalar()
        if place is None:
            raise UnknownCursorError("there is no such run to begin behind")
        which.append(runs.c.seq < place)
    if state is not None:
        which.append(runs.c.state == state)
    rows = connection.execute(select(runs).where(*which).order_by(runs.c.seq.desc()).limit(limit))
    return [run_of(row) for row in rows.mappings()]


def events_of_run(
    connection: Connection, run_id: str, after: str | None, limit: int
) -> list[StoredEvent]:
    """Return a run's events, in order, behind one of them.

    Raises:
        UnknownCursorError: The run has no event `after`.
    """
    which = [events.c.run_id == run_id]
    if after is not None:
        place = connection.execute(
            select(events.c.seq).where(events.c.event_id == after, *which)
        ).scalar()
        if place is None:
            raise UnknownCursorError("the run has no such event to begin behind")
        which.append(events.c.seq > place)
    rows = connection.execute(select(*EVENT).where(*which).order_by(events.c.seq).limit(limit))
    return [StoredEvent(*row) for row in rows]


def events_after(
    connection: Connection, seq: int, limit: int, projects: Projects
) -> list[StoredEvent]:
    """Return events of some projects, in order, behind a place."""
    which = within(events.c.project_id, projects)
    rows = connection.execute(
        select(*EVENT).where(events.c.seq > seq, *which).order_by(events.c.seq).limit(limit)
    )
    return [StoredEvent(*row) for row in rows]


def seq_of(connection: Connection, event_id: str, projects: Projects) -> int | None:
    """Return an event's place; None where there is none, or it is of another project.

    Of several, each of another project, it is the first one's.
    """
    which = within(events.c.project_id, projects)
    found: int | None = connection.execute(
        select(func.min(events.c.seq)).where(events.c.event_id == event_id, *which)
    ).scalar()
    return found


def last_seq(connection: Connection) -> int:
    """Return the place of the last event; 0 before the first."""
    found: int = connection.execute(select(meta.c.last_seq)).scalar_one()
    return found
