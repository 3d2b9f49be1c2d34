"""Signatures: what arrives is verified or refused with the one error, and nothing can change."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from quantapilot.errors import SignatureError
from quantapilot.signing import REASONS, Signer, Verified, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

AT = 1_700_000_000
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")
IDS = st.from_regex(r"[!-\-/-~]{1,40}", fullmatch=True)
KEYS = st.binary(min_size=24, max_size=64)
SIGNATURES = st.binary(min_size=32, max_size=32).map(lambda raw: base64.b64encode(raw).decode())
PARTS = st.one_of(
    st.builds("{},{}".format, st.sampled_from(["v1", "v1a", "v2", "V1", ""]), SIGNATURES),
    st.text(max_size=60),
)
VALUES = st.one_of(
    st.text(max_size=80),
    st.integers(min_value=AT - 400, max_value=AT + 400).map(str),
    st.integers().map(str),
    st.lists(PARTS, max_size=4).map(" ".join),
    st.binary(max_size=80),
)
HEADER_NAMES = st.one_of(
    st.sampled_from([*NAMES, *(name.title() for name in NAMES), *(name.upper() for name in NAMES)]),
    st.text(max_size=20),
    st.binary(max_size=20),
)


def secret_of(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


SECRET = secret_of(bytes(range(32)))


def outcome(headers: Iterable[tuple[str | bytes, str | bytes]], body: bytes) -> Verified | str:
    try:
        return verify(headers, body, [SECRET], now=lambda: AT)
    except SignatureError as error:
        refused = error
    assert type(refused) is SignatureError
    assert str(refused) == REASONS[refused.reason]
    assert refused.__context__ is None
    return refused.reason


@given(st.lists(st.tuples(HEADER_NAMES, VALUES), max_size=6), st.binary(max_size=50))
def test_any_headers_and_any_body_end_in_the_one_error(
    headers: list[tuple[str | bytes, str | bytes]], body: bytes
) -> None:
    assert isinstance(outcome(headers, body), str)


@given(st.tuples(VALUES, VALUES, VALUES), st.binary(max_size=50))
def test_any_values_of_the_three_headers_end_in_the_one_error(
    values: tuple[str | bytes, ...], body: bytes
) -> None:
    assert isinstance(outcome(list(zip(NAMES, values, strict=True)), body), str)


@given(IDS, st.lists(PARTS, max_size=4), st.binary(max_size=50))
def test_what_stands_beside_a_good_signature_never_ends_in_another_error(
    message_id: str, others: list[str], body: bytes
) -> None:
    made = Signer([SECRET]).headers(message_id, AT, body)
    made["webhook-signature"] = " ".join([*others, made["webhook-signature"]])
    assert outcome(made.items(), body) in (Verified(message_id, AT, 0), "bad-signature-format")


@given(IDS, st.binary(min_size=1, max_size=50), st.data())
def test_one_bit_that_changes_anywhere_is_refused(
    message_id: str, body: bytes, data: st.DataObject
) -> None:
    made = Signer([SECRET]).headers(message_id, AT, body)
    assert outcome(made.items(), body) == Verified(message_id, AT, 0)
    parts = [*(made[name].encode() for name in NAMES), body]
    which = data.draw(st.integers(0, 3))
    bit = data.draw(st.integers(0, len(parts[which]) * 8 - 1))
    changed = bytearray(parts[which])
    changed[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(changed)
    *values, other = parts
    assert isinstance(outcome(list(zip(NAMES, values, strict=True)), other), str)


@given(IDS, st.text(max_size=200), st.lists(KEYS, min_size=1, max_size=3))
def test_another_library_verifies_what_any_key_signs(
    message_id: str, text: str, keys: list[bytes]
) -> None:
    body, now = text.encode("utf-8", "replace"), int(time.time())
    secrets = [secret_of(key) for key in keys]
    made = Signer(secrets).headers(message_id, now, body)
    for place, secret in enumerate(secrets):
        Webhook(secret).verify(body, made, json_parse=False)
        assert verify(made, body, [secret]).key == 0
        assert verify(made, body, secrets[place:]).message_id == message_id


@given(KEYS, KEYS)
def test_a_signature_holds_for_no_other_key(one: bytes, other: bytes) -> None:
    # HMAC pads keys with zeros, RFC 2104, section 2: those two would be the same.
    if one.rstrip(b"\0") == other.rstrip(b"\0"):
        return
    made = Signer([secret_of(one)]).headers("id", AT, b"{}")
    with pytest.raises(SignatureError):
        verify(made, b"{}", [secret_of(other)], now=lambda: AT)
