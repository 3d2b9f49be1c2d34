"""A gateway's parts within one process, on a real store: how they open, follow, and are mended."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.waiting import until

from quantapilot.errors import GatewayKeyError, StoreUnavailableError
from quantapilot.gateway import gateway as parts
from quantapilot.gateway.deliveries import Deliveries
from quantapilot.gateway.gateway import Gateway
from quantapilot.gateway.model import Refusal
from quantapilot.gateway.settings import GatewaySettings
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

REFUSAL = Refusal("2026-01-01T00:00:00Z", "pii/email", "event", "proj_demo")


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@asynccontextmanager
async def opened(place: str, keep: float | None = None) -> AsyncIterator[Gateway]:
    gateway = Gateway(GatewaySettings(place, keep=keep), environ={})
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()


def threads() -> set[str]:
    return {
        each.name
        for each in threading.enumerate()
        if each.name.startswith(("gateway-", "quantapilot-"))
    }


def test_of_one_that_can_not_open_nothing_stays(place: str) -> None:
    async def run() -> None:
        with pytest.raises(GatewayKeyError):
            async with opened(place):
                pass

    with Store(place) as store:
        store.use_key(b"another one's")
    before = threads()
    asyncio.run(run())
    assert threads() <= before


def test_all_who_ask_at_once_learn_of_a_new_token_and_the_store_is_asked_once(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Counted(Store):
        def directory_version(self) -> int:
            asked.append(1)
            return super().directory_version()

    async def run() -> None:
        async with opened(place) as gateway:
            for _ in range(5):
                _, token = new_token(["run:read"], ["proj_demo"], time.time())
                await gateway.read(gateway.store.add_token, token)
                del asked[:]
                # Its own regular look may come in between, and leave nothing to find out.
                await asyncio.gather(*(gateway.refresh() for _ in range(200)))
                assert token.token_id in gateway.directory.tokens
                assert len(asked) <= 3

    monkeypatch.setattr(parts, "Store", Counted)
    asyncio.run(run())


def test_deliveries_that_die_are_begun_again(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[Deliveries] = []
    serve = Deliveries._serve

    async def dies(self: Deliveries) -> None:
        began.append(self)
        if len(began) == 1:
            raise MemoryError
        await serve(self)

    async def run() -> None:
        async with opened(place):
            await asyncio.to_thread(until, lambda: len(began) > 1 and began[1].alive)

    monkeypatch.setattr(Deliveries, "_serve", dies)
    asyncio.run(run())
    assert not began[1].alive


def test_refusals_wait_while_the_store_is_away_and_are_kept_at_the_end(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    tried = threading.Event()

    class Lost(Store):
        def add_refusals(self, refused: Sequence[Refusal]) -> None:
            tried.set()
            if away.is_set():
                raise StoreUnavailableError("store.db can't be used: the disk is full")
            super().add_refusals(refused)

    async def run() -> None:
        async with opened(place) as gateway:
            away.set()
            gateway.refuse([REFUSAL])
            assert await asyncio.to_thread(tried.wait, 20)
            gateway.refuse([REFUSAL])
            away.clear()

    monkeypatch.setattr(parts, "Store", Lost)
    asyncio.run(run())
    with Store(place) as store:
        assert len(store.refusals(None)) == 2


def test_runs_are_let_go_of_only_where_that_is_asked_for(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[float | None] = []

    class Purged(Store):
        def purge(
            self,
            now: float,
            keep: float | None = None,
            ends: Callable[[], bool] = lambda: False,
        ) -> int:
            kept.append(keep)
            return super().purge(now, keep, ends)

    async def run(keep: float | None) -> None:
        async with opened(place, keep):
            await asyncio.to_thread(until, lambda: keep in kept)

    monkeypatch.setattr(parts, "Store", Purged)
    asyncio.run(run(None))
    asyncio.run(run(86_400.0))
    assert kept == [None, 86_400.0]
