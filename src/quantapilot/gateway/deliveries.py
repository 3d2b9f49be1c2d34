"""Subscriptions' deliveries: each subscription is challenged, and then sent its events.

All of it is on a thread and an event loop of its own: no receiver, however slow, takes time from
those that start runs. What is durable is in the store, and blocking calls of that on one more
thread.
"""

from __future__ import annotations

import asyncio
import logging
import random as chance
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from quantapilot.errors import QuantaPilotError, shown
from quantapilot.gateway.addressee import Patience
from quantapilot.gateway.course import Course, Means
from quantapilot.gateway.grouping import Grouping, GroupLedger
from quantapilot.gateway.plan import News, plans
from quantapilot.gateway.webhooks import DeliverySettings
from quantapilot.relay.blocking import OneThread
from quantapilot.relay.recorder import pause
from quantapilot.relay.thread import loop_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from quantapilot.gateway.course import States
    from quantapilot.gateway.model import Directory, StoredEvent
    from quantapilot.gateway.plan import Plan
    from quantapilot.gateway.webhooks import SubscriptionKeys
    from quantapilot.sinks.sink import Outcome

_LOG = logging.getLogger(__name__)
# News of so many seconds is told at once: a look for each commit would cost more than it is worth.
_LINGER = 0.01


class DeliveryLedger(GroupLedger, Protocol):
    """What records outcomes of several subscriptions at once, and tells how long they fail."""

    def failing(self) -> Mapping[str, float]:
        """Return for how many seconds nothing arrives, by the subscriptions that this is so of."""
        ...


