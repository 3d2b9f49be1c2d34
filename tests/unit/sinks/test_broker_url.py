"""Addresses of brokers: what they tell, and that mistaken ones show nothing of themselves."""

from __future__ import annotations

import pytest

from quantapilot.errors import SinkError
from quantapilot.sinks import sink_for
from quantapilot.sinks.broker_url import parse_broker_url


def test_servers_credentials_path_and_options_are_told_apart() -> None:
    address = parse_broker_url(
        "Kafka://me:p%40%3A@one,TWO:1/a%2Fb?key=1&other=", 9092, ("key", "other")
    )
    assert address.scheme == "kafka"
    assert address.servers == ("one:9092", "two:1")
    assert (address.user, address.password, address.path) == ("me", "p@:", "a/b")
    assert address.options == {"key": "1", "other": ""}


def test_an_ipv6_server_keeps_its_brackets() -> None:
    assert parse_broker_url("nats://[::1]:7,[::2]/x", 4222, ()).servers == ("[::1]:7", "[::2]:4222")


def test_credentials_are_in_no_repr() -> None:
    shown = repr(parse_broker_url("nats://someone:hidden@host/x", 4222, ()))
    assert "someone" not in shown
    assert "hidden" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "nats://",
        "nats://someone:hidden@",
        "nats://someone:hidden@host",
        "nats://someone:hidden@host:port/S",
        "nats://someone:hidden@host:99999/S",
        "nats://someone:hidden@[::1/S",
        "nats://someone:hidden@host,/S",
        "nats://someone:hidden@host/S T",
        "nats://someone:hidden@host/S/hidden",
        "nats://someone:hidden@host/S#hidden",
        "nats://someone:hidden@host/S?hidden=1",
        "nats://someone:hidden@host/S?create=hidden",
        "nats://someone:hidden@host/S?create=1&create=1",
        "nats://someone:hidden@host/S?window=0",
        "nats://someone:hidden@host/S?window=-1",
        "nats://someone:hidden@host/S?window=٣",
        "nats://someone:hidden@host/S?subject=hidden.*",
        "nats://someone:hidden@host/S?subject=",
        "nats://someone:hidden@host/S?subject=$JS.hidden",
        "nats://someone:hidden@host/S?subject=a.{hidden}",
        "nats://someone:hidden@host/S?subject={type}&create=1",
    ],
)
def test_a_mistaken_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SinkError) as refused:
        sink_for(url)
    error: BaseException | None = refused.value
    while error is not None:
        assert "hidden" not in str(error)
        assert "someone" not in str(error)
        error = error.__cause__ or error.__context__


def test_a_name_tells_streams_and_subjects_apart() -> None:
    names = {
        sink_for(url).name
        for url in (
            "nats://HOST/A",
            "nats://host:4222/A",
            "nats://host/B",
            "nats://host/A?subject=x",
        )
    }
    assert names == {
        "nats://host:4222/A?subject=events.{type}",
        "nats://host:4222/B?subject=events.{type}",
        "nats://host:4222/A?subject=x",
    }
