"""Where nodes wake each other is an address of NATS; a mistyped one is told, and not shown."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest

from quantapilot.errors import ConfigError
from quantapilot.gateway.nats_wakeups import NatsWakeUps
from quantapilot.gateway.wakeups import wake_ups

heard = partial(print, "heard")


@pytest.mark.parametrize(
    "url",
    [
        "nats://",
        "redis://u:hidden@host",
        "nats://u:hidden@host/STREAM",
        "nats://u:hidden@host?x=1",
        "nats://u:hidden@host:port",
        "host:4222",
        "",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError, match="an address like nats://HOST:PORT") as caught:
        wake_ups(url, b"key", heard)
    assert "hidden" not in str(caught.value)


def test_what_nodes_have_in_common_makes_their_subject_and_is_not_told_by_it() -> None:
    made = [NatsWakeUps("nats://a:1,b", each, heard) for each in (b"check", b"check", b"another")]
    one, same, other = (each._subject for each in made)
    assert one == same != other
    assert re.fullmatch(r"quantapilot\.gateway\.[0-9a-f]{24}", one)


def test_a_node_alone_is_woken_by_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    async def alone() -> None:
        unwoken = wake_ups(None, b"key", heard)
        await unwoken.keep()
        unwoken.told(3)
        await unwoken.close()

    asyncio.run(alone())
    assert capsys.readouterr().out == ""
