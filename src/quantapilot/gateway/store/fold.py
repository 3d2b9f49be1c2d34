"""A run's state, folded from its events one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from quantapilot.gateway.model import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.lifecycle import Progress

_MILESTONES = "milestones_count"

# Type of event -> fact of the run -> the field of the event that tells it; None ends it.
_TELLS: dict[str, dict[str, str | None]] = {
    "quantapilot.run_started": {
        "repo_url": "repo_url",
        "branch": "branch",
        "correlation_id": "correlation_id",
    },
    "quantapilot.documentation_generated": {"docs_branch": "docs_branch", "pr_number": "pr_number"},
    "quantapilot.run_paused": {"message": "reason"},
    "quantapilot.run_resumed": {"message": None},
    "quantapilot.run_failed": {"error_code": "error_code", "message": "message"},
}
_COUNTS = {"quantapilot.milestone_completed": _MILESTONES}


def begun(run_id: str, project_id: str, event: Mapping[str, Any], progress: Progress) -> Run:
    """Return the run that an event begins.

    Args:
        run_id: The run.
        project_id: The project that it belongs to.
        event: The run's first event, which conforms to the contract.
        progress: Where the run stands behind it.
    """
    return Run(
        run_id=run_id,
        project_id=project_id,
        state=progress.state,
        open_=progress.open_,
        facts=_facts({_MILESTONES: 0}, event),
        started_at=event["time"],
        updated_at=event["time"],
    )


def folded(run: Run, event: Mapping[str, Any], progress: Progress) -> Run:
    """Return a run as it is behind another event.

    Args:
        run: The run before it.
        event: The event, which conforms to the contract.
        progress: Where the run stands behind it.
    """
    return replace(
        run,
        state=progress.state,
        open_=progress.open_,
        facts=_facts(run.facts, event),
        updated_at=event["time"],
        events=run.events + 1,
    )


def _facts(known: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    facts = dict(known)
    kind, data = event["type"], event["data"]
    for fact, name in _TELLS.get(kind, {}).items():
        facts.pop(fact, None)
        if name is not None and name in data:
            facts[fact] = data[name]
    if (count := _COUNTS.get(kind)) is not None:
        facts[count] = facts.get(count, 0) + 1
    return facts
