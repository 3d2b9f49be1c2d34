"""What is made of an answer that nobody has to believe."""

from __future__ import annotations

import orjson
import pytest

from quantapilot.client.answers import Call, document, error, problem, words
from quantapilot.errors import (
    ForbiddenError,
    GatewayError,
    GatewayUnavailableError,
    NotFoundError,
    RateLimitedError,
    RefusedByGatewayError,
    UnauthenticatedError,
    UnexpectedAnswerError,
)

CALL = Call("POST", "/run", "run:trigger", "nothing is there")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, UnexpectedAnswerError),
        (307, UnexpectedAnswerError),
        (400, RefusedByGatewayError),
        (401, UnauthenticatedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, UnexpectedAnswerError),
        (408, GatewayUnavailableError),
        (409, RefusedByGatewayError),
        (413, RefusedByGatewayError),
        (418, UnexpectedAnswerError),
        (422, RefusedByGatewayError),
        (429, RateLimitedError),
        (500, GatewayUnavailableError),
        (502, GatewayUnavailableError),
        (503, GatewayUnavailableError),
        (204, UnexpectedAnswerError),
        (999, UnexpectedAnswerError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>\x1b[2J</html>", b"[1]", b'{"error_code": 7}'])
def test_a_status_tells_the_kind_of_error_whatever_the_body_is(
    status: int, kind: type[GatewayError], body: bytes
) -> None:
    made = error(CALL, status, {}, body)
    assert type(made) is kind
    assert str(made).isprintable()


def test_a_refusal_tells_code_and_message() -> None:
    body = orjson.dumps({"error_code": "PERSONAL_DATA", "message": "pii/email at /branch"})
    refused = error(CALL, 422, {}, body)
    assert isinstance(refused, RefusedByGatewayError)
    assert refused.code == "PERSONAL_DATA"
    assert str(refused) == "the gateway refuses it: PERSONAL_DATA: pii/email at /branch"


def test_a_message_can_not_draw_on_a_terminal_or_fill_it() -> None:
    body = orjson.dumps({"error_code": "\x1b[2J", "message": "\x1b[2J\u202e\r\n" + "long" * 1000})
    refused = error(CALL, 422, {}, body)
    assert str(refused).isprintable()
    assert len(str(refused)) < 400
    assert isinstance(refused, RefusedByGatewayError)
    assert refused.code == ""


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", b"{}", 7.0),
        ("7", b'{"retry_after": 9}', 7.0),
        (None, b'{"retry_after": 9}', 9.0),
        ("soon", b'{"retry_after": 9}', 9.0),
        ("999999999", b"{}", 86_400.0),
        (None, b'{"retry_after": -1}', None),
        (None, b'{"retry_after": 1e400}', None),
        (None, b'{"retry_after": true}', None),
        (None, b"{}", None),
    ],
)
def test_how_long_to_wait_is_taken_from_the_header_else_from_the_body(
    header: str | None, body: bytes, seconds: float | None
) -> None:
    made = error(CALL, 429, {"retry-after": header} if header else {}, body)
    assert isinstance(made, RateLimitedError)
    assert made.retry_after == seconds


def test_json_that_is_no_object_is_none() -> None:
    for body in (b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a": "\\ud800"}'):
        assert document(body) is None
        assert problem(body).message == ""


def test_words_are_one_line() -> None:
    assert words("a\n\tb\x07") == "a b\\x07"
    assert words({"a": [1]}) == "{'a': [1]}"
