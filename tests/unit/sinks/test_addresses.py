"""Which addresses are of the open internet, and that no other is connected to, however spelled."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from yarl import URL

from quantapilot.errors import SinkError
from quantapilot.signing import new_secret
from quantapilot.sinks import addresses, sink_for
from quantapilot.sinks.addresses import RefusedAddressError, is_public, socket_factory
from quantapilot.sinks.sink import Message, Retry, SinkOptions
from quantapilot.sinks.webhook import WebhookSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.sinks.addresses import Reach
    from quantapilot.sinks.sink import Outcome

OPTIONS = SinkOptions(secrets=(new_secret(),), deadline=2.0)
MESSAGE = Message(1, "1", "t", "s", b"{}")
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
    "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808",
    "::ffff:8.8.8.8"]  # fmt: skip
NOT_PUBLIC = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::808:808", "100::1",
    "2001::1", "2001:0:808:808::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
    "3fff::1", "5f00::1", "4000::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%lo",
    "2606:4700::1111%lo", "fec0::1", "ff02::1", "ff0e::1"]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_hosts_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_private_special_and_disguised_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str))
def test_nothing_is_public_that_python_knows_to_be_special(address: str) -> None:
    parsed = ip_address(address)
    low = IPv4Address(int(parsed) & 0xFFFFFFFF)
    carried = isinstance(parsed, IPv6Address) and (
        parsed.ipv4_mapped is not None or address.startswith("64:ff9b::")
    )
    if is_public(address):
        assert low.is_global if carried else parsed.is_global


@pytest.mark.parametrize(
    ("reach", "allowed"), [("public", "8.8.8.8"), ("private", "127.0.0.1"), ("any", "8.8.8.8")]
)
def test_a_socket_is_made_for_an_address_in_reach(reach: Reach, allowed: str) -> None:
    socket_factory(reach)((socket.AF_INET, socket.SOCK_STREAM, 6, "", (allowed, 443))).close()


@pytest.mark.parametrize(("reach", "refused"), [("public", "127.0.0.1"), ("private", "8.8.8.8")])
def test_no_socket_is_made_for_another(reach: Reach, refused: str) -> None:
    with pytest.raises(RefusedAddressError):
        socket_factory(reach)((socket.AF_INET, socket.SOCK_STREAM, 6, "", (refused, 443)))


class Recorder:
    """Stands in for the system: records which sockets would be connected, and connects none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        whole = socket_factory

        def recording(reach: Reach) -> Callable[[Any], socket.socket]:
            factory = whole(reach)

            def made(info: Any) -> socket.socket:
                factory(info).close()
                self.made.append(info[4][0])
                raise ConnectionRefusedError

            return made

        monkeypatch.setattr("quantapilot.sinks.webhook.socket_factory", recording)

    def send(self, url: str, options: SinkOptions = OPTIONS, *, check: bool = True) -> Outcome:
        async def run() -> Outcome:
            sink = sink_for(url, options) if check else WebhookSink(URL(url), options, "public")
            await sink.open()
            try:
                return (await sink.send([MESSAGE]))[0]
            finally:
                await sink.close()

        return asyncio.run(run())


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(monkeypatch)


def spellings(address: IPv4Address) -> list[str]:
    whole = int(address)
    a, b, c, d = address.packed
    return [
        str(address),
        f"{whole}",
        f"{whole:#x}",
        f"0{whole:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a}.{whole & 0xFFFFFF}",
        f"{a}.{b}.{whole & 0xFFFF}",
        f"{address}.",
        f"[::ffff:{address}]",
        f"[::ffff:{whole >> 16:x}:{whole & 0xFFFF:x}]",
        f"[::{address}]",
        f"[::ffff:0:{address}]",
        f"[64:ff9b::{address}]",
        f"[64:ff9b:1::{address}]",
        f"[2002:{whole >> 16:x}:{whole & 0xFFFF:x}::1]",
        f"[2001:0:{whole >> 16:x}:{whole & 0xFFFF:x}::1]",
    ]


NOT_PUBLIC_V4 = st.one_of(
    st.sampled_from([IPv4Address(each) for each in NOT_PUBLIC if ":" not in each]),
    *(
        st.ip_addresses(network=each)
        for each in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8")
    ),
)


@given(st.data())
def test_no_spelling_of_an_address_that_is_not_public_is_ever_connected_to(
    data: st.DataObject,
) -> None:
    address = data.draw(NOT_PUBLIC_V4)
    assert isinstance(address, IPv4Address)
    host = data.draw(st.sampled_from(spellings(address)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        # What the system can't read as a number it would ask the network for.
        monkeypatch.setattr(socket, "getaddrinfo", numbers_only(socket.getaddrinfo))
        recorder = Recorder(monkeypatch)
        with pytest.raises(SinkError, match=r"not public|unusual form"):
            recorder.send(f"https://{host}:9/")
        # The sink itself, as it is made for names, does not connect to it either.
        recorder.send(f"https://{host}:9/", check=False)
    assert recorder.made == []


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_the_internet_is_ever_connected_to(address: IPv6Address) -> None:
    assume(not is_public(str(address)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        recorder = Recorder(monkeypatch)
        with pytest.raises(SinkError, match="not public"):
            recorder.send(f"https://[{address}]/")
    assert recorder.made == []


def numbers_only(known: Callable[..., Any]) -> Callable[..., Any]:
    def answer(host: str, port: int, *_: Any, **__: Any) -> Any:
        return known(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    return answer


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    given_out = iter(answers)

    def answer(_: str, port: int, *__: Any, **___: Any) -> Any:
        return [
            (
                socket.AF_INET6 if ":" in each else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (each, port, 0, 0) if ":" in each else (each, port),
            )
            for each in next(given_out)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_a_name_that_leads_inside_is_refused(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["169.254.169.254", "::1", "64:ff9b::a9fe:a9fe"])
    assert recorder.send("https://rebound.example/") == Retry("address not allowed")
    assert recorder.made == []


def test_of_several_addresses_of_a_name_only_public_ones_are_tried(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["10.0.0.1", "8.8.8.8", "::1"])
    assert isinstance(recorder.send("https://mixed.example/"), Retry)
    assert set(recorder.made) == {"8.8.8.8"}


def test_a_name_that_changes_its_answer_is_judged_anew(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    assert recorder.send("https://rebound.example/") == Retry("connection refused")
    assert recorder.send("https://rebound.example/") == Retry("address not allowed")
    assert recorder.made == ["8.8.8.8"]


def test_plain_http_never_leaves_the_private_network(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = SinkOptions(secrets=OPTIONS.secrets, allow_private=True)
    resolving(monkeypatch, ["8.8.8.8"], ["10.0.0.1"])
    assert recorder.send("http://receiver.example/", private) == Retry("address not allowed")
    assert recorder.send("http://receiver.example/", private) == Retry("connection refused")
    assert recorder.made == ["10.0.0.1"]


def test_a_listening_server_of_this_machine_gets_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]

        async def run() -> Outcome:
            sink = sink_for(f"https://localhost:{port}/", OPTIONS)
            await sink.open()
            try:
                return (await sink.send([MESSAGE]))[0]
            finally:
                await sink.close()

        assert asyncio.run(run()) == Retry("address not allowed")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_refusal_names_no_address() -> None:
    assert str(addresses.RefusedAddressError()) == "address not allowed"
