"""Access: whose request it is, by a token that is sent or a signature, and nobody's otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

import quantapilot.gateway.access
from quantapilot.gateway.access import Access, SignedTriggers
from quantapilot.gateway.keys import Keys
from quantapilot.gateway.model import Directory, Token
from quantapilot.gateway.tokens import new_signing_token, new_token
from quantapilot.signing import Signer

NOW = 1_800_000_000.0
KEYS = Keys(b"k" * 32)
TEXT, TOKEN = new_token(["run:read"], ["proj_a"], NOW)
SIGNING = new_signing_token(["run:trigger"], ["proj_a"], NOW)
BODY = b'{"branch": "main"}'


def directory(*tokens: Token) -> Directory:
    return Directory(1, {each.token_id: each for each in tokens})


def sent(*values: str) -> list[tuple[bytes, bytes]]:
    given = [(b"authorization", value.encode("latin-1")) for value in values]
    return [(b"host", b"gateway.example"), *given, (b"accept", b"*/*")]


def principal(*values: str, known: Directory | None = None) -> Token | None:
    known = known or directory(TOKEN, SIGNING)
    return Access(lambda: known, lambda: NOW).principal(sent(*values))


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_a_token_is_known_by_its_header(scheme: str) -> None:
    assert principal(scheme + TEXT) is TOKEN


@pytest.mark.parametrize(
    "form",
    [
        "",
        "Bearer",
        "Bearer ",
        "{text}",
        "Basic {text}",
        "Bearer{text}",
        "Bearer\t{text}",
        "Bearer {text} ",
        "Bearer {text},{text}",
        "Bearer {text} {text}",
        "Bearer, Bearer {text}",
        'Bearer "{text}"',
        "Bearer token={text}",
        "Bearer {text}é",
        "Bearer {text}0",
        "Bearer qpt_{of_another}_{secret}",
        "Bearer qpt_000000000000_{secret}",
        "Bearer QPT_{token_id}_{secret}",
        "Bearer qpt_{token_id}_0000000000000000000000000000000000000000",
        "ßearer {text}",
    ],
)
def test_any_other_header_is_nobodys(form: str) -> None:
    value = form.format(
        text=TEXT, token_id=TOKEN.token_id, secret=TEXT[-40:], of_another=SIGNING.token_id
    )
    assert principal(value) is None


def test_a_request_with_two_tokens_is_nobodys() -> None:
    assert principal(f"Bearer {TEXT}", f"Bearer {TEXT}") is None
    assert principal() is None


def test_a_token_ends_with_the_directory_that_says_so() -> None:
    known = [directory(TOKEN)]
    access = Access(lambda: known[0], lambda: NOW)
    headers = sent(f"Bearer {TEXT}")
    assert access.principal(headers) is TOKEN
    for ended in (replace(TOKEN, revoked_at=NOW), replace(TOKEN, expires_at=NOW)):
        known[0] = directory(ended)
        assert access.principal(headers) is None
    known[0] = directory()
    assert access.principal(headers) is None


def test_every_request_is_compared_with_something(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def matches(token: Token | None, secret: str, now: float) -> bool:  # noqa: ARG001
        compared.append(token)
        return False

    monkeypatch.setattr(quantapilot.gateway.access, "matches", matches)
    principal(f"Bearer {TEXT}")
    principal(f"Bearer qpt_{'0' * 12}_{TEXT[-40:]}")
    principal("Basic YTpi")
    principal()
    assert compared == [TOKEN, None, None, None]


def signed(
    token_id: str = SIGNING.token_id, body: bytes = BODY, at: float = NOW
) -> list[tuple[bytes, bytes]]:
    made = Signer([KEYS.trigger_secret(token_id)]).headers("msg_1", int(at), body)
    return [(name.encode(), value.encode()) for name, value in made.items()]


def triggers(*tokens: Token) -> SignedTriggers:
    return SignedTriggers(lambda: directory(*tokens), KEYS, lambda: NOW)


def test_a_signed_trigger_is_its_keys_and_tells_the_message() -> None:
    who = triggers(SIGNING).principal(SIGNING.token_id, signed(), BODY)
    assert who is not None
    assert (who.token, who.message_id) == (SIGNING, "msg_1")


def test_a_trigger_that_was_changed_or_is_old_is_nobodys() -> None:
    known = triggers(SIGNING)
    assert known.principal(SIGNING.token_id, signed(), BODY + b" ") is None
    assert known.principal(SIGNING.token_id, signed(at=NOW - 301), BODY) is None
    assert known.principal(SIGNING.token_id, signed(at=NOW + 301), BODY) is None
    assert known.principal(SIGNING.token_id, signed()[:2], BODY) is None
    assert known.principal(SIGNING.token_id, signed() + signed(), BODY) is None
    assert known.principal(SIGNING.token_id, [], BODY) is None


def test_a_signature_by_a_key_that_does_not_hold_is_nobodys() -> None:
    for tokens in (
        (),
        (replace(SIGNING, revoked_at=NOW),),
        (replace(SIGNING, expires_at=NOW),),
        (replace(SIGNING, kind="bearer"),),
    ):
        known = triggers(*tokens)
        assert known.principal(SIGNING.token_id, signed(), BODY) is None


def test_a_key_signs_for_itself_alone() -> None:
    other = new_signing_token(["run:trigger"], ["proj_b"], NOW)
    known = triggers(SIGNING, other)
    assert known.principal(other.token_id, signed(SIGNING.token_id), BODY) is None


@pytest.mark.parametrize("token_id", ["", "0", "0" * 12, "0" * 10_000, "ABCDEFGHIJKL", "a\n" * 6])
def test_an_id_that_nobody_has_costs_the_same_as_one_that_somebody_has(
    token_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def trigger_secret(keys: Keys, named: str) -> str:  # noqa: ARG001
        asked.append(len(named))
        return KEYS.subscription_secret("none", 0)

    monkeypatch.setattr(Keys, "trigger_secret", trigger_secret)
    assert triggers(SIGNING).principal(token_id, signed_by_none(), BODY) is None
    assert asked == [12]


def signed_by_none() -> list[tuple[bytes, bytes]]:
    made = Signer([KEYS.subscription_secret("none", 0)]).headers("msg_1", int(NOW), BODY)
    return [(name.encode(), value.encode()) for name, value in made.items()]
