"""What makes a webhook sink, what is refused with which words, and what `Retry-After` asks for."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.errors import SinkError
from quantapilot.signing import new_secret
from quantapilot.sinks import sink_for
from quantapilot.sinks.retry_after import retry_after
from quantapilot.sinks.sink import SinkOptions

SECRET = new_secret()
SIGNED = SinkOptions(secrets=(SECRET,))
PRIVATE = SinkOptions(secrets=(SECRET,), allow_private=True)


def refusal(url: str, options: SinkOptions = SIGNED) -> str:
    with pytest.raises(SinkError) as caught:
        sink_for(url, options)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://hooks.example:443/events", "https://hooks.example/events"),
        ("https://hooks.example:8443", "https://hooks.example:8443/"),
        ("HTTPS://Hooks.Example/a%20b?key=hidden#part", "https://hooks.example/a%20b"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
    ],
)
def test_a_name_holds_the_place_and_nothing_that_may_be_secret(url: str, name: str) -> None:
    sink = sink_for(url, SinkOptions(secrets=(SECRET,), header=("x-key", "hidden")))
    assert sink.name == name
    assert name in repr(sink)
    assert "hidden" not in repr(sink)


def test_how_much_is_sent_at_a_time_is_an_option() -> None:
    assert sink_for("https://hooks.example/", SIGNED).in_flight == 32
    four = SinkOptions(secrets=(SECRET,), in_flight=4)
    assert sink_for("https://hooks.example/", four).in_flight == 4


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:hooks.example",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nx: y",
        "https://hooks.example\\@inside/",
        "https://[::1/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert "https://host/path" in refusal(url)


@pytest.mark.parametrize("url", ["https://user:hidden@hooks.example/", "https://hidden@a.example/"])
def test_credentials_in_an_address_are_refused_and_not_shown(url: str) -> None:
    text = refusal(url)
    assert "credentials" in text
    assert "hidden" not in text


def test_whoever_sends_must_be_told_by_something() -> None:
    text = refusal("https://hooks.example/", SinkOptions())
    assert "QP_WEBHOOK_SECRETS" in text
    assert "QP_WEBHOOK_HEADER" in text
    sink_for("https://hooks.example/", SinkOptions(header=("x-key", "text")))


def test_a_secret_that_cannot_be_used_is_refused_and_not_shown() -> None:
    text = refusal("https://hooks.example/", SinkOptions(secrets=(SECRET, "whsec_short")))
    assert "secret 2" in text
    assert "short" not in text.replace("too short", "")


def test_plain_http_needs_a_private_receiver() -> None:
    assert "use https:" in refusal("http://127.0.0.1/")
    assert "use https:" in refusal("http://8.8.8.8/", PRIVATE)
    sink_for("http://127.0.0.1/", PRIVATE)
    sink_for("http://receiver.internal/", PRIVATE)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[64:ff9b::a00:1]"])
def test_an_address_that_is_not_public_is_refused_at_once(host: str) -> None:
    assert "not public" in refusal(f"https://{host}/")
    sink_for(f"https://{host}/", PRIVATE)


@pytest.mark.parametrize(
    "header",
    [
        ("", "value"),
        ("x key", "hidden"),
        ("x-key\r\n", "hidden"),
        ("Webhook-Signature", "hidden"),
        ("content-length", "1"),
        ("Host", "hidden"),
        ("x-key", ""),
        ("x-key", "hidden\r\nhost: inside"),
        ("x-key", "hidden\x00"),
        ("x-key", " hidden"),
        ("x-key", "hidd\xe9n"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_and_not_shown(header: tuple[str, str]) -> None:
    text = refusal("https://hooks.example/", SinkOptions(header=header))
    assert "the webhook's header" in text
    assert "hidd" not in text


@pytest.mark.parametrize(
    "options",
    [
        SinkOptions(secrets=(SECRET,), deadline=0),
        SinkOptions(secrets=(SECRET,), deadline=float("nan")),
        SinkOptions(secrets=(SECRET,), deadline=float("inf")),
        SinkOptions(secrets=(SECRET,), in_flight=0),
    ],
)
def test_options_that_make_no_sense_are_refused(options: SinkOptions) -> None:
    assert "above 0" in refusal("https://hooks.example/", options)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120\t", 120.0),
        ("999999999", 86_400.0),
        ("9999999999", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 86_400.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_what_a_receiver_asks_for_is_kept_within_a_day(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after(value) == seconds


def test_a_date_to_come_is_waited_for() -> None:
    asked = retry_after(formatdate(time.time() + 100, usegmt=True))
    assert asked is not None
    assert 95 <= asked <= 100


@given(st.text(max_size=80) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ .*"))
def test_nothing_a_receiver_may_ask_for_breaks_the_sender(value: str) -> None:
    asked = retry_after(value)
    assert asked is None or 0 <= asked <= 86_400
