"""Runs and events for a gateway's store, and a writer that accepts them."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
from tests.emitting import CONTRACT

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.emitter.stamps import new_id, now
from quantapilot.gateway.model import NewEvent, NewRun, Replay, Subscription, Token
from quantapilot.gateway.store.fold import begun
from quantapilot.gateway.store.writer import Writer
from quantapilot.outbox.ports import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.gateway.model import StoredEvent
    from quantapilot.gateway.store.store import Store

LIFECYCLE = Lifecycle(CONTRACT)
PROJECT = "proj_a"
OTHER = "proj_b"


def document(run_id: str, kind: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": new_id(),
        "source": "/tests",
        "type": f"quantapilot.{kind}",
        "time": now(),
        "subject": run_id,
        "data": {"run_id": run_id, **data},
    }


def entry_of(event: dict[str, Any]) -> Entry:
    return Entry(event["id"], event["type"], event["subject"], orjson.dumps(event))


def new_run(project: str = PROJECT, replay: Replay | None = None) -> NewRun:
    run_id = new_id()
    event = document(
        run_id,
        "run_started",
        repo_url="https://github.com/org/project",
        branch="main",
        correlation_id=new_id(),
    )
    run = begun(run_id, project, event, LIFECYCLE.advance(None, event))
    answer = orjson.dumps({"run_id": run_id})
    return NewRun(run, entry_of(event), answer, replay)


def new_event(run_id: str, kind: str = "milestone_completed", **data: Any) -> NewEvent:
    if kind == "milestone_completed":
        data.setdefault("milestone_id", "m1")
    event = document(run_id, kind, **data)
    return NewEvent(run_id, entry_of(event), event)


def token(token_id: str = "t00000000001", *projects: str, **more: Any) -> Token:
    scopes = frozenset({"events:subscribe", "run:read"})
    granted = frozenset(projects or {PROJECT})
    given: dict[str, Any] = {"kind": "bearer", "created_at": 1.0, "salt": b"s", "digest": b"d"}
    return Token(token_id=token_id, scopes=scopes, projects=granted, **(given | more))


def subscription(token_id: str = "t00000000001", **more: Any) -> Subscription:
    given: dict[str, Any] = {
        "subscription_id": new_id(),
        "url": "https://hooks.example/in",
        "types": frozenset(),
        "created_at": 1.0,
        "state": "active",
    }
    return Subscription(token_id=token_id, **(given | more))


@contextmanager
def writing(
    store: Store, on_commit: Callable[[Sequence[StoredEvent]], None] = lambda _: None
) -> Iterator[Writer]:
    writer = Writer(store, LIFECYCLE, on_commit)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def accept(store: Store, *items: NewRun | NewEvent) -> list[Any]:
    """Have items accepted, asked for at the same time; return answers, or why they are refused."""

    async def ask(writer: Writer) -> list[Any]:
        futures: list[asyncio.Future[Any]] = [
            writer.accept_run(item) if isinstance(item, NewRun) else writer.accept_event(item)
            for item in items
        ]
        return list(await asyncio.gather(*futures, return_exceptions=True))

    with writing(store) as writer:
        return asyncio.run(ask(writer))
