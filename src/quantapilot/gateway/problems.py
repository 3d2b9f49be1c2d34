"""What can go wrong with a request: the catalogue of error codes, and their answers.

Each answer is problem details (RFC 9457) and the contract's `ErrorResponse` at once. What a client
sent never stands in one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import orjson

from quantapilot.errors import QuantaPilotError

MEDIA_TYPE = "application/problem+json"
# Of every answer: nobody may keep it for others, or take it for what it is not.
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
# What the contract's `retry_after` holds at most, in seconds.
_LONGEST = 86_400


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its code, its status, a short title, and what to do about it."""

    code: str
    status: int
    title: str
    message: str


_CATALOGUE = (
    Problem("BAD_REQUEST", 400, "Bad request", "The request can't be read; check how it is made."),
    Problem("INVALID_JSON", 400, "Invalid JSON", "The body is no JSON object in UTF-8."),
    Problem(
        "UNAUTHENTICATED",
        401,
        "Not authenticated",
        "Send a valid token as 'Authorization: Bearer', or sign the trigger.",
    ),
    Problem(
        "FORBIDDEN",
        403,
        "Not allowed",
        "The token is not granted this; operators grant it: 'qp token create', 'qp project add'.",
    ),
    Problem("NOT_FOUND", 404, "Not found", "There is nothing here that the token may see."),
    Problem(
        "METHOD_NOT_ALLOWED", 405, "Method not allowed", "This address takes other methods only."
    ),
    Problem(
        "REQUEST_TIMEOUT", 408, "Too slow", "The request did not arrive in time; send it anew."
    ),
    Problem(
        "OUT_OF_ORDER", 409, "Out of order", "The event may not follow those that its run has."
    ),
    Problem(
        "DUPLICATE_EVENT", 409, "Another event of this id", "An id names one event; choose another."
    ),
    Problem("BODY_TOO_LARGE", 413, "Body too large", "The body has more bytes than are taken."),
    Problem(
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        "Unsupported media type",
        "Send the body as 'application/json', not compressed.",
    ),
    Problem("CONTRACT_VIOLATION", 422, "Not by the contract", "The content breaks the contract."),
    Problem("PERSONAL_DATA", 422, "Personal data", "The content holds personal data."),
    Problem(
        "REPOSITORY_REFUSED",
        422,
        "Repository refused",
        "The repository's address leads into a private network; give a public one.",
    ),
    Problem("WEBHOOK_REFUSED", 422, "Webhook refused", "The webhook's address can't be used."),
    Problem(
        "IDEMPOTENCY_KEY_REUSED",
        422,
        "Idempotency key reused",
        "This Idempotency-Key came with another body; choose a new one for a new run.",
    ),
    Problem(
        "TOO_MANY_SUBSCRIPTIONS",
        422,
        "Too many subscriptions",
        "The token has as many subscriptions as it may; delete one.",
    ),
    Problem("RATE_LIMITED", 429, "Too many requests", "Wait as long as 'Retry-After' says."),
    Problem("INTERNAL", 500, "Internal fault", "Please report it; nothing was accepted."),
    Problem(
        "UNAVAILABLE",
        503,
        "Not available",
        "Nothing was accepted; send the same request again after a while.",
    ),
)
PROBLEMS = {each.code: each for each in _CATALOGUE}


class ProblemError(QuantaPilotError):
    """A request can't be carried out; its answer says why, and nothing that was sent."""

    def __init__(
        self, code: str, message: str | None = None, *, retry_after: float | None = None
    ) -> None:
        """Take what is wrong.

        Args:
            code: A code of the catalogue.
            message: Words for people, of ours alone; the catalogue's where it is None.
            retry_after: Seconds to wait before the next try.
        """
        self.problem = PROBLEMS[code]
        self.message = message or self.problem.message
        self.retry_after = None if retry_after is None else whole_seconds(retry_after)
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the answer."""
        headers: dict[str, str] = {}
        if self.problem.status == 401:
            # RFC 6750, section 3: without an error where nothing is told.
            headers["www-authenticate"] = 'Bearer realm="quantapilot"'
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        return headers

    @property
    def body(self) -> bytes:
        """Return the answer as JSON."""
        problem = self.problem
        told: dict[str, object] = {
            "error_code": problem.code,
            "message": self.message,
            "type": "about:blank",
            "title": problem.title,
            "status": problem.status,
        }
        if self.retry_after is not None:
            told["retry_after"] = self.retry_after
        return orjson.dumps(told)


def whole_seconds(seconds: float) -> int:
    """Return a wait as `Retry-After` has it (RFC 9110, section 10.2.3): rounded up, at least 1."""
    return min(max(math.ceil(seconds), 1), _LONGEST)
