"""The emitter: an event is checked, stored, and only then accepted; its relay delivers it.

What breaks the contract or holds personal data is refused and leaves nothing behind. What is
accepted survives the process: it is stored before the call returns, and delivered until every sink
has it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantapilot.config import load_config
from quantapilot.emitter.checking import EventCheck
from quantapilot.errors import OutboxError
from quantapilot.outbox.limits import Limits
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.storing import Blocked
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import SinkOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from quantapilot.config import Config
    from quantapilot.emitter.envelope import Model
    from quantapilot.emitter.order import RunOrder
    from quantapilot.outbox.ports import Entry
    from quantapilot.relay.progress import SinkProgress
    from quantapilot.relay.settings import RelaySettings
    from quantapilot.relay.thread import RelayThread
    from quantapilot.sinks.sink import Sink

    Event = Mapping[str, Any] | Model

_CLOSED = "the emitter is not open: use it in a `with` block, or call open()"


class Emitter:
    """Emits events; for synchronous and for asynchronous code, from any thread or event loop.

    Used as a context manager, `with` or `async with`::

        with Emitter("events.db", source="/quantapilot/worker", sinks=[url]) as emitter:
            emitter.emit(RunStarted(run_id=run, repo_url=repository, branch="main"))
    """

    def __init__(
        self,
        outbox: Path | str,
        *,
        source: str | None = None,
        sinks: Sequence[Sink | str] = (),
        options: SinkOptions | None = None,
        config: Config | None = None,
        limits: Limits | None = None,
        relay: RelaySettings | None = None,
        dead_letters: Sink | str | None = None,
        linger: float = 5.0,
        patience: float = 0.0,
        order: bool = False,
    ) -> None:
        """Take the settings; nothing is opened yet.

        Args:
            outbox: The file that events are kept in; made where there is none.
            source: What emits the events, as CloudEvents `source`, such as `/quantapilot/worker`;
                None where each event says it.
            sinks: Where events go, as addresses or as sinks. Without any another process
                delivers them, such as `qp relay`.
            options: What addresses do not tell, such as the secrets that webhooks are signed with.
            config: The project's settings; those of the current folder where it is None.
            limits: How much the outbox holds.
            relay: How deliveries are tried again, and in which order.
            dead_letters: Where events go that a sink will never take.
            linger: Seconds that the end of the context waits for deliveries; what is left by then
                is delivered by whoever opens the outbox next.
            patience: Seconds to wait for another process that emits through the same outbox.
            order: Whether an event is refused that may not follow those before it in its run.

        Raises:
            SinkError: An address or an option can't be used.
            MissingExtraError: The packages of a sink are not installed.
            ValueError: `linger` or `patience` is below zero, or no number.
        """
        if not (linger >= 0 and patience >= 0):
            raise ValueError("linger and patience are numbers of seconds, 0 or more")
        self._path = Path(outbox)
        self._source = source
        made = options or SinkOptions()
        self._sinks = [_sink(each, made) for each in sinks]
        self._dead_letters = None if dead_letters is None else _sink(dead_letters, made)
        self._config = config
        self._limits = limits or Limits()
        self._settings = relay
        self._linger = linger
        self._patience = patience
        self._ordered = order
        self._order: RunOrder | None = None
        self._check: EventCheck | None = None
        self._outbox: Outbox | None = None
        self._relay: RelayThread | None = None
        self._last: Sequence[SinkProgress] = ()

    def open(self) -> None:
        """Open the outbox and begin to deliver what is in it.

        Raises:
            OutboxError: It can't be opened: locked, damaged, of a newer version, not writable.
            ContractError: The contract can't be used, or declares no order that is asked for.
            ScratchError: There are more runs than fit into memory, and no room beside it.
        """
        self._check = EventCheck(self._config or load_config(), self._source)
        outbox = Outbox(
            self._path, relay=bool(self._sinks), limits=self._limits, patience=self._patience
        )
        if self._ordered:
            # Imported here: most emitters hold no run to an order.
            from quantapilot.emitter.order import RunOrder

            try:
                self._order = RunOrder(self._check, outbox)
            except BaseException:
                outbox.close()
                raise
        if self._sinks:
            # Imported here: whoever only stores needs no event loop.
            from quantapilot.relay.relay import Relay
            from quantapilot.relay.thread import RelayThread

            letters = self._dead_letters
            try:
                relay = Relay(outbox, self._sinks, self._settings, dead_letters=letters)
                self._relay = RelayThread(relay)
                self._relay.start()
            except BaseException:
                self._close_order()
                outbox.close()
                raise
        self._outbox = outbox

    def close(self) -> None:
        """Deliver for some seconds what still waits, then close the outbox.

        Raises:
            OutboxError: What was to be recorded could not be.
        """
        self._end(self._linger)

    def _end(self, linger: float) -> None:
        outbox, self._outbox = self._outbox, None
        relay, self._relay = self._relay, None
        try:
            if relay is not None:
                relay.stop(linger=linger)
                self._last = relay.progress.sinks
        finally:
            self._close_order()
            if outbox is not None:
                outbox.close()

    def _close_order(self) -> None:
        order, self._order = self._order, None
        if order is not None:
            order.close()

    def emit(self, event: Event, name: str | None = None) -> str:
        """Return the id of an event once it is stored.

        Args:
            event: A payload of the contract as a model; an event, as a model or as JSON values,
                of which `id`, `time` and the like are filled in; or with `name` a payload.
            name: The type of event that a payload makes, such as `run_started`.

        Raises:
            EventRefusedError: It breaks the contract or holds personal data, or may not follow
                what its run has where the order is asked for; nothing of it is kept.
            UnknownNameError: No event has this name, or a payload as this model.
            OutboxError: It could not be stored: full, not writable, another event of this id.
        """
        entry = self._entry(event, name)
        self._stored([entry])
        return entry.id

    def emit_batch(self, events: Iterable[Event]) -> list[str]:
        """Return the ids of events once all are stored: all of them, or none.

        Raises:
            EventRefusedError: One of them is refused, as `emit` does.
            UnknownNameError: A payload's model makes no event.
            OutboxError: They could not be stored.
        """
        entries = self._entries(events)
        self._stored(entries)
        return [entry.id for entry in entries]

    async def aemit(self, event: Event, name: str | None = None) -> str:
        """Do as `emit` does, without blocking the event loop while it is stored."""
        entry = self._entry(event, name)
        await self._kept([entry])
        return entry.id

    async def aemit_batch(self, events: Iterable[Event]) -> list[str]:
        """Do as `emit_batch` does, without blocking the event loop while they are stored."""
        entries = self._entries(events)
        await self._kept(entries)
        return [entry.id for entry in entries]

    @property
    def check(self) -> EventCheck:
        """Return what judges events.

        Raises:
            OutboxError: The emitter is not open.
        """
        if self._check is None:
            raise OutboxError(_CLOSED)
        return self._check

    def store(self, entry: Entry) -> str:
        """Return the id of an event that was checked, once it is stored.

        Raises:
            EventRefusedError: It may not follow what its run has; only where that is asked for.
            OutboxError: It could not be stored.
        """
        self._stored([entry])
        return entry.id

    async def astore(self, entry: Entry) -> str:
        """Do as `store` does, without blocking the event loop."""
        await self._kept([entry])
        return entry.id

    @property
    def progress(self) -> Sequence[SinkProgress]:
        """Return how far each sink is, or was at the end; nothing where others deliver."""
        return self._relay.progress.sinks if self._relay is not None else self._last

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Who interrupts a program does not want to wait.
        self._end(0.0 if kind is KeyboardInterrupt else self._linger)

    async def __aenter__(self) -> Self:
        opening = asyncio.create_task(asyncio.to_thread(self.open))
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread goes on and opens it, for nobody who would close it.
            await asyncio.wait([opening])
            if opening.exception() is None:
                await asyncio.to_thread(self.close)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)

    def _entry(self, event: Event, name: str | None, place: str = "event") -> Entry:
        return self.check.entry(event, name, place)

    def _entries(self, events: Iterable[Event]) -> list[Entry]:
        return [self._entry(event, None, f"event {at}") for at, event in enumerate(events, 1)]

    def _stored(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        waiter, outbox, order = Blocked(), self._open_outbox, self._order
        if order is None:
            outbox.append(entries, waiter)
            waiter.result()
            return
        with order.handed_in(entries, waiter):
            waiter.result()

    async def _kept(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        waiter: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        outbox, order = self._open_outbox, self._order
        if order is None:
            outbox.append(entries, waiter)
            await waiter
            return
        with await order.ahanded_in(entries, waiter):
            await waiter

    @property
    def _open_outbox(self) -> Outbox:
        if self._outbox is None:
            raise OutboxError(_CLOSED)
        return self._outbox


def _sink(sink: Sink | str, options: SinkOptions) -> Sink:
    return sink_for(sink, options) if isinstance(sink, str) else sink
