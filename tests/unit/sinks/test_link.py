"""The connection of a sink: one for all calls, another after a failure, never waited for long."""

from __future__ import annotations

import asyncio

import pytest

from quantapilot.sinks.link import Link, UnreachableError


class Server:
    """Counts the connections that are made and closed; what connecting does can be chosen."""

    def __init__(self) -> None:
        self.made = 0
        self.closed: list[int] = []
        self.reachable = asyncio.Event()
        self.reachable.set()
        self.refusal: Exception | None = None

    async def connect(self) -> int:
        await self.reachable.wait()
        if self.refusal is not None:
            raise UnreachableError("no connection") from self.refusal
        self.made += 1
        return self.made

    async def close(self, connection: int) -> None:
        self.closed.append(connection)

    def link(self) -> Link[int]:
        return Link(self.connect, self.close, lambda connection: connection != 3)


def soon(seconds: float = 5.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def test_calls_at_a_time_share_one_connection_and_a_dropped_one_is_closed_once() -> None:
    async def run() -> None:
        server = Server()
        link = server.link()
        assert await asyncio.gather(*(link.get(soon()) for _ in range(4))) == [1] * 4
        await asyncio.gather(*(link.drop(1) for _ in range(4)))
        assert await link.get(soon()) == 2
        # A call that held the first one still.
        await link.drop(1)
        assert await link.get(soon()) == 2
        await link.close()
        await link.close()
        assert server.closed == [1, 2]

    asyncio.run(run())


def test_a_connection_that_fell_while_nobody_used_it_is_replaced() -> None:
    async def run() -> None:
        server = Server()
        server.made = 2
        link = server.link()
        assert await link.get(soon()) == 3
        assert await link.get(soon()) == 4
        assert server.closed == [3]

    asyncio.run(run())


def test_all_calls_end_in_time_where_no_connection_comes() -> None:
    async def run() -> None:
        server = Server()
        server.reachable.clear()
        link = server.link()
        answers = await asyncio.gather(
            *(link.get(soon(0.05)) for _ in range(4)), return_exceptions=True
        )
        assert [str(answer) for answer in answers] == ["no connection in time"] * 4
        assert all(isinstance(answer, UnreachableError) for answer in answers)
        server.reachable.set()
        assert await link.get(soon()) == 1

    asyncio.run(run())


def test_a_refusal_keeps_its_reason_and_nothing_of_its_cause() -> None:
    async def run() -> None:
        server = Server()
        server.refusal = OSError("something secret")
        with pytest.raises(UnreachableError, match=r"^no connection$") as refused:
            await server.link().get(soon())
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None

    asyncio.run(run())


def test_a_connection_that_will_not_close_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantapilot.sinks.link._CLOSING", 0.05)

    async def run() -> None:
        async def hang(_: int) -> None:
            await asyncio.Event().wait()

        async def fail(_: int) -> None:
            raise OSError("something secret")

        for close in (hang, fail):
            link = Link(Server().connect, close)
            await link.get(soon())
            await link.close()

    asyncio.run(run())
