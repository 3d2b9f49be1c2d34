"""Whether a receiver wants what it is to be sent: it has to send a random text back.

Without it, a subscription could have events sent to somebody who never asked for them.
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Protocol

import orjson

from quantapilot.sinks.sink import Delivered, Message, Retry

if TYPE_CHECKING:
    from quantapilot.sinks.sink import Outcome

TYPE = "quantapilot.subscription_challenge"
_BYTES = 32


class Asked(Protocol):
    """A webhook that can be asked something."""

    async def ask(self, message: Message) -> tuple[Outcome, bytes]:
        """Return what became of a question, and what was answered."""
        ...


async def challenged(webhook: Asked) -> Outcome:
    """Challenge a receiver once.

    Returns:
        `Delivered` where it sent the challenge back, else why it did not, in words of our own.
    """
    challenge = secrets.token_urlsafe(_BYTES)
    body = orjson.dumps({"type": TYPE, "challenge": challenge})
    question = Message(0, str(uuid.uuid4()), TYPE, "", body)
    outcome, answer = await webhook.ask(question)
    if isinstance(outcome, Delivered) and not answered(answer, challenge):
        return Retry("no such answer")
    return outcome


def answered(answer: bytes, challenge: str) -> bool:
    """Return whether an answer holds the challenge: as JSON with that name, or as its whole text.

    Args:
        answer: The body of what the receiver answered.
        challenge: What it was sent.
    """
    if answer.strip() == challenge.encode():
        return True
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.get("challenge") == challenge
