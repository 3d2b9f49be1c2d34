"""Tokens: shown once, known again by a hash, and nothing learnt from those that do not hold."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.detecting import detector_of

from quantapilot.gateway.tokens import matches, new_signing_token, new_token, parsed

if TYPE_CHECKING:
    from quantapilot.gateway.model import Token

NOW = 1_800_000_000.0


def made() -> tuple[str, str, Token]:
    text, token = new_token(["run:read"], ["proj_a"], NOW, label="a dashboard")
    sent = parsed(text)
    assert sent is not None
    assert sent[0] == token.token_id
    return text, sent[1], token


def test_a_token_proves_itself_and_no_other() -> None:
    _, secret, token = made()
    _, other_secret, other = made()
    assert matches(token, secret, NOW)
    assert not matches(token, other_secret, NOW)
    assert not matches(other, secret, NOW)
    assert not matches(token, secret[:-1], NOW)
    assert not matches(token, "", NOW)


def test_what_is_kept_of_a_token_shows_nothing_of_its_secret() -> None:
    text, secret, token = made()
    kept = b"".join([token.token_id.encode(), token.salt, token.digest])
    assert secret.encode() not in kept
    assert secret not in repr(token)
    assert token.digest.hex() not in repr(token)
    assert text.startswith("qpt_")


def test_equal_secrets_are_kept_as_different_hashes() -> None:
    _, secret, token = made()
    _, _, other = made()
    assert not matches(replace(token, salt=other.salt), secret, NOW)


def test_a_token_ends_when_it_expires_and_when_it_is_revoked() -> None:
    _, secret, token = made()
    assert matches(replace(token, expires_at=NOW + 1), secret, NOW)
    assert not matches(replace(token, expires_at=NOW), secret, NOW)
    assert not matches(replace(token, revoked_at=NOW - 1), secret, NOW)


def test_a_key_that_signs_is_no_token_to_send() -> None:
    token = new_signing_token(["run:trigger"], ["proj_a"], NOW)
    assert not matches(token, "", NOW)
    assert (token.salt, token.digest) == (b"", b"")


def test_the_same_is_compared_whether_or_not_there_is_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    _, secret, token = made()
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for each in (
        token,
        None,
        replace(token, revoked_at=NOW),
        replace(token, expires_at=NOW),
        new_signing_token([], [], NOW),
    ):
        matches(each, secret, NOW)
    assert compared == [(32, 32)] * 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "qpt_",
        "qpt_{id}_",
        "qpt_{id}_{secret}x",
        "qpt_{id}_{secret}\n",
        " qpt_{id}_{secret}",
        "QPT_{id}_{secret}",
        "qpt_{id}{secret}",
        "qpt_{id}_{secret_but_one}é",
        "qpt_{id}_{secret_but_one}１",
        "qpt_{upper}_{secret}",
    ],
)
def test_a_token_that_is_written_otherwise_is_none(text: str) -> None:
    _, secret, token = made()
    filled = text.format(
        id=token.token_id, secret=secret, secret_but_one=secret[:-1], upper="ABCDEFGHIJKL"
    )
    assert parsed(filled) is None


def test_a_fresh_token_in_a_log_line_is_found_by_our_own_rules() -> None:
    detector = detector_of("token")
    for _ in range(50):
        text, _ = new_token([], [], NOW)
        line = f"POST /run failed, sent {text}"
        (found,) = detector.find(line)
        assert found.rule.id == "pii/token-quantapilot"
        assert line[found.start : found.end] == text
        assert detector.candidates(f'{{"message": "{line}"}}\n'.encode()) == [0]
