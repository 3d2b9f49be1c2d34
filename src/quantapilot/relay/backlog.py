"""What is known in memory of the events that a sink still has to get: a bounded part of them.

What finds no room is left where it is, in the outbox, and only the place is remembered from which
to read once more. So neither thousands of events that wait for another attempt, nor thousands
behind a run that is stuck, hold back the others or fill the memory.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.outbox.ports import Pending

# A subject's name stays in memory while its events are left behind: some 10 MB of them.
_MOST_SUBJECTS = 100_000


class Backlog:
    """Events by when they may be sent; times are seconds of one steady clock.

    Attributes:
        ready: Those that may be sent now and never were, in the order in which they are to be.
        again: Those that were, in vain, and are due. Thousands that a receiver refuses for ever
            must not keep from it those that it would take.
        settled: The places of events that were settled while the outbox is read once more; None
            where it is not. What is read then may be older than what is known.
    """

    def __init__(
        self,
        *,
        ordered: bool,
        most_later: int = 2048,
        most_behind: int = 4096,
        most_of_one: int = 512,
        rest: float = 5.0,
        longest: float = math.inf,
    ) -> None:
        """Begin with nothing.

        Args:
            ordered: Whether only one event of a subject may be under way.
            most_later: How many that were sent in vain are kept.
            most_behind: How many that wait for others of their subjects are kept.
            most_of_one: How many of those of one subject.
            longest: The longest that one waits: a due time beyond it came from a wrong clock.
            rest: The least number of seconds until those that were not kept are read again.
        """
        self.ready: deque[Pending] = deque()
        self.again: deque[Pending] = deque()
        self._turn = False
        self.settled: set[int] | None = None
        self._ordered = ordered
        self._most_later = most_later
        self._most_behind = most_behind
        self._most_of_one = most_of_one
        self._rest = rest
        self._longest = longest
        self._held: set[int] = set()
        self._later: list[tuple[float, int, Pending]] = []
        # Subject of an event that is under way -> those behind it.
        self._lines: dict[str, deque[Pending]] = {}
        self._behind = 0
        # Subjects of which some were left behind: what comes of them may not overtake.
        self._left_subjects: set[str] = set()
        self._left_from: int | None = None
        self._left_until = math.inf
        self._left_later = 0

    def __len__(self) -> int:
        """Return how many are known, those under way and left to wait included."""
        return len(self._held) + self._left_later

    @property
    def retrying(self) -> int:
        """How many wait for a time at which they are tried again."""
        return len(self._later) + self._left_later

    @property
    def empty(self) -> bool:
        """Whether nothing waits, neither here nor among what was left behind."""
        return not self._held and self._left_from is None

    @property
    def room(self) -> bool:
        """Whether more may be read, as far as the names of stuck subjects go."""
        return len(self._left_subjects) < _MOST_SUBJECTS

    @property
    def sendable(self) -> bool:
        """Whether there is something that may be sent now."""
        return bool(self.ready or self.again)

    @property
    def due_at(self) -> float:
        """When the next one may be sent."""
        return self._later[0][0] if self._later else math.inf

    @property
    def again_at(self) -> float:
        """When those that were left behind are to be read."""
        return self._left_until

    def read_again(self) -> int:
        """Return the place behind which to read once more, and forget what was left behind."""
        place = 0 if self._left_from is None else self._left_from - 1
        self.settled = set()
        self._left_subjects.clear()
        self._left_from = None
        self._left_until = math.inf
        self._left_later = 0
        return place

    def feed(self, rows: Sequence[Pending], now: float, clock: float) -> None:
        """Take what was read from the outbox, in its order.

        Args:
            rows: The events.
            now: The steady clock.
            clock: Seconds since the epoch, which their due times are told in.
        """
        held, settled, ready = self._held, self.settled, self.ready
        for pending in rows:
            seq = pending.message.seq
            if seq in held or (settled is not None and seq in settled):
                continue
            if self._ordered and not self._leads(pending):
                continue
            held.add(seq)
            if pending.due > clock or pending.attempts:
                wait = max(0.0, min(pending.due - clock, self._longest))
                self._put_later(pending, now + wait, now)
            else:
                ready.append(pending)
        self.advance(now)

    def take(self, most: int, *, untried: bool) -> list[Pending]:
        """Return what to send next: in turn of what never was, and of what is sent again.

        Args:
            most: How many at most.
            untried: Whether what never was sent comes first, whose turn it may be.
        """
        again = self._turn and not untried
        self._turn = not again
        queue = (self.again or self.ready) if again else (self.ready or self.again)
        return [queue.popleft() for _ in range(min(most, len(queue)))]

    def advance(self, now: float) -> None:
        """Make ready what has come to its time."""
        later = self._later
        while later and later[0][0] <= now:
            self.again.append(heapq.heappop(later)[2])

    def done(self, pending: Pending) -> None:
        """Take that nothing more is to be done for an event."""
        seq = pending.message.seq
        self._held.discard(seq)
        if self.settled is not None:
            self.settled.add(seq)
        if not self._ordered:
            return
        subject = pending.message.subject
        line = self._lines.get(subject)
        if line:
            self._behind -= 1
            behind = line.popleft()
            (self.again if behind.attempts else self.ready).append(behind)
        elif line is not None:
            del self._lines[subject]
            if subject in self._left_subjects:
                self._left_until = -math.inf

    def retry(self, pending: Pending, at: float, now: float) -> None:
        """Take that an event is to be sent again at a time."""
        if self.settled is not None:
            self.settled.add(pending.message.seq)
        self._put_later(pending, at, now)

    def _leads(self, pending: Pending) -> bool:
        """Return whether it is the first of its subject; else it waits, or is left behind."""
        subject, seq = pending.message.subject, pending.message.seq
        line = self._lines.get(subject)
        if subject not in self._left_subjects:
            if line is None:
                self._lines[subject] = deque()
                return True
            if len(line) < self._most_of_one and self._behind < self._most_behind:
                line.append(pending)
                self._behind += 1
                self._held.add(seq)
                return False
            self._left_subjects.add(subject)
        self._leave(seq)
        return False

    def _put_later(self, pending: Pending, at: float, now: float) -> None:
        seq = pending.message.seq
        if len(self._later) + len(self.again) < self._most_later:
            heapq.heappush(self._later, (at, seq, pending))
            return
        self._held.discard(seq)
        self._leave(seq)
        self._left_later += 1
        self._left_until = min(self._left_until, max(at, now + self._rest))
        if self._ordered:
            subject = pending.message.subject
            self._left_subjects.add(subject)
            line = self._lines.pop(subject, ())
            self._behind -= len(line)
            self._held.difference_update(each.message.seq for each in line)

    def _leave(self, seq: int) -> None:
        if self._left_from is None or seq < self._left_from:
            self._left_from = seq
