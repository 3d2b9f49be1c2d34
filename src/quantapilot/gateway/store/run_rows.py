"""Runs as rows of their table, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.gateway.model import Run

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import RowMapping

# The columns that a run's later events change.
CHANGING = ("last_seq", "state", "opened", "facts", "updated_at", "events")


def row(seq: int, run: Run, last_seq: int) -> tuple[Any, ...]:
    """Return the row of a new run.

    Args:
        seq: The place of its first event.
        run: The run.
        last_seq: The place of its last event.
    """
    return (
        seq,
        run.run_id,
        run.project_id,
        last_seq,
        run.state,
        _opened(run.open_),
        orjson.dumps(dict(run.facts)).decode(),
        run.started_at,
        run.updated_at,
        run.events,
    )


def change(run: Run, last_seq: int) -> dict[str, Any]:
    """Return what changes of the row of the run `of`."""
    return {
        "of": run.run_id,
        "last_seq": last_seq,
        "state": run.state,
        "opened": _opened(run.open_),
        "facts": orjson.dumps(dict(run.facts)).decode(),
        "updated_at": run.updated_at,
        "events": run.events,
    }


def run_of(found: RowMapping) -> Run:
    """Return the run that a row holds."""
    return Run(
        run_id=found["run_id"],
        project_id=found["project_id"],
        state=found["state"],
        open_=frozenset(orjson.loads(found["opened"])),
        facts=orjson.loads(found["facts"]),
        started_at=found["started_at"],
        updated_at=found["updated_at"],
        events=found["events"],
    )


def _opened(names: Collection[str]) -> str:
    return orjson.dumps(sorted(names)).decode() if names else "[]"
