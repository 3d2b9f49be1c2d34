"""Outcomes of all subscriptions are recorded together: a commit for each would cost too much.

What is asked for while one commit is under way goes into the next one, as runs and events do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quantapilot.errors import OutboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.outbox.ports import Pending, Settlement


class GroupLedger(Protocol):
    """What records outcomes of several sinks at once; else as `outbox.ports.Ledger` has it."""

    def register(self, sink: str) -> str | None:
        """Return why a sink is disabled; None where it is not."""
        ...

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        """Return, in order, the first events behind the place `after` that a sink has to get."""
        ...

    def disable(self, sink: str, reason: str) -> None:
        """Have recorded that a sink wants no more events; its events stay."""
        ...

    def settle_all(self, groups: Sequence[tuple[str, Sequence[Settlement]]]) -> None:
        """Have outcomes by their sinks recorded, all or none, before it returns."""
        ...


class Grouping:
    """A ledger whose `settle` leaves its commit to the next turn; used on one thread only.

    So an outcome may be lost where the process is killed, and its event is sent again: as it is
    where the process is killed before it asks.
    """

    def __init__(self, ledger: GroupLedger, later: Callable[[Callable[[], None]], object]) -> None:
        """Take where to record.

        Args:
            ledger: What records.
            later: Has something called on the same thread, behind all that was asked for before.
        """
        self._ledger = ledger
        self._later = later
        self._groups: list[tuple[str, Sequence[Settlement]]] = []
        self._asked = False
        self._failed = False

    def register(self, sink: str) -> str | None:
        """Make a sink known; what was recorded of it before is committed then.

        Else it would be sent once more what arrived just before it began anew.
        """
        self.flush()
        return self._ledger.register(sink)

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        """Return the first events behind a place that a sink has to get."""
        return self._ledger.pending(sink, after, limit)

    def settle(self, sink: str, settlements: Sequence[Settlement]) -> None:
        """Have outcomes recorded with the next commit.

        Raises:
            OutboxError: The last commit failed, and does so again: nothing is taken on top.
        """
        if self._failed:
            self.flush()
        self._groups.append((sink, settlements))
        if not self._asked:
            self._asked = True
            self._later(self._commit)

    def disable(self, sink: str, reason: str) -> None:
        """Have recorded that a sink wants no more events."""
        self._ledger.disable(sink, reason)

    def flush(self) -> None:
        """Commit all that was to be recorded.

        Raises:
            OutboxError: It can't be; it is kept, and tried again with the next call.
        """
        if not self._groups:
            return
        self._failed = True
        self._ledger.settle_all(self._groups)
        self._groups = []
        self._failed = False

    def _commit(self) -> None:
        self._asked = False
        try:
            self.flush()
        except OutboxError:
            # Whoever records or flushes next tries again, and is told.
            return
