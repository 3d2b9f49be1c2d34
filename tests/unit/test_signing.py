"""Signatures: what another implementation makes and takes, and why one is refused."""

from __future__ import annotations

import base64
import copy
import hmac
import logging
import pickle
import re
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import Message
from typing import Any, get_args

import pytest
from standardwebhooks import Webhook

from quantapilot.errors import QuantaPilotError, SecretError, SignatureError, SignatureReason
from quantapilot.signing import REASONS, Signer, new_secret, secret_text, verify

# The vector that the specification's own libraries test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {
    "webhook-id": MESSAGE,
    "webhook-timestamp": str(AT),
    "webhook-signature": SIGNATURE,
}
# Two more that its libraries and its text show, of other keys and another scheme.
OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
ASYMMETRIC = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)


def secret_of(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def reason_of(headers: Any, body: bytes = BODY, at: float = AT, **more: Any) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(headers, body, [SECRET], now=lambda: at, **more)
    assert type(caught.value) is SignatureError
    return caught.value.reason


def test_the_published_vector_is_made_and_taken() -> None:
    assert Signer([SECRET]).sign(MESSAGE, AT, BODY) == SIGNATURE
    verified = verify(HEADERS, BODY, [SECRET], now=lambda: AT)
    assert (verified.message_id, verified.timestamp, verified.key) == (MESSAGE, AT, 0)


def test_signatures_of_other_keys_and_other_schemes_beside_it_do_no_harm() -> None:
    version_2 = OTHER.replace("v1", "v2")
    several = " ".join([OTHER, version_2, ASYMMETRIC, "v9,", SIGNATURE, OTHER])
    verify(HEADERS | {"webhook-signature": several}, BODY, [SECRET], now=lambda: AT)


@pytest.mark.parametrize(
    "body", [BODY, b"", b"{}\n", "naïve ☃ 😀".encode(), b"1614265330.x"], ids=repr
)
def test_another_library_takes_ours_and_we_take_its(body: bytes) -> None:
    secret, now = new_secret(), int(time.time())
    headers = Signer([secret]).headers(MESSAGE, now, body)
    Webhook(secret).verify(body, headers, json_parse=False)
    theirs = Webhook(secret).sign(MESSAGE, datetime.fromtimestamp(now, UTC), body.decode())
    assert theirs == headers["webhook-signature"]
    assert verify(headers | {"webhook-signature": theirs}, body, [secret]).timestamp == now


@pytest.mark.parametrize("length", [24, 25, 26, 27, 32, 63, 64])
@pytest.mark.parametrize("padding", [True, False])
def test_keys_of_any_length_that_the_specification_allows_are_taken(
    length: int, *, padding: bool
) -> None:
    secret = secret_of(bytes(range(256 - length, 256)))
    given = secret if padding else secret.rstrip("=")
    now = int(time.time())
    headers = Signer([given]).headers(MESSAGE, now, BODY)
    Webhook(secret).verify(BODY, headers, json_parse=False)
    verify(headers, BODY, [secret])


def test_while_secrets_rotate_either_side_may_be_the_first_to_change() -> None:
    old, new = new_secret(), new_secret()
    both = Signer([new, old]).headers(MESSAGE, AT, BODY)
    assert len(both["webhook-signature"].split(" ")) == 2
    assert verify(both, BODY, [old], now=lambda: AT).key == 0
    assert verify(both, BODY, [new], now=lambda: AT).key == 0
    alone = Signer([old]).headers(MESSAGE, AT, BODY)
    assert verify(alone, BODY, [new, old], now=lambda: AT).key == 1
    with pytest.raises(SignatureError, match="no signature belongs"):
        verify(alone, BODY, [new], now=lambda: AT)


def mime(pairs: dict[str, str]) -> Message:
    message = Message()
    for name, value in pairs.items():
        message[name] = value
    return message


@pytest.mark.parametrize(
    "headers",
    [
        {name.title(): value for name, value in HEADERS.items()},
        {name.upper(): value for name, value in HEADERS.items()},
        [("Host", "h"), ("Host", "i"), *HEADERS.items()],
        [(name.encode(), value.encode()) for name, value in HEADERS.items()],
        mime(HEADERS),
        iter(HEADERS.items()),
    ],
    ids=["title", "upper", "pairs", "asgi", "http.server", "iterator"],
)
def test_headers_are_taken_as_any_framework_holds_them(headers: Any) -> None:
    assert verify(headers, BODY, [SECRET], now=lambda: AT).message_id == MESSAGE


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_missing_is_named(name: str) -> None:
    given = {key: value for key, value in HEADERS.items() if key != name}
    assert reason_of(given) == f"missing-{name.removeprefix('webhook-')}"
    with pytest.raises(SignatureError, match=name):
        verify(given, BODY, [SECRET])


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_stands_twice_is_refused_even_with_one_value(name: str) -> None:
    assert reason_of([*HEADERS.items(), (name, HEADERS[name])]) == "duplicate-header"
    assert reason_of({**HEADERS, name.title(): "other"}) == "duplicate-header"
    joined = f"{HEADERS[name]}, {HEADERS[name]}"
    assert reason_of(HEADERS | {name: joined}).startswith("bad-")


@pytest.mark.parametrize(
    "message_id",
    ["", " ", "a b", "a.b", ".", "a\n", "\x00", "a\x7f", "é", "a" * 257, "a" * 10_000_000],
    ids=lambda text: ascii(text[:20]),
)
def test_an_id_that_could_be_split_or_forged_is_refused_on_both_sides(message_id: str) -> None:
    assert reason_of(HEADERS | {"webhook-id": message_id}) == "bad-id"
    with pytest.raises(SignatureError) as caught:
        Signer([SECRET]).sign(message_id, AT, BODY)
    assert caught.value.reason == "bad-id"


def test_what_was_signed_can_not_be_split_in_another_place() -> None:
    signed = Signer([SECRET]).headers("a", AT, b"1614265331.rest")
    moved = signed | {"webhook-id": f"a.{AT}", "webhook-timestamp": "1614265331"}
    # Other libraries take it, for another id and another body than were signed.
    content = f"{moved['webhook-id']}.{moved['webhook-timestamp']}.rest"
    assert content == f"a.{AT}.1614265331.rest"
    assert reason_of(moved, b"rest") == "bad-id"


@pytest.mark.parametrize(
    "timestamp",
    [
        "", "hello", "-1", "+1", "01614265330", " 1614265330", "1614265330 ", "1614265330\n",
        "1614265330.0", "1.6e9", "0x60", "1_614_265_330", "nan", "inf", "100000000000",
        "9" * 5000, "9" * 10_000_000, "١٦١٤٢٦٥٣٣٠", "１６１４２６５３３０", "²",
    ],
    ids=lambda text: ascii(text[:20]),
)  # fmt: skip
def test_a_timestamp_in_any_but_plain_digits_is_refused(timestamp: str) -> None:
    assert reason_of(HEADERS | {"webhook-timestamp": timestamp}) == "bad-timestamp"


@pytest.mark.parametrize("timestamp", [-1, 10**11, 10**400, 1.5, True, float("nan")])
def test_a_time_that_no_receiver_would_take_is_not_signed(timestamp: Any) -> None:
    with pytest.raises(SignatureError) as caught:
        Signer([SECRET]).sign(MESSAGE, timestamp, BODY)
    assert caught.value.reason == "bad-timestamp"


@pytest.mark.parametrize(
    "signature",
    [
        "", " ", "v1", "v1,", "v1,=", "v1,dawfeoifkpqwoekfpqoekf", SIGNATURE[:8], f" {SIGNATURE}",
        f"{SIGNATURE} ", f"{SIGNATURE}  {OTHER}", f"{SIGNATURE}\t{OTHER}", f"{SIGNATURE},{OTHER}",
        f"{SIGNATURE}, {OTHER}", SIGNATURE[3:], SIGNATURE[:-1], f"{SIGNATURE}=", f"{SIGNATURE}\n",
        SIGNATURE.replace("+", "-").replace("/", "_"), f"v1,{'é' * 44}", f"v1,{'=' * 44}",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_signature_that_was_cut_or_changed_is_told_from_a_wrong_one(signature: str) -> None:
    assert reason_of(HEADERS | {"webhook-signature": signature}) == "bad-signature-format"


@pytest.mark.parametrize("signature", [ASYMMETRIC, SIGNATURE.replace("v1", "v2"), "V1,x", ",x"])
def test_signatures_of_unknown_schemes_alone_prove_nothing(signature: str) -> None:
    assert reason_of(HEADERS | {"webhook-signature": signature}) == "unknown-version"


@pytest.mark.parametrize("part", ["v1,", "x,", " ", OTHER + " ", "é"])
def test_a_header_of_ten_megabytes_costs_next_to_nothing(part: str) -> None:
    headers = HEADERS | {"webhook-signature": SIGNATURE + " " + part * (10_000_000 // len(part))}
    start = time.perf_counter()
    assert reason_of(headers) == "bad-signature-format"
    assert time.perf_counter() - start < 0.1


def test_as_many_signatures_as_fit_are_all_compared() -> None:
    several = " ".join([OTHER] * 169 + [SIGNATURE])
    assert len(several) < 8192
    verify(HEADERS | {"webhook-signature": several}, BODY, [SECRET], now=lambda: AT)


@pytest.mark.parametrize(
    ("at", "reason"),
    [(AT + 301, "too-old"), (AT - 301, "too-new"), (AT + 300.5, "too-old"), (AT * 9.0, "too-old")],
)
def test_five_minutes_either_way_are_tolerated_and_no_more(at: float, reason: str) -> None:
    assert reason_of(HEADERS, at=at) == reason
    for near in (AT + 300, AT - 300):
        verify(HEADERS, BODY, [SECRET], now=iter([near]).__next__)


def test_the_tolerance_can_be_chosen() -> None:
    assert reason_of(HEADERS, at=AT + 1.5, tolerance=1) == "too-old"
    verify(HEADERS, BODY, [SECRET], tolerance=86_400, now=lambda: AT + 86_400)
    assert reason_of(HEADERS, at=time.time()) == "too-old"


@pytest.mark.parametrize("value", [None, 1614265330, [SIGNATURE], {}, b"\xff"], ids=repr)
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_no_text_is_refused_like_any_malformed_one(name: str, value: Any) -> None:
    assert reason_of({**HEADERS, name: value}).startswith("bad-")
    beside: Any = [(None, "x"), *HEADERS.items()]
    assert verify(beside, BODY, [SECRET], now=lambda: AT).message_id == MESSAGE


def test_a_clock_that_tells_no_time_verifies_nothing() -> None:
    for at in (float("nan"), float("inf"), float("-inf")):
        assert reason_of(HEADERS, at=at).startswith("too-")


def test_all_signatures_are_compared_with_all_keys_wherever_one_matches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def counting(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", counting)
    for parts in ([SIGNATURE, OTHER, OTHER], [OTHER, OTHER, SIGNATURE]):
        for secrets in ([SECRET, new_secret()], [new_secret(), SECRET]):
            compared.clear()
            headers = HEADERS | {"webhook-signature": " ".join(parts)}
            found = verify(headers, BODY, secrets, now=lambda: AT)
            assert (len(compared), found.key) == (6, secrets.index(SECRET))


def test_threads_can_share_a_signer() -> None:
    signer = Signer([SECRET, new_secret()])
    ids = [f"id-{number}" for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda each: signer.sign(each, AT, BODY * 100), ids))
    assert made == [signer.sign(each, AT, BODY * 100) for each in ids]


@pytest.mark.parametrize(
    "body", [b"", BODY + b"\n", BODY[:-1], b'{"test":2432232314}', BODY.replace(b"4}", b"5}")]
)
def test_another_body_does_not_match(body: bytes) -> None:
    assert reason_of(HEADERS, body) == "no-match"


def test_a_refusal_can_leave_a_worker_process() -> None:
    with pytest.raises(SignatureError) as caught:
        verify({}, BODY, [SECRET])
    moved = pickle.loads(pickle.dumps(caught.value))
    assert (moved.reason, str(moved)) == (caught.value.reason, str(caught.value))


def test_every_reason_is_documented_with_what_to_do() -> None:
    assert tuple(REASONS) == get_args(SignatureReason)
    assert all("; " in text for text in REASONS.values())
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", reason) for reason in REASONS)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("", "does not begin with 'whsec_'"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin with 'whsec_'"),
        (f" {SECRET}", "does not begin with 'whsec_'"),
        ("whsec_", "24 to 64 bytes"),
        (secret_of(bytes(23)), "24 to 64 bytes"),
        (secret_of(bytes(65)), "24 to 64 bytes"),
        (f"{SECRET}\n", "not base64"),
        (SECRET[:-3], "not base64"),
        ("whsec_" + "-_" * 24, "not base64"),
        ("whsec_" + "é" * 40, "not base64"),
        ("whsk_" + "A" * 86, "asymmetric"),
        ("whpk_" + "A" * 43, "asymmetric"),
        (None, "is no text"),
        (SECRET.encode(), "is no text"),
        ([SECRET], "is no text"),
    ],
)
def test_a_secret_that_can_not_be_used_is_refused_and_not_shown(secret: Any, told: str) -> None:
    for use in (
        lambda: Signer([SECRET, secret]),
        lambda: verify(HEADERS, BODY, [SECRET, secret], now=lambda: AT),
    ):
        with pytest.raises(SecretError, match=told) as caught:
            use()
        assert str(caught.value).startswith("secret 2 ")
        assert not_shown(caught.value, str(secret))


def not_shown(error: QuantaPilotError, secret: str) -> bool:
    """Tell whether neither the error nor what it came from holds a part of a secret."""
    assert error.__cause__ is None
    assert error.__context__ is None
    text = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    return not any(part in text for part in re.findall(r"[^_\s]{12,}", secret))


@pytest.mark.parametrize("secrets", [[], (), None, SECRET, SECRET.encode()])
def test_no_secret_at_all_is_never_taken_for_a_valid_one(secrets: Any) -> None:
    with pytest.raises(SecretError):
        verify(HEADERS, BODY, secrets, now=lambda: AT)
    with pytest.raises(SecretError):
        Signer(secrets)


def test_a_new_secret_is_long_random_text_that_other_programs_can_hold() -> None:
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    for secret in made:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        assert re.fullmatch(rb"[A-Za-z0-9]{48}", key)
        assert secret_text(secret).encode() == key
    assert len({secret_text(secret)[0] for secret in made}) > 30


def test_a_program_that_takes_its_key_as_text_computes_the_same_signature() -> None:
    secret = new_secret()
    made = Signer([secret]).sign(MESSAGE, AT, BODY)
    # The other library takes a key of bytes as it is, as n8n's Crypto node takes one of text.
    by_text = Webhook(secret_text(secret).encode())
    assert by_text.sign(MESSAGE, datetime.fromtimestamp(AT, UTC), BODY.decode()) == made


def test_a_secret_whose_key_is_no_text_says_so() -> None:
    for secret in (SECRET, secret_of(b"a b" * 10), secret_of(b"=" * 23 + b"\n")):
        with pytest.raises(SecretError, match="is no text") as caught:
            secret_text(secret)
        assert not_shown(caught.value, secret)


def test_neither_a_signer_nor_an_error_shows_a_key(caplog: pytest.LogCaptureFixture) -> None:
    secret = new_secret()
    signer = Signer([secret])
    logging.getLogger(__name__).error("%r %s", signer, signer)
    with pytest.raises(SignatureError) as caught:
        verify(HEADERS, BODY, [secret], now=lambda: AT)
    error = caught.value
    shown = f"{signer!r} {signer} {caplog.text} {error!r} {vars(error)} {error.args}"
    for hidden in (secret, secret[6:], secret_text(secret), SIGNATURE[3:], BODY.decode()):
        assert hidden not in shown
    assert not hasattr(signer, "__dict__")
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(signer)
