"""A running gateway: its parts, in the order in which they open and close."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from quantapilot.config import load_config
from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.emitter.checking import EventCheck
from quantapilot.errors import ContractError, StoreError
from quantapilot.gateway.access import Access, SignedTriggers
from quantapilot.gateway.checks import BodyCheck
from quantapilot.gateway.delivering import Delivering
from quantapilot.gateway.keys import load_keys
from quantapilot.gateway.limits import Limits
from quantapilot.gateway.live import Tail
from quantapilot.gateway.metrics import Metrics
from quantapilot.gateway.model import Directory
from quantapilot.gateway.operations import operations
from quantapilot.gateway.regular import regularly
from quantapilot.gateway.run_events import RunEvents
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.store.writer import Writer
from quantapilot.gateway.stream import Streams, StreamSettings
from quantapilot.gateway.triggers import Triggers
from quantapilot.gateway.wakeups import wake_ups

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from quantapilot.config import Config
    from quantapilot.gateway.model import Refusal, StoredEvent, Token
    from quantapilot.gateway.observed import Answered
    from quantapilot.gateway.records import Records
    from quantapilot.gateway.settings import GatewaySettings

_T = TypeVar("_T")
_P = ParamSpec("_P")
# Two of them may be held up for long by what is done beside requests.
_READERS = 6
# How often it is looked for what other processes changed; sooner where a token is not known.
_REFRESH = 0.5
_SOONEST = 0.05
_PURGE = 3600.0
_RECONNECT = 1.0
_KNOWN_RUNS = 100_000
# So many refusals wait at most to be kept; what is more is not.
_MOST_REFUSALS = 1000


class Gateway:
    """All that a running gateway is made of; for one event loop, from `open` to `close`.

    Attributes:
        directory: Who may what; brought up to date by itself.
        triggers, run_events, subscription_requests: Judge what is sent.
        metrics: Counts.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        config: Config | None = None,
        environ: Mapping[str, str] | None = None,
        records: Records | None = None,
    ) -> None:
        """Take the settings; nothing is opened yet.

        Args:
            settings: How it is run.
            config: The project's settings; those of the current folder where it is None.
            environ: Where the gateway's key may stand; the process's own where it is None.
            records: Where requests are told of.

        Raises:
            ContractError: The contract can't be used.
            ConfigError: A limit, or the address of NATS, can't be used.
            GatewayKeyError: The gateway's key can't be used.
            MissingExtraError: What a setting needs is not installed.
        """
        check = EventCheck(config or load_config(), settings.source)
        validator = check.inspector.validator
        if validator is None:
            raise ContractError("a gateway needs a contract")
        self.settings = settings
        self.contract = validator.contract
        self.calls = operations(settings.run_path)
        self.keys = load_keys(settings.store, os.environ if environ is None else environ)
        self.directory = Directory(0)
        self.access = Access(lambda: self.directory)
        self.signed = SignedTriggers(lambda: self.directory, self.keys)
        self.limits = Limits(settings.limits, settings.limits_storage)
        self._wakeups = wake_ups(settings.nats, self.keys.check, self._reached)
        lifecycle = self._lifecycle = Lifecycle(self.contract)
        self.triggers = Triggers(check, lifecycle, self.keys, allow_private=settings.allow_private)
        self.run_events = RunEvents(check, lifecycle)
        self.subscription_requests = BodyCheck(
            check.inspector, self.contract.definitions["SubscriptionRequest"]
        )
        self.metrics = Metrics((each.path for each in self.calls), lambda: self.streams.count)
        self._records = records
        self._pool = ThreadPoolExecutor(_READERS, "gateway-reader")
        self._projects: OrderedDict[str, str] = OrderedDict()
        self._refused: list[Refusal] = []
        self._looked = 0.0
        self._looks: asyncio.Task[None] | None = None
        self._updating = asyncio.Lock()
        self._ends = asyncio.Event()
        # Token -> what its next call waits for; kept while one does.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Open the store and begin to deliver.

        Raises:
            StoreError: The store can't be used.
            GatewayKeyError: It goes with another key.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._pool.shutdown)
            self.store = await self.read(Store, self.settings.store)
            stack.callback(self.store.close)
            await self.read(self.store.use_key, self.keys.check, anew=self.settings.new_key)
            stack.push_async_callback(self.limits.close)
            self.directory = await self.read(self.store.directory)
            self._delivering = Delivering(
                self.store,
                lambda: self.directory,
                self.keys,
                self.settings.deliveries,
                changed=partial(self._stale, asyncio.get_running_loop()),
                counted=self.metrics.delivered,
            )
            self.tail = await stack.enter_async_context(
                Tail(self.store, found=self._delivering.told)
            )
            self.streams = Streams(
                self.tail,
                StreamSettings(self.settings.heartbeat, most_of_token=self.settings.most_streams),
            )
            stack.push_async_callback(self.read, self._delivering.close)
            stack.push_async_callback(self._wakeups.close)
            loop = asyncio.get_running_loop()
            self.writer = Writer(self.store, self._lifecycle, partial(self._committed, loop))
            self.writer.start()
            stack.push_async_callback(self.read, self.writer.stop)
            parts: dict[str, tuple[Callable[[], Awaitable[object]], float]] = {
                "to keep refusals": (self._keep_refusals, _REFRESH),
                "to follow who may what": (self._update, _REFRESH),
                "to be woken by other nodes": (self._wakeups.keep, _RECONNECT),
                "to see who delivers": (partial(self.read, self._delivering.lead), _REFRESH),
                "to let go of what is old": (self._purge, _PURGE),
            }
            going = [
                asyncio.create_task(regularly(name, part, seconds, self._ends))
                for name, (part, seconds) in parts.items()
            ]
            stack.push_async_callback(self._end_parts, going)
            self._open = stack.pop_all()

    async def close(self) -> None:
        """Answer what was asked for, record what was delivered, and let go of the store."""
        self.tail.end()
        await self._open.aclose()

    async def read(self, function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
        """Return what a blocking call returns, made on another thread.

        Raises:
            StoreError: As the call raises it.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*arguments, **named))

    async def judged(self, token: Token, check: BodyCheck, body: bytes) -> dict[str, Any]:
        """Return what a body says; one that takes long to judge holds up nobody else.

        Raises:
            ContentError: It is no JSON, breaks the contract, or holds personal data.
        """
        proven = check.proven(body)
        return await self.in_turn(token, check.value, body) if proven is None else proven

    async def in_turn(
        self, token: Token, function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
    ) -> _T:
        """Return what a call returns that may take long, made on another thread.

        Those of one token are made one after the other: they keep no thread from all others.
        """
        turn = self._turns.setdefault(token.token_id, asyncio.Lock())
        async with turn:
            return await self.read(function, *arguments, **named)

    async def write(
        self, function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
    ) -> _T:
        """Return what a call returns that changes who may what, once all here know of it."""
        done = await self.read(function, *arguments, **named)
        # What is on the disk is answered so; who can't look now looks again soon.
        with suppress(StoreError):
            await self._update()
        return done

    async def refresh(self) -> bool:
        """Return whether others have changed who may what since it was last looked at.

        However many ask, the store is asked only so often.
        """
        seen = self.directory
        if self._looks is None:
            self._looks = asyncio.create_task(self._look())
        await asyncio.shield(self._looks)
        return self.directory is not seen

    async def project_of(self, run_id: str, projects: frozenset[str] | None) -> str | None:
        """Return the project of a run; None where there is no such run, or none of `projects`."""
        project_id = self._projects.get(run_id)
        if project_id is not None and (projects is None or project_id in projects):
            return project_id
        # Also of a run of others that is known: it takes as long as one that there is not.
        found = await self.read(self.store.run, run_id, projects)
        if found is None:
            return None
        self._projects[run_id] = found.project_id
        if len(self._projects) > _KNOWN_RUNS:
            self._projects.popitem(last=False)
        return found.project_id

    def holder(self, token: Token) -> Callable[[], Token | None]:
        """Return what tells a token as it is then; None once it does not hold any more."""

        def now() -> Token | None:
            found = self.directory.tokens.get(token.token_id)
            return found if found is not None and found.live(time.time()) else None

        return now

    def trouble(self, subscription_id: str) -> str:
        """Return why deliveries to a subscription fail now; nothing where they don't."""
        return self._delivering.trouble(subscription_id)

    def refuse(self, refused: Iterable[Refusal]) -> None:
        """Have refusals kept soon; who is refused does not wait for that."""
        for each in refused:
            self.metrics.refused(each.source, each.rule)
            if len(self._refused) < _MOST_REFUSALS:
                self._refused.append(each)

    def answered(self, request: Answered) -> None:
        """Count a request, and tell of it."""
        self.metrics.answered(request)
        if self._records is not None:
            self._records.answered(request)

    def end_streams(self) -> None:
        """End all event streams; their clients come again."""
        self.tail.end()

    def _committed(self, loop: asyncio.AbstractEventLoop, events: Sequence[StoredEvent]) -> None:
        self.tail.told(events)
        self._delivering.told(events)
        loop.call_soon_threadsafe(self._wakeups.told, events[-1].seq)

    def _reached(self, seq: int) -> None:
        self.tail.reached(seq)

    def _stale(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take that deliveries changed who may what; on any thread."""
        if not self._ends.is_set():
            asyncio.run_coroutine_threadsafe(self.refresh(), loop)

    async def _look(self) -> None:
        await asyncio.sleep(self._looked + _SOONEST - time.monotonic())
        # Who asks from now on may know of more than is about to be read.
        self._looks = None
        self._looked = time.monotonic()
        await self._update()

    async def _update(self) -> None:
        async with self._updating:
            if await self.read(self.store.directory_version) == self.directory.version:
                return
            self.directory = await self.read(self.store.directory)
        self._delivering.sync()

    async def _keep_refusals(self) -> None:
        kept = tuple(self._refused)
        if kept:
            await self.read(self.store.add_refusals, kept)
            del self._refused[: len(kept)]

    async def _end_parts(self, parts: Sequence[asyncio.Task[None]]) -> None:
        self._ends.set()
        await asyncio.wait(parts)
        # Of what was refused at last, too.
        with suppress(StoreError):
            await self._keep_refusals()

    async def _purge(self) -> None:
        await self.read(self.store.purge, time.time(), self.settings.keep, self._ends.is_set)
