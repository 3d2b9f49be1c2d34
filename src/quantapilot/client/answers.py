"""What a gateway answers, believed as little as possible: its size, its form and its words.

An error is told in words of our own. The gateway's own message is added where it says more, on one
line, cut, and with all that does not print as escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.ids import UUID
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
from quantapilot.reports.plain import printable
from quantapilot.sinks.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_SHOWN = 300

# What a refusal means by its status, and what to do about it.
_TOLD: Mapping[int, tuple[type[GatewayError], str]] = {
    401: (
        UnauthenticatedError,
        "the token is wrong, or has ended: 'qp token create' makes a new one for QP_TOKEN",
    ),
    403: (
        ForbiddenError,
        (
            "the token may not do that: it needs the scope {scope}, and a grant of the project, "
            "which a repository gets by 'qp project add'"
        ),
    ),
    404: (NotFoundError, "{missing}"),
}
# What may go well later.
_LATER: Mapping[int, tuple[type[GatewayUnavailableError | RateLimitedError], str]] = {
    408: (GatewayUnavailableError, "the gateway did not get all of what was sent in time"),
    429: (RateLimitedError, "the gateway takes no more from this token just now"),
}
# What was sent is at fault.
_CONTENT = frozenset({400, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, for the words in which its refusal is told.

    Attributes:
        method, path: As they are sent.
        scope: What a token needs for it.
        missing: What it means that the gateway does not find it.
    """

    method: str
    path: str
    scope: str
    missing: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error answer says of itself: an `ErrorResponse`, as far as it is one."""

    code: str = ""
    message: str = ""
    retry_after: float | None = None


def is_uuid(value: object) -> bool:
    """Return whether a value is an id as the contract has them."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def words(value: object) -> str:
    """Return what somebody else wrote as a text that may be shown: one line, not too long."""
    shown = printable(" ".join(str(value).split()))
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def document(body: bytes | str) -> dict[str, Any] | None:
    """Return the JSON object that a body is; None where it is none."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def problem(body: bytes) -> Problem:
    """Return what an error answer says."""
    told = document(body) or {}
    code, message, pause = (told.get(key) for key in ("error_code", "message", "retry_after"))
    return Problem(
        code if isinstance(code, str) and _CODE.fullmatch(code) else "",
        words(message) if isinstance(message, str) else "",
        retry_after(str(pause)) if isinstance(pause, int) else None,
    )


def error(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """Return the error that an answer without success stands for."""
    if status in _TOLD:
        kind, text = _TOLD[status]
        return kind(text.format(scope=call.scope, missing=call.missing))
    said = problem(body)
    if status in _LATER or 500 <= status < 600:
        unable = GatewayUnavailableError, f"the gateway can't answer now (status {status})"
        later, text = _LATER.get(status, unable)
        asked = retry_after(headers.get("retry-after"))
        return later(text, said.retry_after if asked is None else asked)
    if status in _CONTENT:
        told = ": ".join(part for part in (said.code, said.message) if part)
        told = f"the gateway refuses it: {told or 'it gives no reason'}"
        return RefusedByGatewayError(said.code, told)
    if 300 <= status < 400:
        return UnexpectedAnswerError(
            "the gateway redirects, and the token must not travel along: give the address that it"
            " leads to (--url, or QP_URL)"
        )
    return unexpected(call, f"with status {status}")


def unexpected(call: Call, what: str) -> UnexpectedAnswerError:
    """Return the error for an answer that no gateway gives."""
    return UnexpectedAnswerError(
        f"{call.method} {call.path} is answered {what}: check that a gateway is at the address"
        " (--url, or QP_URL)"
    )
