"""A stream through the check: clean events pass on, of the others a record goes into quarantine.

A batch is taken, judged, sent, and only then told to be done with. So whatever ends the relay, what
it had not done with comes again under the same message id, and the stream that has it already drops
it. One batch at a time keeps the order.
"""

from __future__ import annotations

import asyncio
import random as chance
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from quantapilot.relay.backoff import Backoff
from quantapilot.relay.feed import UnheardError
from quantapilot.relay.quarantine import RECORD, Held, record
from quantapilot.sinks.link import UnreachableError
from quantapilot.sinks.sink import Dead, Delivered, Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from quantapilot.relay.feed import Feed, Taken
    from quantapilot.sinks.sink import Sink

T = TypeVar("T")

# How often it is told that a batch is done with, where nobody answers: the second time over a
# connection that is new. A server that lost in a crash that it gave these out never answers.
_TELLINGS = 2


@dataclass(frozen=True, slots=True)
class Passes:
    """An event that may be passed on: its type and its run, of which its subject is made."""

    type: str
    run: str


@dataclass(slots=True)
class Tally:
    """What became of events.

    `clean`, `quarantined` and `unchecked` count what is done with; the unchecked were quarantined
    too, since they could not be looked at. `waiting` tells that something was left undone, and
    `reason` why.
    """

    clean: int = 0
    quarantined: int = 0
    unchecked: int = 0
    waiting: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How a stream is relayed.

    Attributes:
        ordered: Whether an event is sent when the one before it of its run has arrived, rather than
            right behind it.
        pauses: How long to wait before what failed is tried again.
        give_up_after: Seconds after which a relay ends although something waits; None: never.
    """

    ordered: bool = False
    pauses: Backoff = field(default_factory=partial(Backoff, first=0.25, cap=5.0))
    give_up_after: float | None = None


class _StoppedError(Exception):
    """The relay is to end, and what it was at is not done."""


class CheckedStream:
    """Relays one stream into two, until it is stopped."""

    def __init__(
        self,
        feed: Feed,
        judge: Callable[[Taken], Passes | Held],
        clean: Sink,
        quarantine: Sink,
        settings: StreamSettings | None = None,
        *,
        told: Callable[[str], None] = lambda _: None,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """Take the streams.

        Args:
            feed: Where events come from.
            judge: Tells of each whether it may be passed on.
            clean: Where those go that may.
            quarantine: Where a record goes of each that may not.
            settings: How to relay.
            told: Gets a line of text when something can't be done, and when it can again.
            random: Returns a number from 0 to below 1, for waits.
        """
        self._feed = feed
        self._judge = judge
        self._clean = clean
        self._quarantine = quarantine
        self._settings = settings or StreamSettings()
        self._told = told
        self._random = random
        self._halt = asyncio.Event()
        self._wrong: dict[str, str] = {}
        self.tally = Tally()

    def stop(self) -> None:
        """End when the batch under way is done with, or can't be; on the loop that it runs on."""
        self._halt.set()

    async def run(self, *, once: bool = False) -> Tally:
        """Relay until `stop`, or with `once` until there is nothing left in the stream.

        Raises:
            SinkError: The stream can't be read as it is set up.
        """
        loop, most = asyncio.get_running_loop(), self._settings.give_up_after
        giving_up = None if most is None else loop.call_later(most, self.stop)
        try:
            with suppress(_StoppedError):
                await self._run(once=once)
        finally:
            if giving_up is not None:
                giving_up.cancel()
            for each in (self._feed, self._clean, self._quarantine):
                await each.close()
        self.tally.reason = "; ".join(f"{name}: {why}" for name, why in self._wrong.items())
        self.tally.waiting |= bool(self._wrong)
        return self.tally

    async def _run(self, *, once: bool) -> None:
        feed = self._feed
        while not self._halt.is_set():
            batch = await self._asked(lambda: self._unless_halted(feed.take(wait=not once)))
            if batch:
                await self._relay(batch)
            elif once:
                if await self._asked(feed.empty):
                    return
                # Another relay, or one before this, has taken events: they may come again.
                await self._pause(1)

    async def _relay(self, batch: Sequence[Taken]) -> None:
        """Send what becomes of a batch, and then tell that it is done with."""
        passed: list[Message] = []
        held: list[tuple[Taken, Held]] = []
        for taken in batch:
            verdict = self._judge(taken)
            if isinstance(verdict, Held):
                held.append((taken, verdict))
            else:
                passed.append(Message(taken.seq, taken.key, verdict.type, verdict.run, taken.body))
        dead = await self._both(passed, held)
        # Nobody is at fault, and yet it never arrives: that must not hold up those behind it.
        by_key = {taken.key: taken for taken in batch}
        undelivered = [
            (by_key[each.id], Held(reason=f"it can't be passed on: {why}")) for each, why in dead
        ]
        await self._recorded(undelivered)
        await self._done(batch)
        self.tally.clean += len(passed) - len(dead)
        self.tally.quarantined += len(held) + len(dead)
        self.tally.unchecked += sum(
            any(each.unchecked for each in verdict.findings) for _, verdict in held
        )

    async def _both(
        self, passed: Sequence[Message], held: Sequence[tuple[Taken, Held]]
    ) -> list[tuple[Message, str]]:
        """Send to both streams side by side; return what the first never takes, and why."""
        recording = asyncio.create_task(self._recorded(held))
        try:
            dead = await self._sent(self._clean, passed)
            await recording
        finally:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
        return dead

    async def _recorded(self, held: Sequence[tuple[Taken, Held]]) -> None:
        """Send records; of one that is too big only where its event stands, and that again."""
        dead = await self._sent(self._quarantine, [_record(*each) for each in held])
        by_key = {taken.key: taken for taken, _ in held}
        attempts = 0
        while dead:
            if attempts:
                self._say(self._quarantine.name, dead[0][1])
                await self._pause(attempts)
            attempts += 1
            bare = [
                _record(by_key[each.id], Held(reason=f"its findings can't be told: {why}"))
                for each, why in dead
            ]
            dead = await self._sent(self._quarantine, bare)

    async def _done(self, batch: Sequence[Taken]) -> None:
        """Tell that a batch is done with; where nobody hears it, it comes again and is known."""
        unheard = 0

        async def done() -> None:
            nonlocal unheard
            try:
                await self._feed.done(batch)
            except UnheardError:
                unheard += 1
                if unheard < _TELLINGS:
                    raise

        await self._asked(done)

    async def _sent(self, sink: Sink, messages: Sequence[Message]) -> list[tuple[Message, str]]:
        """Send messages until each arrived; return those that never do, and why.

        Raises:
            _StoppedError: The relay is to end before that.
        """
        dead: list[tuple[Message, str]] = []
        for wave in _waves(messages, ordered=self._settings.ordered):
            for start in range(0, len(wave), sink.batch):
                left, attempts = wave[start : start + sink.batch], 0
                while left:
                    outcomes = await sink.send(left)
                    again: list[Message] = []
                    reason = ""
                    for message, outcome in zip(left, outcomes, strict=True):
                        if isinstance(outcome, Dead):
                            dead.append((message, outcome.reason))
                        elif not isinstance(outcome, Delivered):
                            again.append(message)
                            reason = reason or outcome.reason
                    attempts = attempts + 1 if len(again) == len(left) else 1
                    left = again
                    self._say(sink.name, reason)
                    if left:
                        await self._pause(attempts)
        return dead

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what the feed answers, once it does."""
        attempts = 0
        while True:
            try:
                answer = await ask()
            except UnreachableError as error:
                attempts += 1
                self._say(self._feed.name, str(error))
                await self._pause(attempts)
            else:
                self._say(self._feed.name, "")
                return answer

    async def _unless_halted(self, taking: Awaitable[Sequence[Taken]]) -> Sequence[Taken]:
        task = asyncio.ensure_future(taking)
        halted = asyncio.create_task(self._halt.wait())
        try:
            await asyncio.wait({task, halted}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else ()
        finally:
            for each in (task, halted):
                each.cancel()
            await asyncio.gather(task, halted, return_exceptions=True)

    async def _pause(self, attempts: int) -> None:
        """Wait before another attempt.

        Raises:
            _StoppedError: The relay is to end meanwhile.
        """
        pauses = self._settings.pauses
        # Half of it for certain: a refusal that comes at once must not be asked for in a circle.
        delay = (pauses.bound(attempts) + pauses.delay(attempts, self._random)) / 2
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._halt.wait()
        if self._halt.is_set():
            self.tally.waiting = True
            raise _StoppedError

    def _say(self, name: str, reason: str) -> None:
        """Tell what goes wrong, once for each reason, and that it goes on."""
        if self._wrong.get(name, "") == reason:
            return
        if reason:
            self._wrong[name] = reason
            self._told(f"{name}: {reason}; trying again")
        else:
            del self._wrong[name]
            self._told(f"{name}: goes on")


def _record(taken: Taken, held: Held) -> Message:
    return Message(taken.seq, taken.key, RECORD, RECORD, record(taken, held))


def _waves(messages: Sequence[Message], *, ordered: bool) -> Iterator[Sequence[Message]]:
    """Yield what may be sent at once: all, or of each run the next event."""
    if not ordered:
        yield messages
        return
    waves: list[list[Message]] = []
    runs: dict[str, int] = {}
    for message in messages:
        at = runs.get(message.subject, 0)
        runs[message.subject] = at + 1
        if at == len(waves):
            waves.append([])
        waves[at].append(message)
    yield from waves
