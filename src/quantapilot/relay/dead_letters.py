"""Events that never arrive are put where people look for them, before they count as dead.

What can't be put there now is tried again; it is still waiting in the outbox meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from quantapilot.relay.calls import answers, opening
from quantapilot.relay.recorder import pause
from quantapilot.sinks.sink import Delivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.relay.backoff import Backoff
    from quantapilot.sinks.sink import Message, Sink


class DeadLetters:
    """Sends dead events of all sinks to one sink, a call at a time.

    Attributes:
        reason: Why the last ones could not be put there; empty where they could.
    """

    def __init__(
        self,
        sink: Sink,
        backoff: Backoff,
        random: Callable[[], float],
        deadline: float,
        most: int = 1024,
    ) -> None:
        """Take the sink, the waits between its tries, and the seconds of one of its calls."""
        self.sink = sink
        self.reason = ""
        self._backoff = backoff
        self._random = random
        self._deadline = deadline
        self._most = most
        self._waiting: deque[tuple[Message, Callable[[], None]]] = deque()
        self._news = asyncio.Event()
        self._ends = asyncio.Event()

    def take(self, message: Message, put: Callable[[], None]) -> bool:
        """Have a message sent, and `put` called once it was; False where too many wait."""
        if len(self._waiting) >= self._most:
            return False
        self._waiting.append((message, put))
        self._news.set()
        return True

    def halt(self) -> None:
        """Begin no further call."""
        self._ends.set()
        self._news.set()

    async def run(self) -> None:
        """Send what comes, until `halt`.

        Raises:
            SinkError: The sink can't be used.
        """
        failures = 0
        while not self._ends.is_set() and (fault := await opening(self.sink)):
            self.reason = f"dead letters: {fault}"
            failures += 1
            await pause(self._ends, self._backoff.delay(failures, self._random))
        failures = 0
        while not self._ends.is_set():
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            if await self._send():
                failures = 0
                continue
            failures += 1
            delay = self._backoff.delay(failures, self._random)
            await pause(self._ends, delay)

    async def _send(self) -> bool:
        """Send one batch; return whether any of it arrived."""
        size = min(len(self._waiting), max(self.sink.batch, 1))
        batch = [self._waiting.popleft() for _ in range(size)]
        left = batch
        try:
            outcomes = await answers(self.sink, [each[0] for each in batch], self._deadline)
            left = []
            for each, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Delivered):
                    each[1]()
                else:
                    self.reason = f"dead letters: {outcome.reason}"
                    left.append(each)
        finally:
            self._waiting.extend(left)
        if not left:
            self.reason = ""
        return len(left) < len(batch)
