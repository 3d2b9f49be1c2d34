"""One message of a stream, as the bytes that came: may it be passed on unchanged?

A clean one costs a few microseconds. Whatever can't be read as one event of the contract is told by
findings, so that a message without findings is an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.gate.document import Text
from quantapilot.gate.scanner import Limits, shows_all
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Found, Inspector


class MessageCheck:
    """Checks messages that are events; safe to share between threads."""

    def __init__(
        self, inspector: Inspector, selected: Container[str], limits: Limits | None = None
    ) -> None:
        """Take what judges a message.

        Args:
            inspector: One with a contract.
            selected: The rules that count; what was not checked always does.
            limits: A message over the size of a document counts as unchecked.
        """
        if inspector.validator is None:
            raise ValueError("messages are checked against a contract, and the inspector has none")
        self._inspector = inspector
        self._conforms = inspector.validator.judge("events")
        self._proves = inspector.detector.proves
        self._selected = selected
        self._most = (limits or Limits()).document

    def check(self, body: bytes, name: str) -> tuple[dict[str, Any] | None, list[Finding]]:
        """Return the event that a message is, and what it breaks or holds.

        Args:
            body: The message.
            name: What findings say that it is.

        Returns:
            The event, None where the message is no JSON object, and the findings. It may be passed
            on where there are none; there always are some where there is no event.
        """
        if len(body) > self._most:
            told = f"a message of {len(body):,} bytes; the limit is {self._most:,}"
            return None, [INPUT_RULES["input/line-too-long"].at(name, told)]
        try:
            event: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            event = None
        if not isinstance(event, dict):
            return None, self._told(body, name) or [
                INPUT_RULES["input/not-an-object"].at(name, "expected a JSON object, found none")
            ]
        found: Sequence[Found] | None = None
        if shows_all(event, body) and self._conforms(event):
            if self._proves(body):
                return event, []
            # Most that no pass proves clean hold nothing: the search without places tells.
            found = self._inspector.search(event, "events")
        return event, [] if found == [] else self._told(body, name, found)

    def _told(self, body: bytes, name: str, found: Sequence[Found] | None = None) -> list[Finding]:
        text = Text(name, body.decode("utf-8", "replace"), kind="events")
        inspector = self._inspector
        told = inspector.found(text, found) if found else inspector.json(text)
        return [each for each in told if each.unchecked or each.rule in self._selected]
