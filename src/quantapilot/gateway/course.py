"""What is done for one subscription until its plan changes: a challenge, deliveries, or its end.

Whatever fails on the way of one subscription is tried again, and stops no other; so does a store
that is away.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from quantapilot.errors import SinkError
from quantapilot.gateway.addressee import Addressee
from quantapilot.gateway.challenge import challenged
from quantapilot.gateway.webhooks import webhook
from quantapilot.relay.lane import Lane
from quantapilot.relay.recorder import pause
from quantapilot.sinks.sink import Delivered, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from quantapilot.gateway.addressee import Patience
    from quantapilot.gateway.model import SubscriptionState
    from quantapilot.gateway.plan import Plan
    from quantapilot.gateway.webhooks import DeliverySettings, SubscriptionKeys
    from quantapilot.outbox.ports import Ledger
    from quantapilot.relay.blocking import Blocking
    from quantapilot.sinks.sink import Outcome
    from quantapilot.sinks.webhook import WebhookSink

TOKEN_ENDED = "its token has ended"  # noqa: S105


class States(Protocol):
    """What keeps the states of subscriptions."""

    def set_state(
        self,
        subscription_id: str,
        state: SubscriptionState,
        reason: str,
        *,
        was: Collection[SubscriptionState],
    ) -> object:
        """Have a subscription be in a state, where it is in one of those that it `was` in."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What every course works with.

    Attributes:
        ledger: What knows the events of a subscription, by its id.
        states: What keeps the states of subscriptions.
        keys: What derives their secrets.
        settings: How to deliver.
        call: Calls what blocks.
        clock: Returns seconds since the epoch.
        random: Returns a number from 0 to below 1, for waits.
        failed: Is told of what failed here, not at a receiver.
        ended: Is told when a course has ended.
        counted: Is told what became of each attempt to deliver.
    """

    ledger: Ledger
    states: States
    keys: SubscriptionKeys
    settings: DeliverySettings
    call: Blocking
    clock: Callable[[], float]
    random: Callable[[], float]
    failed: Callable[[Exception], None]
    ended: Callable[[], None]
    counted: Callable[[Outcome], None]


class Course:
    """Follows one plan; made and used on one event loop, where it begins at once."""

    def __init__(self, plan: Plan, patience: Patience, means: Means) -> None:
        """Begin.

        Args:
            plan: What is to be done.
            patience: What judges how deliveries go.
            means: What it works with.
        """
        self.plan = plan
        self.lane: Lane | None = None
        self._patience = patience
        self._means = means
        self._ends = asyncio.Event()
        self._late: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""
        return self._task.done()

    def end(self) -> None:
        """Begin no further call; those under way may take what the relay's settings grant."""
        if self._ends.is_set():
            return
        self._ends.set()
        if self.lane is None:
            self._task.cancel()
            return
        self.lane.halt()
        grace = self._means.settings.relay.grace
        self._late = asyncio.get_running_loop().call_later(grace, self._task.cancel)

    async def ended(self) -> None:
        """Wait until it has ended."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        means = self._means
        begun = {"challenge": self._challenge, "deliver": self._deliver, "end": self._end}
        failures = 0
        try:
            while not self._ends.is_set():
                try:
                    await begun[self.plan.task]()
                except Exception as error:  # noqa: BLE001
                    means.failed(error)
                else:
                    return
                failures += 1
                await pause(self._ends, means.settings.relay.pauses.delay(failures, means.random))
        finally:
            means.ended()

    async def _end(self) -> None:
        await self._disable(TOKEN_ENDED)

    async def _challenge(self) -> None:
        sink = await self._webhook()
        if sink is None:
            return
        await sink.open()
        try:
            outcome = await self._answer(sink)
        finally:
            await sink.close()
        if isinstance(outcome, Delivered):
            await self._put("active", "", {"pending"})
        else:
            await self._disable(f"challenge: {outcome.reason}")

    async def _answer(self, sink: WebhookSink) -> Outcome:
        """Challenge again and again, and return what came of it in the end."""
        settings, random = self._means.settings, self._means.random
        loop = asyncio.get_running_loop()
        until = loop.time() + settings.challenge_for
        attempts = 0
        while True:
            outcome = await challenged(sink)
            attempts += 1
            if not isinstance(outcome, Retry):
                return outcome
            wait = settings.challenge_waits.delay(attempts, random, outcome.after)
            if loop.time() + wait > until:
                return outcome
            self._patience.trouble = f"challenge: {outcome.reason}"
            await asyncio.sleep(wait)

    async def _deliver(self) -> None:
        means, name = self._means, self.plan.subscription_id
        sink = await self._webhook()
        if sink is None:
            return
        lane = self.lane = Lane(
            Addressee(name, sink, self._patience, means.counted),
            means.ledger,
            means.settings.relay,
            call=means.call,
            clock=means.clock,
            random=means.random,
            begun=lambda: None,
        )
        try:
            await lane.run(until_settled=False)
        finally:
            if self._late is not None:
                self._late.cancel()
            await lane.finish()
            self.lane = None

    async def _webhook(self) -> WebhookSink | None:
        """Return the webhook; where its address can't be used any more, disable it instead."""
        plan, means = self.plan, self._means
        secrets = [
            means.keys.subscription_secret(plan.subscription_id, each) for each in plan.generations
        ]
        try:
            return webhook(plan.url, secrets, means.settings)
        except SinkError:
            await self._disable("address not allowed")
        return None

    async def _disable(self, reason: str) -> None:
        await self._put("disabled", reason, {"pending", "active"})

    async def _put(
        self, state: SubscriptionState, reason: str, was: Collection[SubscriptionState]
    ) -> None:
        change = partial(self._means.states.set_state, was=was)
        await self._means.call(change, self.plan.subscription_id, state, reason)
