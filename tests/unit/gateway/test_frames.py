"""Events as a stream has them: a client gets the body that was stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from httpx_sse import EventSource

from quantapilot.gateway.frames import HEARTBEAT, framed, retry
from quantapilot.gateway.model import StoredEvent

if TYPE_CHECKING:
    from httpx_sse import ServerSentEvent


def decoded(data: bytes) -> list[ServerSentEvent]:
    """Return the events that a client hears; by the standard, none without data is one."""
    headers = {"content-type": "text/event-stream"}
    heard = EventSource(httpx.Response(200, headers=headers, content=data)).iter_sse()
    return [each for each in heard if each.data]


def event(body: bytes) -> StoredEvent:
    return StoredEvent(7, "id-1", "quantapilot.run_paused", "run", "proj_a", body)


def test_a_client_gets_id_type_and_body() -> None:
    (heard,) = decoded(framed(event(b'{"data":"\\n"}')).data)
    assert (heard.id, heard.event, heard.data) == (
        "id-1",
        "quantapilot.run_paused",
        '{"data":"\\n"}',
    )


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"])
def test_a_body_of_many_lines_stays_one_event(line_break: bytes) -> None:
    body = line_break.join([b"{", b'  "data":', b"", b"  {}", b"}"])
    (heard,) = decoded(framed(event(body)).data)
    assert json.loads(heard.data) == {"data": {}}


def test_a_body_can_not_bring_an_event_of_its_own() -> None:
    body = b'{"data": 1}\n\nevent: forged\nid: forged\ndata: {}\n\n'
    heard = decoded(framed(event(body)).data)
    assert [(each.id, each.event) for each in heard] == [("id-1", "quantapilot.run_paused")]


def test_a_client_hears_no_event_of_what_keeps_the_stream_alive() -> None:
    assert decoded(retry(2.5) + HEARTBEAT + HEARTBEAT) == []
    assert retry(2.5) == b"retry: 2500\n\n"
