"""Headers of a saved request, as browsers, proxies, n8n and `curl` write them."""

from __future__ import annotations

import pytest

from quantapilot.errors import InputError
from quantapilot.inputs.headers import parsed_headers

PAIRS = [("Host", "h"), ("webhook-id", "a:b")]


@pytest.mark.parametrize(
    "data",
    [
        b"Host: h\nwebhook-id: a:b\n",
        b"Host:h\r\nwebhook-id:\ta:b \t\r\n",
        b"Host: h\nwebhook-id: a:b",
        b"POST /hook?x=1 HTTP/1.1\r\nHost: h\r\nwebhook-id: a:b\r\n\r\n{}",
        b"HTTP/2 200\nHost: h\nwebhook-id: a:b\n",
        b"\n\nHost: h\nwebhook-id: a:b\n\nnot: this\n",
        b"\xef\xbb\xbfHost: h\nwebhook-id: a:b\n",
        b'{"Host": "h", "webhook-id": "a:b"}',
        b'\xef\xbb\xbf\n {"Host": ["h"], "webhook-id": "a:b"}\n',
    ],
)
def test_lines_and_json_are_read_alike(data: bytes) -> None:
    assert parsed_headers(data, "h") == PAIRS


def test_a_header_that_stands_twice_stays_twice() -> None:
    twice = [("a", "1"), ("a", "2")]
    for data in (b"a: 1\na: 2", b'{"a": "1", "a": "2"}', b'{"a": ["1", "2"]}'):
        assert parsed_headers(data, "h") == twice


def test_a_number_in_json_is_taken_as_it_is_written() -> None:
    assert parsed_headers(b'{"a": 1614265330, "b": 1e400}', "h") == [
        ("a", "1614265330"), ("b", "1e400"),
    ]  # fmt: skip


def test_octets_that_are_no_utf8_stop_nothing() -> None:
    assert parsed_headers(b"a: \xff\nb: c", "h") == [("a", "ÿ"), ("b", "c")]


def test_nothing_is_no_header() -> None:
    for data in (b"", b"\n", b"{}", b"GET / HTTP/1.1\n"):
        assert parsed_headers(data, "h") == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a: b\nzq-hidden\n", "h:2: this is no line of the form 'Name: value'"),
        (b"a: b\n zq-hidden: folded\n", "h:2: this is no line of the form 'Name: value'"),
        (b": zq-hidden\n", "h:1: this is no line of the form 'Name: value'"),
        (b"\x00\xff\xfezq-hidden", "h:1: this is no line of the form 'Name: value'"),
        (b'{"a": "zq-hidden"', "h: this is no JSON object of headers"),
        (b'{"a": "zq-hidden"} x', "h: this is no JSON object of headers"),
        (b'{"a": "\xff zq-hidden"}', "h: this is no JSON object of headers"),
        (b'{"zq-hidden":' * 100_000, "h: this is no JSON object of headers"),
        (b'{"zq-hidden": null}', "h: the value of a header is no text; write it as text"),
        (b'{"a": {"b": "zq-hidden"}}', "h: the value of a header is no text; write it as text"),
        (b'{"a": [["zq-hidden"]]}', "h: the value of a header is no text; write it as text"),
    ],
    ids=lambda given: ascii(given[:20]),
)
def test_what_is_neither_is_refused_and_not_shown(data: bytes, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed_headers(data, "h")
    assert str(caught.value) == told
    assert caught.value.__context__ is None
