"""How far a run is, folded from its events as they are heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from quantapilot.client.answers import words

if TYPE_CHECKING:
    from quantapilot.client.gateway import Heard

PREFIX = "quantapilot."
ENDS = ("completed", "failed")
STATES = (*ENDS, "running", "paused")

# Type of event, without what all begin with -> the state that a run is in behind it.
_LEADS_TO = {
    "run_started": "running",
    "run_paused": "paused",
    "run_resumed": "running",
    "run_failed": "failed",
    "run_completed": "completed",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        gates: Those that await a decision, the oldest first.
        why: Why it is paused, or failed; fit to be shown.
        began: When its first event happened, where that is told.
    """

    state: str = "running"
    gates: tuple[str, ...] = ()
    milestones: int = 0
    events: int = 0
    why: str = ""
    began: datetime | None = None

    @property
    def ended(self) -> bool:
        """Return whether nothing more will come."""
        return self.state in ENDS

    def after(self, heard: Heard) -> Progress:
        """Return how far the run is behind one more event."""
        name, data = heard.type.removeprefix(PREFIX), heard.data
        began = self.began if self.events else moment(heard.event.get("time"))
        now = replace(self, events=self.events + 1, began=began)
        gate = words(data.get("gate", ""))
        if name == "gate_requested":
            return replace(now, gates=(*(each for each in self.gates if each != gate), gate))
        if name == "gate_decision":
            return replace(now, gates=tuple(each for each in self.gates if each != gate))
        if name == "milestone_completed":
            return replace(now, milestones=self.milestones + 1)
        if name in _LEADS_TO:
            why = [data[key] for key in ("error_code", "message", "reason") if key in data]
            state = _LEADS_TO[name]
            # As the gateway has it: what has ended awaits nothing any more.
            gates = () if state in ENDS else self.gates
            return replace(now, state=state, gates=gates, why=words(": ".join(map(str, why))))
        return now


def moment(written: object) -> datetime | None:
    """Return a time as RFC 3339 writes it, on the clock of whoever looks; None where it is none."""
    try:
        return datetime.fromisoformat(str(written)).astimezone()
    except (ValueError, OverflowError):
        return None
