"""One sink's way out of the outbox: read, sent, recorded, on a progress of its own.

A fixed set of workers sends what the backlog has ready; how many of them do at a time follows the
receiver. One task reads the outbox ahead, one records outcomes in groups. What blocks runs on the
relay's thread, never on the loop.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING

from quantapilot.errors import OutboxUnwritableError
from quantapilot.outbox.ports import Pending, Settlement
from quantapilot.relay.backlog import Backlog
from quantapilot.relay.calls import answers, closing, opening
from quantapilot.relay.circuit import Circuit
from quantapilot.relay.concurrency import Limit
from quantapilot.relay.progress import SinkProgress
from quantapilot.relay.recorder import Recorder, pause
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.outbox.ports import Ledger
    from quantapilot.relay.blocking import Blocking
    from quantapilot.relay.dead_letters import DeadLetters
    from quantapilot.relay.settings import RelaySettings
    from quantapilot.sinks.sink import Outcome, Sink


class Lane:
    """Delivers the events of a ledger to one sink; made and used on one event loop."""

    def __init__(
        self,
        sink: Sink,
        ledger: Ledger,
        settings: RelaySettings,
        *,
        call: Blocking,
        clock: Callable[[], float],
        random: Callable[[], float],
        begun: Callable[[], None],
        dead_letters: DeadLetters | None = None,
    ) -> None:
        """Take what is delivered, where to, and how.

        Args:
            sink: The sink.
            ledger: What knows the events, and what became of them.
            settings: How to deliver.
            call: Calls what blocks.
            clock: Returns seconds since the epoch.
            random: Returns a number from 0 to below 1.
            begun: Called once it is known whether the sink can be used.
            dead_letters: Where events go that never arrive; they are only recorded where None.
        """
        self.sink = sink
        self.name = sink.name
        self._ledger = ledger
        self._settings = settings
        self._call = call
        self._clock = clock
        self._random = random
        self._begun = begun
        self._dead_letters = dead_letters
        self._loop = asyncio.get_running_loop()
        self._batch = max(sink.batch, 1)
        self._low = max(settings.window, self._batch)
        self._backlog = Backlog(ordered=settings.ordered, longest=settings.backoff.longest)
        self._limit = Limit(max(sink.in_flight, 1))
        self._pause = partial(settings.pauses.delay, random=random)
        self._circuit = Circuit(settings.pauses, random)
        self._recorder = Recorder(ledger, sink.name, call, self._pause)
        self._ends = asyncio.Event()
        self._hungry = asyncio.Event()
        self._parked: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._active = 0
        # Where reading goes on, how far it reads once more, and whether that is all there is.
        self._place = 0
        self._again_until = 0
        self._at_end = False
        self._news = 0
        self._until_settled = False
        self._halted = False
        self._open = False
        self._dead = 0
        self._reason = ""
        self._disabled: str | None = None
        self._left: int | None = None

    async def run(self, *, until_settled: bool) -> None:
        """Deliver until `halt`, until the sink wants no more, or until nothing waits.

        Calls that are under way then are waited for.

        Args:
            until_settled: Whether to end when nothing waits.

        Raises:
            OutboxError: Events can't be read, or outcomes can't be recorded.
            SinkError: The sink can't be used.
        """
        self._until_settled |= until_settled
        self._disabled = await self._call(self._ledger.register, self.name)
        if self._disabled is not None:
            self._begun()
            return
        if not await self._opened():
            return
        workers = {asyncio.create_task(self._work()) for _ in range(max(self.sink.in_flight, 1))}
        tasks = {
            *workers,
            asyncio.create_task(self._read()),
            asyncio.create_task(self._recorder.run(self._recorded)),
            asyncio.create_task(self._ends.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.halt()
            await asyncio.wait(workers)
            await self._recorder.end()
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault
        if self._disabled is not None:
            await self._call(self._ledger.disable, self.name, self._disabled)

    def end_when_settled(self) -> None:
        """End as soon as nothing waits; what was added is looked for once more."""
        self._until_settled = True
        self.told()

    def halt(self) -> None:
        """Begin no further call."""
        self._halted = True
        self._ends.set()
        for parked in self._parked:
            if not parked.done():
                parked.set_result(None)
        self._parked.clear()

    async def finish(self) -> None:
        """Have recorded what became of the last events, and close the sink.

        Raises:
            OutboxError: Outcomes can't be recorded; those events are sent again.
        """
        try:
            await self._recorder.end()
        finally:
            if self._open:
                self._open = False
                await closing(self.sink, self._settings.grace)

    async def count_left(self) -> None:
        """Count what still waits in the outbox, for the progress; behind `finish` only."""
        left = place = 0
        while True:
            rows = await self._call(self._ledger.pending, self.name, place, self._settings.window)
            left += len(rows)
            if len(rows) < self._settings.window:
                break
            place = rows[-1].message.seq
        self._left = left

    def told(self) -> None:
        """Take that events were added to the outbox."""
        self._news += 1
        self._at_end = False
        self._hungry.set()

    @property
    def settled(self) -> bool:
        """Whether all that stands in the outbox is settled here, and that is recorded."""
        return self._at_end and self._backlog.empty and self._recorder.idle

    def progress(self) -> SinkProgress:
        """Return how far it is; from any thread."""
        buried = self._dead_letters.reason if self._dead_letters is not None else ""
        return SinkProgress(
            name=self.name,
            delivered=self._recorder.delivered,
            dead=self._dead,
            waiting=len(self._backlog) if self._left is None else self._left,
            retrying=self._backlog.retrying,
            more=self._left is None and not self._at_end,
            in_flight=self._active,
            limit=self._limit.allowed,
            rate=self._recorder.rate(),
            paused=not self._circuit.closed,
            reason=self._recorder.fault or buried or self._reason,
            disabled=self._disabled,
        )

    # Sending.

    async def _opened(self) -> bool:
        failures = 0
        while not self._halted:
            fault = await opening(self.sink)
            self._begun()
            if not fault:
                self._open = True
                return True
            self._reason = fault
            failures += 1
            await pause(self._ends, self._pause(failures))
        return False

    async def _work(self) -> None:
        loop, sink, deadline = self._loop, self.sink, self._settings.deadline
        while not self._halted:
            batch = self._take()
            if not batch:
                parked = loop.create_future()
                self._parked.append(parked)
                await parked
                continue
            began = loop.time()
            try:
                outcomes = await answers(sink, [each.message for each in batch], deadline)
            except asyncio.CancelledError:
                self._active -= 1
                raise
            self._active -= 1
            self._answered(batch, outcomes, began)

    def _take(self) -> Sequence[Pending]:
        """Return what to send now; nothing where nothing may be sent."""
        backlog = self._backlog
        if not backlog.sendable or self._halted or self._recorder.full:
            return ()
        if self._active >= self._limit.allowed:
            return ()
        if not self._circuit.may_send(self._loop.time()):
            self._arm()
            return ()
        self._active += 1
        batch = backlog.take(self._batch, untried=not self._circuit.closed)
        if backlog.sendable:
            self._wake()
        if len(backlog.ready) < self._low and not self._at_end:
            self._hungry.set()
        return batch

    def _answered(
        self, batch: Sequence[Pending], outcomes: Sequence[Outcome], began: float
    ) -> None:
        now = self._loop.time()
        answered, failed = False, False
        asked: float | None = None
        for pending, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Delivered):
                answered = True
                self._recorder.delivered += 1
                seq, attempts = pending.message.seq, pending.attempts + 1
                self._settle(pending, Settlement(seq, "delivered", attempts))
            elif isinstance(outcome, Retry):
                failed = True
                if outcome.after is not None:
                    asked = max(asked or 0.0, self._settings.backoff.asked(outcome.after))
                self._retry(pending, outcome, now)
            elif isinstance(outcome, Dead):
                answered = True
                self._bury(pending, outcome.reason, now)
            else:
                self._reason = self._disabled = outcome.reason
                self.halt()
        if asked is not None or (failed and not answered):
            self._circuit.failed(now, asked)
            self._limit.failed(began, now, asked=asked is not None)
        elif answered:
            if self._circuit.succeeded():
                self._limit.restart(now)
            self._limit.answered(began, now, full=self._active + 1 >= self._limit.allowed)
        if failed:
            self._arm()

    def _retry(self, pending: Pending, outcome: Retry, now: float) -> None:
        attempts = pending.attempts + 1
        if attempts >= self._settings.max_attempts:
            self._bury(pending, f"given up at attempt {attempts}: {outcome.reason}", now)
        else:
            self._wait(pending, outcome, now)

    def _wait(self, pending: Pending, outcome: Retry, now: float) -> None:
        self._reason = outcome.reason
        message, attempts = pending.message, pending.attempts + 1
        delay = self._settings.backoff.delay(attempts, self._random, outcome.after)
        due = self._clock() + delay
        self._recorder.note(Settlement(message.seq, "waiting", attempts, due, outcome.reason))
        self._backlog.retry(Pending(message, attempts, due), now + delay, now)

    def _bury(self, pending: Pending, reason: str, now: float) -> None:
        self._reason = reason
        seq, attempts = pending.message.seq, pending.attempts + 1

        def put() -> None:
            self._dead += 1
            self._settle(pending, Settlement(seq, "dead", attempts, 0.0, reason))
            self._wake()

        if self._dead_letters is None:
            put()
        elif not self._dead_letters.take(pending.message, put):
            self._wait(pending, Retry("dead letters: too many wait"), now)
            self._arm()

    def _settle(self, pending: Pending, settlement: Settlement) -> None:
        self._backlog.done(pending)
        self._recorder.note(settlement)
        if self._backlog.again_at == -math.inf:
            self._hungry.set()

    # Waking: workers when something may be sent, all else at its time.

    def _wake(self) -> None:
        """Wake one worker; it wakes the next one where there is more to do."""
        if self._parked and self._backlog.sendable and self._active < self._limit.allowed:
            parked = self._parked.pop()
            if not parked.done():
                parked.set_result(None)

    def _arm(self) -> None:
        """See to it that `_tick` is called at the next time that something waits for."""
        now = self._loop.time()
        at = self._backlog.due_at
        again = self._backlog.again_at
        if again <= now:
            self._hungry.set()
        else:
            at = min(at, again)
        if not self._circuit.closed and not self._circuit.probing:
            at = max(self._circuit.opens_at, now)
        if at == math.inf or (self._timer is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._backlog.advance(self._loop.time())
        self._wake()
        self._arm()

    # Reading.

    async def _read(self) -> None:
        backlog, window = self._backlog, self._settings.window
        while True:
            self._hungry.clear()
            if backlog.settled is None and backlog.again_at <= self._loop.time():
                await self._read_again()
            if self._at_end or not backlog.room or len(backlog.ready) >= self._low:
                await self._hungry.wait()
                continue
            news = self._news
            rows = await self._rows()
            backlog.feed(rows, self._loop.time(), self._clock())
            if rows:
                self._place = rows[-1].message.seq
            whole = len(rows) < window
            if whole or self._place >= self._again_until:
                self._place = max(self._place, self._again_until)
                backlog.settled = None
            self._at_end = whole and news == self._news
            self._wake()
            self._arm()
            self._end_if_settled()

    async def _rows(self) -> Sequence[Pending]:
        """Return the next events; while the outbox is away, wait until the end.

        To end for it would forget what arrived meanwhile, and send that again.
        """
        failures = 0
        while True:
            try:
                return await self._call(
                    self._ledger.pending, self.name, self._place, self._settings.window
                )
            except OutboxUnwritableError as error:
                if self._halted:
                    raise
                self._reason = str(error)
            failures += 1
            await pause(self._ends, self._pause(failures))

    async def _read_again(self) -> None:
        """Go back to what was left behind; what was settled before must be recorded by then."""
        place = self._backlog.read_again()
        self._again_until = self._place
        self._at_end = False
        await self._recorder.write()
        await self._recorder.flush()
        self._place = min(place, self._place)

    def _recorded(self) -> None:
        self._wake()
        self._end_if_settled()

    def _end_if_settled(self) -> None:
        if self._until_settled and self.settled:
            self.halt()
