"""Where a token may be sent: what is refused, and that nothing of it is shown."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from quantapilot.client.address import gateway_url, must_stay_inside
from quantapilot.errors import GatewayError, GatewayUnavailableError


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700"),
        ("http://127.0.0.1:8700/", "http://127.0.0.1:8700"),
        ("HTTPS://Gateway.Example/qp/", "https://gateway.example/qp"),
        ("http://[::1]:08700", "http://[::1]:8700"),
        ("https://gateway_1", "https://gateway_1"),
    ],
)
def test_an_address_has_one_form_that_its_token_is_kept_by(given: str, url: str) -> None:
    assert gateway_url(given) == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "127.0.0.1:8700",
        "ftp://gateway.example",
        "file:///etc/passwd",
        "https://",
        "https://gateway.example:0",
        "https://gateway.example:65536",
        "https://gateway.example/?key=hunter2",
        "https://gateway.example/#hunter2",
        "https://gateway.example/hunter2\r\nx: y",
        "https://gateway.example/hunter2\n",
        "https://gateway.example\\hunter2",
        "https://hunter2.exämple",
        "https://gateway.example//hunter2",
        "https://someone:hunter2@gateway.example",
        "https://hunter2@gateway.example",
    ],
)
def test_an_address_that_can_not_be_used_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(GatewayError) as refused:
        gateway_url(given)
    assert "hunter2" not in str(refused.value)


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(*_: Any, **__: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fe80::1%eth0"])
def test_plain_http_stays_in_private_networks(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolved(monkeypatch, address)
    must_stay_inside("http://gateway:8700")


@pytest.mark.parametrize("addresses", [("93.184.216.34",), ("10.1.2.3", "93.184.216.34")])
def test_a_token_is_not_sent_to_the_internet_over_plain_http(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolved(monkeypatch, *addresses)
    with pytest.raises(GatewayError, match="use https:"):
        must_stay_inside("http://gateway.example")
    must_stay_inside("https://gateway.example")


def test_an_unknown_host_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved(monkeypatch)
    with pytest.raises(GatewayUnavailableError, match="no such host"):
        must_stay_inside("http://gateway.example")
