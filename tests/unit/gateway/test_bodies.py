"""Bodies by what a server hands over: whole, in parts, too much, and cut off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from quantapilot.gateway.bodies import BodyTooLargeError, ClientGoneError, read_body

if TYPE_CHECKING:
    from starlette.types import Message


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def read(*messages: Message, length: bytes | None = None) -> bytes:
    """Return a body of ten bytes at most."""
    coming = iter(messages)

    async def receive() -> Message:
        return next(coming)

    headers = [(b"host", b"localhost")]
    if length is not None:
        headers.append((b"content-length", length))
    return asyncio.run(read_body({"type": "http", "headers": headers}, receive, most=10))


def test_a_body_is_read_whole() -> None:
    assert read(part(b"0123456789", more=False), length=b"10") == b"0123456789"
    assert read(part(b"01", more=True), part(b"", more=True), part(b"2", more=False)) == b"012"
    assert read({"type": "http.request"}) == b""


def test_a_length_that_is_too_much_is_judged_before_anything_is_read() -> None:
    with pytest.raises(BodyTooLargeError, match="larger than 10 bytes"):
        read(length=b"11")


def test_a_body_without_a_length_is_bounded_as_it_comes() -> None:
    with pytest.raises(BodyTooLargeError):
        read(part(b"0123456789", more=True), part(b"0", more=True))


def test_a_client_that_goes_is_told_from_one_that_is_done() -> None:
    with pytest.raises(ClientGoneError):
        read(part(b"01", more=True), {"type": "http.disconnect"}, length=b"10")
