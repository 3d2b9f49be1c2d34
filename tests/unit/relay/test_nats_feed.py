"""The feed `nats:` apart from its server: what tells where a message stood."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from quantapilot.relay.feed import Taken
from quantapilot.relay.nats_consumer import taken_of


@pytest.mark.parametrize("placed", ["", "hub.ACCOUNT.", "_.ACCOUNT."])
def test_a_message_tells_where_it_stood_with_and_without_a_domain(placed: str) -> None:
    reply = f"$JS.ACK.{placed}RAW.qp-check.2.17.31.1767225600000000001.5"
    if placed:
        reply += ".token"
    message: Any = SimpleNamespace(reply=reply, subject="raw.alice", data=b"{}")
    taken = taken_of(message)
    assert taken == Taken("RAW", "raw.alice", 17, 1767225600000000001, b"{}", reply)
    assert (taken.name, taken.key) == ("RAW/17", "RAW:17:1767225600000000001")
    assert "alice" not in repr(taken)
