"""From the outbox to the sinks: every event at least once, each sink on its own progress."""

from __future__ import annotations

import asyncio
import random as chance
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from quantapilot.errors import SinkError, shown
from quantapilot.relay.blocking import OneThread
from quantapilot.relay.calls import closing
from quantapilot.relay.dead_letters import DeadLetters
from quantapilot.relay.lane import Lane
from quantapilot.relay.progress import Progress, SinkProgress
from quantapilot.relay.settings import RelaySettings
from quantapilot.relay.thread import RelayThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.outbox.ports import TellingLedger
    from quantapilot.relay.blocking import Blocking
    from quantapilot.sinks.sink import Sink

__all__ = ["Progress", "Relay", "RelaySettings", "RelayThread", "SinkProgress"]


class Relay:
    """Delivers the events of a ledger to sinks."""

    def __init__(
        self,
        ledger: TellingLedger,
        sinks: Sequence[Sink],
        settings: RelaySettings | None = None,
        *,
        dead_letters: Sink | None = None,
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """Take what is delivered, where to, and how.

        Args:
            ledger: What knows the events, and what became of them.
            sinks: Where they go; each gets all of them.
            settings: How to deliver.
            dead_letters: Where events go, before they are recorded as dead, that never arrive.
            clock: Returns seconds since the epoch.
            random: Returns a number from 0 to below 1, for waits.

        Raises:
            SinkError: There is no sink, or two have one name and so would share one progress.
        """
        names = [sink.name for sink in (*sinks, *((dead_letters,) if dead_letters else ()))]
        if not sinks:
            raise SinkError("a relay needs at least one sink")
        for name in names:
            if names.count(name) > 1:
                raise SinkError(f"two sinks are named {name}: each address may be given once")
        self._ledger = ledger
        self._sinks = tuple(sinks)
        self._settings = settings or RelaySettings()
        self._dead_letters = dead_letters
        self._clock = clock
        self._random = random
        self._lanes: tuple[Lane, ...] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listens = False
        self._news = False
        # How long to linger, once the relay is to stop.
        self._stops: float | None = None
        self._halt = asyncio.Event()
        self._begun = threading.Event()
        self._failure: str | None = None

    async def run(self) -> None:
        """Deliver until `stop`, or until every sink wants no more events.

        Raises:
            OutboxError: Events can't be read, or outcomes can't be recorded.
            SinkError: A sink can't be used.
        """
        await self._serve(until_settled=False)

    async def drain(self) -> Progress:
        """Deliver all that is there, what is retried included; return how far it came.

        It ends sooner at `stop`, after `give_up_after` seconds, and for a sink that wants no more
        events. What waits then is counted.

        Raises:
            OutboxError: Events can't be read, or outcomes can't be recorded.
            SinkError: A sink can't be used.
        """
        await self._serve(until_settled=True)
        return self.progress

    def stop(self, *, linger: float = 0.0) -> None:
        """Begin no further call, and end when those under way have; from any thread.

        Args:
            linger: Seconds in which all that waits may still be delivered.
        """
        self._stops = linger
        self._soon(self._end)

    def began(self, timeout: float) -> bool:
        """Wait until it is known of every sink whether it can be used; from another thread.

        Args:
            timeout: How many seconds to wait at most.

        Returns:
            Whether it is known; also where the relay ended.
        """
        return self._begun.wait(timeout)

    @property
    def progress(self) -> Progress:
        """How far it is; from any thread."""
        lanes = self._lanes
        if lanes:
            sinks = tuple(lane.progress() for lane in lanes)
        else:
            sinks = tuple(SinkProgress(sink.name) for sink in self._sinks)
        return Progress(sinks, running=self._loop is not None, failure=self._failure)

    async def _serve(self, *, until_settled: bool) -> None:
        if self._loop is not None:
            raise RuntimeError("this relay runs already")
        self._failure = None
        # The loop of an earlier run may have ended before it heard of them.
        self._news = False
        self._halt = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self._listens:
            self._listens = True
            self._ledger.on_commit(self._told)
        try:
            with OneThread("quantapilot-relay") as pool:
                await self._deliver(pool, until_settled=until_settled)
        except BaseException as error:
            self._failure = shown(error)
            raise
        finally:
            self._loop = None
            self._stops = None
            self._begun.set()

    async def _deliver(self, pool: OneThread, *, until_settled: bool) -> None:
        call = partial(asyncio.get_running_loop().run_in_executor, pool)
        letters = self._letters()
        begun = self._counted(len(self._sinks))
        self._lanes = tuple(
            Lane(
                sink,
                self._ledger,
                self._settings,
                call=call,
                clock=self._clock,
                random=self._random,
                begun=begun,
                dead_letters=letters,
            )
            for sink in self._sinks
        )
        if self._stops is not None:
            self._end()
        running = {
            asyncio.create_task(lane.run(until_settled=until_settled)) for lane in self._lanes
        }
        halted = asyncio.create_task(self._halt.wait())
        burying = {asyncio.create_task(letters.run())} if letters is not None else set()
        tasks = [*running, *burying, halted]
        try:
            await self._until_ended(running, {halted, *burying})
            for part in (*self._lanes, *((letters,) if letters is not None else ())):
                part.halt()
            await asyncio.wait(running | burying, timeout=self._settings.grace)
        finally:
            for task in tasks:
                task.cancel()
            faults = await asyncio.gather(*tasks, return_exceptions=True)
            faults += await self._finish(call, letters)
        for fault in faults:
            if isinstance(fault, Exception):
                raise fault
        if until_settled or self._stops:
            for lane in self._lanes:
                if not lane.settled:
                    await lane.count_left()

    async def _finish(
        self, call: Blocking, letters: DeadLetters | None
    ) -> list[BaseException | None]:
        """Record the last outcomes, close the sinks, and return what went wrong."""
        faults: list[BaseException | None] = []
        for lane in self._lanes:
            faults += await asyncio.gather(lane.finish(), return_exceptions=True)
        if letters is not None:
            await closing(letters.sink, self._settings.grace)
        faults += await asyncio.gather(call(self._ledger.flush), return_exceptions=True)
        return faults

    def _letters(self) -> DeadLetters | None:
        if self._dead_letters is None:
            return None
        settings = self._settings
        return DeadLetters(self._dead_letters, settings.backoff, self._random, settings.deadline)

    async def _until_ended(
        self, lanes: set[asyncio.Task[None]], others: set[asyncio.Task[Any]]
    ) -> None:
        """Wait until all lanes or one of the others ended, a lane failed, or the time is over."""
        loop = asyncio.get_running_loop()
        most = self._settings.give_up_after
        ends = None if most is None else loop.time() + most
        running = set(lanes)
        while running:
            timeout = None if ends is None else max(ends - loop.time(), 0.0)
            done, _ = await asyncio.wait(
                running | others, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            running -= done
            if not done or done & others or any(task.exception() for task in done):
                return

    def _counted(self, lanes: int) -> Callable[[], None]:
        """Return what each lane calls, again and again maybe, when it has begun."""
        left = lanes

        def begun() -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                self._begun.set()

        return begun

    def _end(self) -> None:
        if not self._stops:
            self._halt.set()
            return
        asyncio.get_running_loop().call_later(self._stops, self._halt.set)
        for lane in self._lanes:
            lane.end_when_settled()

    def _told(self) -> None:
        if not self._news:
            self._news = True
            self._soon(self._tell)

    def _tell(self) -> None:
        self._news = False
        for lane in self._lanes:
            lane.told()

    def _soon(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None:
            self._news = False
            return
        # A loop that was closed meanwhile has nobody to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(function)
