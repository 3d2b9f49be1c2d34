"""The record of an event that was not passed on: where it stands, and what is wrong with it.

Nothing of the event is in it but what was searched: who may see the event reads it in the stream
that it came from, by its place there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from quantapilot.reports.json_ import finding_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.findings import Finding
    from quantapilot.relay.feed import Taken

# What stands as the type of a record where a subject is made of it.
RECORD = "quarantined"
# So many findings are told of an event; more make nobody wiser, and a record may be too big.
_MOST = 50
_BILLION = 1_000_000_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Held:
    """An event that may not be passed on.

    Attributes:
        findings: What is wrong with it, masked.
        event_id: Its id where that can hold nothing, see `shown_id`.
        subject: What it was published under, where nothing was found in that.
        reason: Why, in fixed words, where nothing is wrong with it and yet it can't be passed on.
    """

    findings: Sequence[Finding] = ()
    event_id: str | None = None
    subject: str | None = None
    reason: str | None = None


def shown_id(value: object) -> str | None:
    """Return an event's id if it is a UUID (RFC 9562); any other text may hold anything."""
    return value if isinstance(value, str) and _UUID.fullmatch(value) else None


def record(taken: Taken, held: Held, *, most: int = _MOST) -> bytes:
    """Return the record of an event, as one JSON object.

    Args:
        taken: The event.
        held: What is told of it.
        most: How many findings are told; `more_findings` counts the others.
    """
    stored = datetime.fromtimestamp(taken.stored // _BILLION, UTC)
    return orjson.dumps(
        {
            "stream": taken.stream,
            "sequence": taken.seq,
            "subject": held.subject,
            "stored": f"{stored:%Y-%m-%dT%H:%M:%SZ}",
            "event_id": held.event_id,
            "reason": held.reason,
            "findings": [finding_fields(each) for each in held.findings[:most]],
            "more_findings": max(len(held.findings) - most, 0),
        }
    )
