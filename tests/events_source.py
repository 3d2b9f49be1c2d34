"""Events in memory, as the gateway's store has them: what streams are tried with."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from quantapilot.gateway.model import StoredEvent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

RUN = "3f0c6f0e-0f3e-4c62-9d5c-6a6f6f0f3e4c"


class MemorySource:
    """An `EventSource`; `reads` tells behind which places it was asked for events."""

    def __init__(self, count: int = 0) -> None:
        self.events: list[StoredEvent] = []
        self.reads: list[int] = []
        self.fault: Exception | None = None
        self._lock = threading.Lock()
        self.add(count)

    def add(
        self,
        count: int = 1,
        *,
        project: str = "proj_a",
        run: str = RUN,
        kind: str = "quantapilot.run_started",
        body: bytes = b'{"data":{}}',
        gap: int = 0,
    ) -> list[StoredEvent]:
        """Store events, and return them."""
        with self._lock:
            first = (self.events[-1].seq if self.events else 0) + 1 + gap
            made = [
                StoredEvent(first + each, str(uuid.uuid4()), kind, run, project, body)
                for each in range(count)
            ]
            self.events += made
        return made

    def events_after(
        self, seq: int, limit: int, projects: Collection[str] | None = None
    ) -> Sequence[StoredEvent]:
        if self.fault is not None:
            raise self.fault
        self.reads.append(seq)
        with self._lock:
            found = [e for e in self.events if e.seq > seq and _among(e, projects)]
            return found[:limit]

    def last_seq(self) -> int:
        with self._lock:
            return self.events[-1].seq if self.events else 0

    def seq_of(self, event_id: str, projects: Collection[str] | None = None) -> int | None:
        if self.fault is not None:
            raise self.fault
        with self._lock:
            found = [e.seq for e in self.events if e.id == event_id and _among(e, projects)]
            return min(found, default=None)


def _among(event: StoredEvent, projects: Collection[str] | None) -> bool:
    return projects is None or not {"*", event.project_id}.isdisjoint(projects)
