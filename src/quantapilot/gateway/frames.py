"""Events as a stream of server-sent events has them: bytes that are made once and sent to many.

The format is that of the HTML standard, section 9.2 (`text/event-stream`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantapilot.gateway.model import StoredEvent

# A line that begins with a colon is a comment; clients leave it out.
HEARTBEAT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """An event, and `data`, which is all that a stream sends of it."""

    seq: int
    id: str
    type: str
    run_id: str
    project_id: str
    data: bytes


def framed(event: StoredEvent) -> Frame:
    """Return an event as a stream sends it.

    A line break ends a field, and a body may have some between its tokens, where JSON allows any
    white space: a client puts such a body together again with a plain one in place of each.
    """
    body = event.body
    if b"\n" in body or b"\r" in body:
        body = b"\ndata: ".join(body.splitlines())
    data = b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.type.encode(), body)
    return Frame(event.seq, event.id, event.type, event.run_id, event.project_id, data)


def retry(seconds: float) -> bytes:
    """Return the line that tells a client how long to wait before it connects again."""
    return b"retry: %d\n\n" % round(seconds * 1000)
