"""Bodies of requests, read up to a limit and within a time, whatever their sender does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from quantapilot.errors import QuantaPilotError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


class BodyTooLargeError(QuantaPilotError):
    """A body is larger than it may be; the text names the limit."""


class BodyTimeoutError(QuantaPilotError):
    """A body did not arrive within its time."""


class ClientGoneError(QuantaPilotError):
    """The client went before its body was complete: nobody is there to be answered."""


async def read_body(scope: Scope, receive: Receive, *, most: int, seconds: float) -> bytes:
    """Return the body of a request.

    A length that is announced is judged before anything is read; one that is not, or is a lie, is
    bounded as it comes.

    Args:
        scope: The request, as ASGI has it.
        receive: Where its body comes from.
        most: How many bytes it may have.
        seconds: How long it may take in all.

    Returns:
        The body.

    Raises:
        BodyTooLargeError: It is larger.
        BodyTimeoutError: It takes longer.
        ClientGoneError: The client went.
    """
    for name, value in scope["headers"]:
        # One that is no number does not get past the parser of HTTP.
        if name == b"content-length" and int(value) > most:
            raise _too_large(most)
    parts: list[bytes] = []
    left, more = most, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError("the client went before its body was complete")
                part = message.get("body", b"")
                left -= len(part)
                if left < 0:
                    raise _too_large(most)
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise BodyTimeoutError(
            f"the body did not arrive within {seconds:g} seconds: send it faster"
        ) from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body is larger than {most} bytes: send less")
