"""Receivers of subscriptions on one real HTTP server, and a store of subscriptions in memory."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from quantapilot.errors import SignatureError
from quantapilot.gateway.model import Directory, StoredEvent, Subscription, Token
from quantapilot.outbox.ports import Pending, Settlement
from quantapilot.signing import verify
from quantapilot.sinks.sink import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from quantapilot.gateway.model import SubscriptionState

TYPE = "quantapilot.milestone_completed"
TOKEN = Token("tok", "bearer", frozenset({"events:subscribe"}), frozenset({"proj_a"}), 0.0)


def echoed(challenge: str) -> web.Response:
    return web.json_response({"challenge": challenge})


@dataclass
class Hook:
    """One receiver: how it answers, and what came.

    `secrets` are those that it knows; what none of them signed is refused, and counted.
    """

    secrets: tuple[str, ...] = ()
    challenge: Callable[[str], web.Response] = echoed
    status: Callable[[str], int] = lambda _: 204
    takes: float = 0.0
    arrived: list[str] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)
    signatures: list[int] = field(default_factory=list)
    tried: int = 0
    challenged: int = 0
    refused: int = 0
    subscription_id: str = ""

    @property
    def ids(self) -> set[str]:
        return set(self.arrived)


class Hooks:
    """Serves receivers by their paths on a free port of 127.0.0.1, from a thread of its own."""

    def __init__(self) -> None:
        self.hooks: dict[str, Hook] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join(20)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def _serve(self) -> None:
        self._loop, self._ends = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = runner.addresses[0][1]
        self._ready.set()
        await self._ends.wait()
        await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        hook = self.hooks[request.path.strip("/")]
        body = await request.read()
        if hook.secrets:
            try:
                verify(request.headers, body, hook.secrets)
            except SignatureError:
                hook.refused += 1
                return web.Response(status=401)
        document = json.loads(body)
        if document.get("type") == "quantapilot.subscription_challenge":
            hook.challenged += 1
            return hook.challenge(document["challenge"])
        hook.tried += 1
        await asyncio.sleep(hook.takes)
        message_id = request.headers["webhook-id"]
        status = hook.status(message_id)
        if status < 300:
            hook.arrived.append(message_id)
            hook.runs.add(document.get("subject", ""))
            hook.signatures.append(len(request.headers["webhook-signature"].split()))
        return web.Response(status=status)


class SubscriptionKeys:
    """Derives secrets that are equal in every process."""

    def subscription_secret(self, subscription_id: str, generation: int) -> str:
        key = f"{subscription_id}{generation}".replace("-", "").rjust(48, "k")[-48:]
        return f"whsec_{(key.encode().hex() * 2)[:64]}"


class MemorySubscriptions:
    """A ledger, the states and a directory of subscriptions, all in memory.

    Every event is for each subscription that is not disabled and whose type filter takes it.
    `stale` is told whenever the directory changed.
    """

    def __init__(self) -> None:
        self.directory = Directory(1, MappingProxyType({TOKEN.token_id: TOKEN}))
        self.events: dict[int, StoredEvent] = {}
        self.rows: dict[str, dict[int, Settlement]] = {}
        self.reads: list[str] = []
        self.states: list[tuple[str, str, str]] = []
        self.failed_for: dict[str, float] = {}
        self.fault: Exception | None = None
        self.stale: Callable[[], None] = lambda: None
        self._lock = threading.RLock()

    # What a gateway does.

    def subscribe(self, name: str, url: str, **given: Any) -> None:
        made = Subscription(name, TOKEN.token_id, url, frozenset(given.pop("types", ())), 0.0)
        self.rows[name] = {}
        self._put(replace(made, **given))

    def change(self, name: str, **given: Any) -> None:
        self._put(replace(self.directory.subscriptions[name], **given))

    def remove(self, name: str) -> None:
        with self._lock:
            rest = {k: v for k, v in self.directory.subscriptions.items() if k != name}
            self._publish(subscriptions=MappingProxyType(rest))

    def revoke(self, at: float) -> None:
        token = replace(TOKEN, revoked_at=at)
        with self._lock:
            self._publish(tokens=MappingProxyType({token.token_id: token}))

    def add(self, count: int) -> list[StoredEvent]:
        with self._lock:
            first = len(self.events) + 1
            made = [
                StoredEvent(seq, f"id-{seq}", TYPE, "run", "proj_a", b'{"type": "x"}')
                for seq in range(first, first + count)
            ]
            for event in made:
                self.events[event.seq] = event
                for name, each in self.directory.subscriptions.items():
                    if each.state != "disabled" and (not each.types or event.type in each.types):
                        self.rows[name][event.seq] = Settlement(event.seq, "waiting", 0)
        return made

    def waiting(self, name: str) -> int:
        with self._lock:
            return sum(each.state == "waiting" for each in self.rows[name].values())

    def state(self, name: str) -> tuple[str, str]:
        found = self.directory.subscriptions[name]
        return found.state, found.reason

    # What deliveries ask of a store.

    def set_state(
        self,
        subscription_id: str,
        state: SubscriptionState,
        reason: str,
        *,
        was: Collection[SubscriptionState],
    ) -> None:
        self._fail()
        found = self.directory.subscriptions.get(subscription_id)
        if found is not None and found.state in was:
            self.states.append((subscription_id, state, reason))
            self.change(subscription_id, state=state, reason=reason)

    def register(self, sink: str) -> str | None:
        self._fail()
        found = self.directory.subscriptions.get(sink)
        return found.reason if found is not None and found.state == "disabled" else None

    def failing(self) -> Mapping[str, float]:
        self._fail()
        return self.failed_for

    def pending(self, sink: str, after: int, limit: int) -> Sequence[Pending]:
        self._fail()
        self.reads.append(sink)
        with self._lock:
            rows = sorted(self.rows[sink].items())
            found = [
                Pending(self._message(seq), row.attempts, row.due)
                for seq, row in rows
                if seq > after and row.state == "waiting"
            ]
        return found[:limit]

    def settle_all(self, groups: Sequence[tuple[str, Sequence[Settlement]]]) -> None:
        self._fail()
        with self._lock:
            for sink, settlements in groups:
                self.rows[sink] |= {each.seq: each for each in settlements}

    def disable(self, sink: str, reason: str) -> None:
        self.set_state(sink, "disabled", reason, was={"active", "pending"})

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _message(self, seq: int) -> Message:
        event = self.events[seq]
        return Message(seq, event.id, event.type, event.run_id, event.body)

    def _put(self, subscription: Subscription) -> None:
        with self._lock:
            known = {**self.directory.subscriptions, subscription.subscription_id: subscription}
            self._publish(subscriptions=MappingProxyType(known))

    def _publish(self, **given: Any) -> None:
        self.directory = replace(self.directory, version=self.directory.version + 1, **given)
        self.stale()
