"""One sink's way out of the outbox: read, sent, recorded, on a progress of its own.

A fixed set of workers sends what the backlog has ready; how many of them do at a time follows the
receiver. One task reads the outbox ahead, one records outcomes in groups. What blocks runs on the
relay's thread, never on the loop.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeVar

from quantapilot.emitter.backlog import Backlog
from quantapilot.emitter.calls import answers
from quantapilot.emitter.circuit import PAUSES, Circuit
from quantapilot.emitter.concurrency import Limit
from quantapilot.emitter.ports import Pending, Settlement
from quantapilot.emitter.progress import SinkProgress
from quantapilot.errors import OutboxUnwritableError, QuantaPilotError
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.emitter.dead_letters import DeadLetters
    from quantapilot.emitter.ports import Ledger
    from quantapilot.emitter.relay_settings import RelaySettings
    from quantapilot.sinks.sink import Outcome, Sink

T = TypeVar("T")

# Outcomes are recorded in groups: this many, or what came within so many seconds.
_GROUP = 256
_LINGER = 0.02
# While so many outcomes can't be recorded, nothing more is sent.
_MOST_UNRECORDED = 4096
# The rate is that of the last so many groups, and of so many seconds.
_SAMPLES = 256
_RATE_OVER = 5.0


class Blocking(Protocol):
    """Calls what blocks on another thread; one call after the other."""

    def __call__(self, function: Callable[..., T], /, *given: object) -> asyncio.Future[T]:
        """Return what the function returns."""
        ...


class Lane:
    """Delivers the events of a ledger to one sink."""

    def __init__(
        self,
        sink: Sink,
        ledger: Ledger,
        settings: RelaySettings,
        *,
        clock: Callable[[], float],
        random: Callable[[], float],
        dead_letters: DeadLetters | None = None,
    ) -> None:
        """Take what is delivered, where to, and how.

        Args:
            sink: The sink.
            ledger: What knows the events, and what became of them.
            settings: How to deliver.
            clock: Returns seconds since the epoch.
            random: Returns a number from 0 to below 1.
            dead_letters: Where events go that never arrive; they are only recorded where None.
        """
        self.sink = sink
        self.name = sink.name
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._random = random
        self._dead_letters = dead_letters
        self._batch = max(sink.batch, 1)
        self._low = max(settings.window, self._batch)
        self._backlog = Backlog(ordered=settings.ordered)
        self._limit = Limit(max(sink.in_flight, 1))
        self._circuit = Circuit(random)
        self._active = 0
        self._parked: list[asyncio.Future[None]] = []
        self._place = 0
        self._again_until = 0
        self._at_end = False
        self._news = 0
        self._unrecorded: list[Settlement] = []
        self._recording = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._until_settled = False
        self._halted = False
        self._delivered = 0
        self._dead = 0
        self._reason = ""
        self._disabled: str | None = None
        self._left: int | None = None
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    async def run(self, call: Blocking, *, until_settled: bool) -> None:
        """Deliver until `halt`, until the sink wants no more, or until nothing waits.

        Calls that are under way then are waited for. What became of the last ones is recorded by
        `finish`.

        Args:
            call: Calls what blocks.
            until_settled: Whether to end when nothing waits.

        Raises:
            OutboxError: Events can't be read, or outcomes can't be recorded.
            SinkError: The sink can't be used.
        """
        self._loop = asyncio.get_running_loop()
        self._call = call
        self._until_settled = until_settled
        self._ends = asyncio.Event()
        self._hungry = asyncio.Event()
        self._to_record = asyncio.Event()
        self._writing = asyncio.Lock()
        if self._halted:
            self._ends.set()
        self._disabled = await call(self._ledger.register, self.name)
        if self._disabled is not None or not await self._opened():
            return
        workers = [asyncio.create_task(self._work()) for _ in range(max(self.sink.in_flight, 1))]
        others = [asyncio.create_task(self._read()), asyncio.create_task(self._record())]
        ends = asyncio.create_task(self._ends.wait())
        try:
            await asyncio.wait({ends, *others, *workers}, return_when=asyncio.FIRST_COMPLETED)
            self.halt()
            self._wake_all()
            await asyncio.wait(workers)
        finally:
            for task in (ends, *others, *workers):
                task.cancel()
            ended = await asyncio.gather(ends, *others, *workers, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault
        if self._disabled is not None:
            await self._write()
            await call(self._ledger.disable, self.name, self._disabled)

    def halt(self) -> None:
        """Begin no further call."""
        self._halted = True
        if hasattr(self, "_ends"):
            self._ends.set()

    async def finish(self) -> None:
        """Have recorded what became of the last events, and close the sink.

        Raises:
            OutboxError: Outcomes can't be recorded; those events are sent again.
        """
        if not hasattr(self, "_call"):
            return
        try:
            if self._unrecorded:
                await self._write()
        finally:
            try:
                await self.sink.close()
            except Exception as error:  # noqa: BLE001
                self._reason = f"fault of the sink: {type(error).__name__}"

    async def count_left(self) -> None:
        """Count what still waits in the outbox, for the progress; after `finish` only."""
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
        if hasattr(self, "_hungry"):
            self._hungry.set()

    @property
    def settled(self) -> bool:
        """Whether all that stands in the outbox is settled here, and that is recorded."""
        return self._at_end and self._backlog.empty and not self._unrecorded and not self._recording

    def progress(self) -> SinkProgress:
        """Return how far it is; from any thread."""
        letters = self._dead_letters
        reason = self._reason
        if letters is not None and letters.reason:
            reason = letters.reason
        return SinkProgress(
            name=self.name,
            delivered=self._delivered,
            dead=self._dead,
            waiting=len(self._backlog) if self._left is None else self._left,
            retrying=self._backlog.retrying,
            more=self._left is None and not self._at_end,
            in_flight=self._active,
            limit=self._limit.allowed,
            rate=self._rate(),
            paused=not self._circuit.closed,
            reason=reason,
            disabled=self._disabled,
        )

    # Sending.

    async def _opened(self) -> bool:
        failures = 0
        while not self._halted:
            try:
                await self.sink.open()
            except QuantaPilotError:
                raise
            except Exception as error:  # noqa: BLE001
                self._reason = f"fault of the sink: {type(error).__name__}"
            else:
                return True
            failures += 1
            try:
                async with asyncio.timeout(PAUSES.delay(failures, self._random)):
                    await self._ends.wait()
            except TimeoutError:
                pass
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
                self._circuit.released()
                raise
            self._active -= 1
            self._answered(batch, outcomes, began)

    def _take(self) -> Sequence[Pending]:
        """Return what to send now; nothing where nothing may be sent."""
        ready = self._backlog.ready
        if (
            not ready
            or self._halted
            or self._active >= self._limit.allowed
            or len(self._unrecorded) >= _MOST_UNRECORDED
        ):
            return ()
        circuit = self._circuit
        if not circuit.closed and not circuit.may_send(self._loop.time()):
            self._arm()
            return ()
        self._active += 1
        if self._batch == 1:
            batch = [ready.popleft()]
        else:
            batch = [ready.popleft() for _ in range(min(self._batch, len(ready)))]
        if ready:
            self._wake()
        if len(ready) < self._low and not self._at_end:
            self._hungry.set()
        return batch

    def _answered(
        self, batch: Sequence[Pending], outcomes: Sequence[Outcome], began: float
    ) -> None:
        now = self._loop.time()
        failed: Retry | None = None
        good = False
        for pending, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Delivered):
                good = True
                self._delivered += 1
                self._settle(
                    pending, Settlement(pending.message.seq, "delivered", pending.attempts + 1)
                )
            elif isinstance(outcome, Retry):
                if failed is None or (outcome.after or 0) > (failed.after or 0):
                    failed = outcome
                self._retry(pending, outcome, now)
            elif isinstance(outcome, Dead):
                good = True
                self._bury(pending, outcome.reason, now)
            elif isinstance(outcome, Disabled):
                self._reason = self._disabled = outcome.reason
                self.halt()
        if failed is not None:
            asked = None if failed.after is None else self._settings.backoff.asked(failed.after)
            if asked is not None or not good:
                self._circuit.failed(now, asked)
            self._limit.failed(began, now)
            self._arm()
        elif good:
            if not self._circuit.closed and self._circuit.succeeded():
                self._limit.restart(now)
            full = self._active + 1 >= self._limit.allowed
            self._limit.answered(began, now, full=full)

    def _retry(self, pending: Pending, outcome: Retry, now: float) -> None:
        attempts = pending.attempts + 1
        if attempts >= self._settings.max_attempts:
            self._bury(pending, f"given up at attempt {attempts}: {outcome.reason}", now)
            return
        self._wait(pending, attempts, outcome, now)

    def _wait(self, pending: Pending, attempts: int, outcome: Retry, now: float) -> None:
        self._reason = outcome.reason
        delay = self._settings.backoff.delay(attempts, self._random, outcome.after)
        due = self._clock() + delay
        message = pending.message
        self._note(Settlement(message.seq, "waiting", attempts, due, outcome.reason))
        self._backlog.retry(Pending(message, attempts, due), now + delay, now)

    def _bury(self, pending: Pending, reason: str, now: float) -> None:
        self._reason = reason
        attempts = pending.attempts + 1

        def put() -> None:
            self._dead += 1
            self._settle(pending, Settlement(pending.message.seq, "dead", attempts, 0.0, reason))
            self._wake()

        if self._dead_letters is None:
            put()
        elif not self._dead_letters.take(pending.message, put):
            self._wait(pending, attempts, Retry("dead letters: too many wait"), now)

    def _settle(self, pending: Pending, settlement: Settlement) -> None:
        self._backlog.done(pending)
        self._note(settlement)
        if self._backlog.again_at == -math.inf:
            self._hungry.set()

    # Waking: what waits for a time, or for something to send.

    def _wake(self) -> None:
        if self._parked and self._backlog.ready and self._active < self._limit.allowed:
            parked = self._parked.pop()
            if not parked.done():
                parked.set_result(None)

    def _wake_all(self) -> None:
        for parked in self._parked:
            if not parked.done():
                parked.set_result(None)
        self._parked.clear()

    def _arm(self) -> None:
        """See to it that `_tick` is called at the next time that something waits for."""
        at = min(self._backlog.due_at, self._backlog.again_at)
        if not self._circuit.closed and not self._circuit.probing:
            at = min(at, self._circuit.opens_at)
            at = max(at, self._circuit.opens_at)
        if at == math.inf or (self._timer is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(max(at, self._loop.time()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._backlog.advance(now)
        if self._backlog.again_at <= now:
            self._hungry.set()
        self._wake()
        self._arm()

    # Reading.

    async def _read(self) -> None:
        window = self._settings.window
        while True:
            self._hungry.clear()
            if self._backlog.settled is None and self._backlog.again_at <= self._loop.time():
                await self._read_again()
            if self._at_end or not self._backlog.room or len(self._backlog.ready) >= self._low:
                await self._hungry.wait()
                continue
            news = self._news
            rows = await self._call(self._ledger.pending, self.name, self._place, window)
            self._backlog.feed(rows, self._loop.time(), self._clock())
            if rows:
                self._place = rows[-1].message.seq
            if len(rows) < window and news == self._news:
                self._at_end = True
            if len(rows) < window or self._place >= self._again_until:
                self._place = max(self._place, self._again_until)
                self._backlog.settled = None
            self._wake()
            self._arm()
            self._end_if_settled()

    async def _read_again(self) -> None:
        """Go back to what was left behind; what was settled since must be recorded before."""
        place = self._backlog.read_again()
        self._again_until = self._place
        await self._write()
        await self._call(self._ledger.flush)
        self._place = min(place, self._place)
        self._at_end = False

    # Recording.

    def _note(self, settlement: Settlement) -> None:
        notes = self._unrecorded
        notes.append(settlement)
        if len(notes) == 1:
            self._loop.call_later(_LINGER, self._to_record.set)
        elif len(notes) >= _GROUP:
            self._to_record.set()

    async def _record(self) -> None:
        while True:
            await self._to_record.wait()
            self._to_record.clear()
            await self._write()
            self._wake()
            self._end_if_settled()

    async def _write(self) -> None:
        """Hand over what became of events; wait while the outbox can't be written.

        Raises:
            OutboxError: It can't be recorded, and that is no passing thing, or the relay ends.
        """
        failures = 0
        async with self._writing:
            while self._unrecorded:
                group, self._unrecorded = self._unrecorded, []
                self._recording = len(group)
                try:
                    await self._call(self._ledger.settle, self.name, group)
                except OutboxUnwritableError as error:
                    self._unrecorded[:0] = group
                    if self._halted:
                        raise
                    self._reason = str(error)
                    failures += 1
                    await asyncio.sleep(PAUSES.delay(failures, self._random))
                finally:
                    self._recording = 0
            self._samples.append((self._loop.time(), self._delivered))

    def _end_if_settled(self) -> None:
        if self._until_settled and self.settled:
            self.halt()

    def _rate(self) -> float:
        try:
            samples = tuple(self._samples)
        except RuntimeError:
            return 0.0
        if len(samples) < 2:
            return 0.0
        last, total = samples[-1]
        recent = [each for each in samples if last - each[0] <= _RATE_OVER]
        first, before = recent[0]
        return (total - before) / (last - first) if last > first else 0.0