class Deliveries:
    """Delivers to all subscriptions of a store; only one process may do so at a time."""

    def __init__(
        self,
        ledger: DeliveryLedger,
        states: States,
        directory: Callable[[], Directory],
        keys: SubscriptionKeys,
        settings: DeliverySettings | None = None,
        *,
        changed: Callable[[], None] = lambda: None,
        counted: Callable[[Outcome], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """Take what is delivered, to whom, and how.

        Args:
            ledger: What knows the events of a subscription, by its id.
            states: What keeps the states of subscriptions.
            directory: Returns, at once and on any thread, the subscriptions and tokens there are.
            keys: What derives the secrets of subscriptions.
            settings: How to deliver.
            changed: Called on the thread of deliveries where a state may have been changed, so that
                the directory is stale.
            counted: Told, on the thread of deliveries, what became of each attempt.
            clock: Returns seconds since the epoch.
            random: Returns a number from 0 to below 1, for waits.
        """
        self._ledger = ledger
        self._states = states
        self._directory = directory
        self._keys = keys
        self._settings = settings or DeliverySettings()
        self._changed = changed
        self._counted = counted
        self._clock = clock
        self._random = random
        self._courses: dict[str, Course] = {}
        self._patience: dict[str, Patience] = {}
        # What whoever delivered before knew of those at which nothing arrives; None until it is
        # read: then nothing is delivered, as the store is away.
        self._failing: dict[str, float] | None = None
        # Where a course has ended: the version of the directory that did not tell of that yet.
        self._stale: dict[str, int] = {}
        self._news: News | None = None
        self._lock = threading.Lock()
        self._fault = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look = asyncio.Event()
        self._halts = False
        self._begun = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="quantapilot-deliveries-loop", daemon=True
        )

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            RuntimeError: It was started before.
        """
        self._thread.start()
        self._begun.wait()

    def stop(self, timeout: float = 30.0) -> bool:
        """Begin no further call, and wait until what became of those under way is recorded.

        Args:
            timeout: How many seconds to wait at most.

        Returns:
            Whether it ended in time; where not, those events are sent again by who comes next.
        """
        if self._thread.ident is None:
            return True
        self._halts = True
        self._soon(self._look.set)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether it delivers."""
        return self._thread.is_alive()

    def sync(self) -> None:
        """Take that the directory has changed; from any thread."""
        self._soon(self._look.set)

    def told(self, events: Sequence[StoredEvent]) -> None:
        """Take that events were committed, by whichever process; from any thread."""
        if self._loop is None:
            # Who begins to deliver looks at all there is.
            return
        if not self._courses:
            # Whoever comes next looks for itself.
            return
        news = News.of(events)
        with self._lock:
            first = self._news is None
            self._news = news if self._news is None else self._news | news
        if first:
            self._soon(self._linger)

    def trouble(self, subscription_id: str) -> str:
        """Return why deliveries to a subscription fail now; nothing where they don't.

        From any thread; only the process that delivers knows it.
        """
        patience = self._patience.get(subscription_id)
        if patience is not None and patience.trouble:
            return patience.trouble
        course = self._courses.get(subscription_id)
        lane = None if course is None else course.lane
        if lane is None:
            return ""
        progress = lane.progress()
        return progress.reason if progress.retrying else ""

    # What follows is called on the loop only.

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001
            _LOG.error("deliveries ended: %s", shown(error))
        finally:
            self._loop = None
            self._begun.set()

    async def _serve(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._begun.set()
        with OneThread("quantapilot-deliveries") as pool:
            means = self._means(pool)
            swept = loop.time()
            try:
                while not self._halts:
                    self._look.clear()
                    if self._failing is None:
                        await self._take_over(means)
                    self._match(means)
                    if loop.time() - swept > self._settings.sweep:
                        swept = loop.time()
                        await self._sweep(means)
                    await pause(self._look, self._settings.look)
            finally:
                courses = tuple(self._courses.values())
                for course in courses:
                    course.end()
                for course in courses:
                    await course.ended()
                await self._flush(means)

    async def _take_over(self, means: Means) -> None:
        try:
            self._failing = dict(await means.call(self._ledger.failing))
        except QuantaPilotError as error:
            self._failed(error)

    def _means(self, pool: OneThread) -> Means:
        return Means(
            Grouping(self._ledger, pool.submit),
            self._states,
            self._keys,
            self._settings,
            call=partial(asyncio.get_running_loop().run_in_executor, pool),
            clock=self._clock,
            random=self._random,
            failed=self._failed,
            ended=self._ended,
            counted=self._counted,
        )

    def _match(self, means: Means) -> None:
        """Have a course for each plan, and no other; one that is to end goes before the next."""
        directory = self._directory()
        wanted = plans(directory, self._clock(), self._settings.rotation)
        for name, course in tuple(self._courses.items()):
            if wanted.get(name) != course.plan:
                course.end()
            elif not course.done or self._stale.setdefault(name, directory.version) == (
                directory.version
            ):
                continue
            if course.done:
                del self._courses[name]
                self._stale.pop(name, None)
        for name in self._patience.keys() - wanted.keys():
            del self._patience[name]
        for name, plan in wanted.items():
            known = self._failing is not None or plan.task != "deliver"
            if known and name not in self._courses:
                self._courses[name] = Course(plan, self._patient(plan), means)

    def _patient(self, plan: Plan) -> Patience:
        """Return what judges deliveries: the same until a receiver is challenged anew."""
        patience = self._patience.get(plan.subscription_id)
        if patience is None or plan.task == "challenge":
            # Who is challenged begins anew.
            failing = (self._failing or {}).pop(plan.subscription_id, None)
            if plan.task == "challenge":
                failing = None
            patience = Patience(self._settings.disable_after, self._settings.pause, failing=failing)
            self._patience[plan.subscription_id] = patience
        return patience

    def _linger(self) -> None:
        asyncio.get_running_loop().call_later(_LINGER, self._tell)

    def _tell(self) -> None:
        with self._lock:
            news, self._news = self._news, None
        if news is None:
            return
        directory = self._directory()
        for name, course in self._courses.items():
            subscription = directory.subscriptions.get(name)
            if course.lane is None or subscription is None:
                continue
            token = directory.tokens.get(subscription.token_id)
            if token is not None and news.concern(subscription, token):
                course.lane.told()

    async def _sweep(self, means: Means) -> None:
        self._fault = ""
        await self._flush(means)
        for course in self._courses.values():
            if course.lane is not None:
                course.lane.told()

    async def _flush(self, means: Means) -> None:
        try:
            await means.call(means.ledger.flush)
        except QuantaPilotError as error:
            self._failed(error)

    def _ended(self) -> None:
        self._look.set()
        self._changed()

    def _failed(self, error: Exception) -> None:
        # One line for all subscriptions, and again at times while it lasts.
        fault = shown(error)
        if fault != self._fault:
            self._fault = fault
            _LOG.warning("deliveries are held up: %s", fault)

    def _soon(self, function: Callable[[], object]) -> None:
        loop = self._loop
        if loop is None:
            return
        # A loop that was closed meanwhile has nobody to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(function)
