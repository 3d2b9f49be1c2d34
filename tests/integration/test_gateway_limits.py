"""Limits that processes share through a real server that talks as Redis does."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.valkey_server import valkey_server

from quantapilot.gateway.limits import Limits, LimitSettings
from quantapilot.gateway.problems import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.broker_servers import Server

_PATIENCE = 30.0
# Counts at once, as fast as it can, and tells how often it was let through.
_PROCESS = """
import asyncio, sys
from quantapilot.gateway.limits import Limits, LimitSettings

async def main():
    limits = Limits(LimitSettings(trigger="100/hour"), sys.argv[1], deadline=60)
    assert await limits.hit("read", b"a") is None
    print("ready", flush=True)
    sys.stdin.readline()
    waits = await asyncio.gather(*[limits.hit("trigger", b"a") for _ in range(75)])
    assert not limits.alone
    print(waits.count(None))
    await limits.close()

asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with valkey_server(tmp_path) as running:
        yield running


def url(server: Server) -> str:
    return f"redis://127.0.0.1:{server.port}/0"


def test_two_processes_share_a_limit_to_the_last_call(server: Server) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, url(server)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    taken = [int(each.communicate()[0]) for each in running]
    assert [each.returncode for each in running] == [0, 0]
    assert sum(taken) == 100
    assert all(taken)


def test_after_the_time_that_is_told_a_request_is_accepted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + passed[0])

    async def main() -> None:
        limits = Limits(LimitSettings(trigger="3/minute"), url(server), deadline=_PATIENCE)
        for _ in range(3):
            assert await limits.hit("trigger", b"a") is None
            passed[0] += 7.3
        wait = await limits.hit("trigger", b"a")
        assert wait is not None
        assert 20 < wait <= 60 - 3 * 7.3 + 0.001
        passed[0] += whole_seconds(wait)
        assert await limits.hit("trigger", b"a") is None
        assert not limits.alone
        await limits.close()

    asyncio.run(main())


def test_what_is_kept_has_a_prefix_and_ends_with_its_window(server: Server) -> None:
    async def main() -> None:
        import redis.asyncio

        limits = Limits(LimitSettings(), url(server), deadline=_PATIENCE)
        await limits.hit("trigger", b"\xff\x00/a")
        await limits.close()
        async with redis.asyncio.Redis.from_url(url(server)) as client:
            (key,) = await client.keys()
            assert isinstance(key, bytes)
            assert re.fullmatch(rb"quantapilot:.*trigger/ff002f61/.*", key)
            assert 0 < await client.ttl(key) <= 60

    asyncio.run(main())


def test_a_redis_that_goes_and_comes_back_is_missed_meanwhile_only(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        clock = [1000.0]
        limits = Limits(
            LimitSettings(trigger="2/hour"), url(server), now=lambda: clock[0], deadline=_PATIENCE
        )
        assert await limits.hit("trigger", b"a") is None
        server.kill()
        for _ in range(2):
            assert await limits.hit("trigger", b"a") is None
        assert await limits.hit("trigger", b"a") is not None
        assert limits.alone
        server.start()
        # It is not asked again at once.
        assert await limits.hit("trigger", b"a") is not None
        clock[0] += 5.0
        assert await limits.hit("trigger", b"a") is None
        assert not limits.alone
        await limits.close()

    with caplog.at_level(logging.INFO, "quantapilot"):
        asyncio.run(main())
    assert len(caplog.messages) == 2
    assert caplog.messages[1] == "rate limits are shared again"


def test_a_redis_that_answers_nothing_holds_up_nobody_for_long(server: Server) -> None:
    async def main() -> None:
        limits = Limits(LimitSettings(), url(server), deadline=0.5)
        await limits.hit("trigger", b"a")
        server.freeze()
        begun = time.monotonic()
        waits = await asyncio.gather(*[limits.hit("trigger", b"a") for _ in range(100)])
        assert waits == [None] * 100
        assert time.monotonic() - begun < _PATIENCE
        assert limits.alone
        await limits.close()

    asyncio.run(main())


def test_a_connection_that_was_closed_since_is_no_reason_to_count_alone(server: Server) -> None:
    async def main() -> None:
        limits = Limits(LimitSettings(), url(server), deadline=_PATIENCE)
        assert await limits.hit("trigger", b"a") is None
        server.kill()
        server.start()
        assert await limits.hit("trigger", b"a") is None
        assert not limits.alone
        await limits.close()

    asyncio.run(main())


def test_while_a_redis_hangs_one_call_asks_for_it_and_the_others_do_not_wait(
    server: Server,
) -> None:
    async def main() -> None:
        clock = [1000.0]
        limits = Limits(LimitSettings(), url(server), now=lambda: clock[0], deadline=0.2)
        server.freeze()
        await limits.hit("trigger", b"a")
        assert limits.alone
        clock[0] += 5.0
        asking = asyncio.create_task(limits.hit("trigger", b"a"))
        await asyncio.sleep(0)
        # Done at once: nothing that a task waits for is done without a turn of the loop.
        other = limits.hit("trigger", b"b")
        with pytest.raises(StopIteration):
            other.send(None)
        assert not asking.done()
        await asking
        await limits.close()

    asyncio.run(main())
