"""Limits: what they are set to, whom they count, and what becomes of them without their Redis."""

from __future__ import annotations

import asyncio
import logging
import re
import sys

import pytest
from tests.nats_server import free_port

from quantapilot.errors import ConfigError, MissingExtraError
from quantapilot.gateway.limits import Limits, LimitSettings
from quantapilot.gateway.problems import whole_seconds


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_each_bucket_counts_for_itself() -> None:
    async def main() -> None:
        limits = Limits(LimitSettings(trigger="1/minute", read="2 per 5 seconds"))
        assert await limits.hit("trigger", b"a") is None
        assert await limits.hit("trigger", b"a") is not None
        assert await limits.hit("trigger", b"b") is None
        assert await limits.hit("read", b"a") is None
        await limits.close()

    asyncio.run(main())


def test_after_the_time_that_is_told_a_request_is_accepted() -> None:
    async def main() -> None:
        clock = Clock()
        limits = Limits(LimitSettings(trigger="3/minute"), now=clock)
        for _ in range(3):
            assert await limits.hit("trigger", b"a") is None
            clock.time += 7.3
        wait = await limits.hit("trigger", b"a")
        assert wait is not None
        clock.time += whole_seconds(wait)
        assert await limits.hit("trigger", b"a") is None
        assert await limits.hit("trigger", b"a") is not None

    asyncio.run(main())


@pytest.mark.parametrize(("wait", "told"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.001, 2), (59.5, 60)])
def test_the_time_that_is_told_is_never_too_short(wait: float, told: int) -> None:
    assert whole_seconds(wait) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "0/minute",
        "-1/minute",
        "10",
        "10/fortnight",
        "10/second;100/minute",
        "10/minute, and more",
        "1000001/minute",
        "٣/minute",
    ],
)
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="the limit 'subscribe'"):
        Limits(LimitSettings(subscribe=text))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "redis://",
        "redis:localhost",
        "http://:Example01@h/",
        "redis://:Example01@h:port/0",
        "redis://:Example01@[::1/0",
        "memcached://:Example01@h",
        "redis://:Example01@h/first",
        "redis://:Example01@h/0?socket_timeout=60",
        "redis://:Example01@h/0#1",
    ],
)
def test_an_address_that_is_no_redis_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Limits(LimitSettings(), url)
    assert "Example01" not in str(refused.value)


def test_without_its_redis_a_process_counts_for_itself_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        limits = Limits(
            LimitSettings(trigger="2/minute"), f"redis://:Example01@127.0.0.1:{free_port()}/0"
        )
        assert not limits.alone
        assert await limits.hit("trigger", b"a") is None
        assert limits.alone
        assert await limits.hit("trigger", b"a") is None
        assert await limits.hit("trigger", b"a") is not None
        await limits.close()

    with caplog.at_level(logging.INFO, "quantapilot"):
        asyncio.run(main())
    (told,) = caplog.messages
    assert re.fullmatch(r"rate limits are not shared: Redis is away \(\w+\); .*", told)


def test_who_lacks_the_packages_for_redis_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "quantapilot.gateway.redis_windows", raising=False)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(MissingExtraError, match=r"quantapilot-contract\[redis\]"):
        Limits(LimitSettings(), "redis://127.0.0.1:6379/0")
