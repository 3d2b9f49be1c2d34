"""One payload in process: may it leave, and as which bytes?

For services that emit events or write records: a clean payload costs a few microseconds, so that
it can be asked on every call. What is judged are the bytes that are handed back to be sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.errors import ContractError
from quantapilot.gate.document import Text

if TYPE_CHECKING:
    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Inspector

# Values that orjson would write otherwise than they compare: the caller turns them into JSON.
_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class PayloadCheck:
    """Checks payloads of one kind against contract and rules; safe to share between threads."""

    def __init__(self, inspector: Inspector, kind: str | None = None) -> None:
        """Take what judges a payload.

        Args:
            inspector: One with a contract.
            kind: `events`, `logs` or `errors`; any of them where it is None.
        """
        if inspector.validator is None:
            raise ValueError("payloads are checked against a contract, and the inspector has none")
        self._inspector = inspector
        self._kind = kind
        self._conforms = inspector.validator.judge(kind)
        self._proves = inspector.detector.proves

    def check(
        self, payload: dict[str, Any], name: str = "payload", known: bytes = b""
    ) -> tuple[bytes, list[Finding]]:
        """Return the payload as JSON, and what it breaks or holds; nothing where it may leave.

        Args:
            payload: A JSON object.
            name: What findings say it stands in.
            known: Where in its JSON that begins which is not known to hold nothing.

        Raises:
            ContractError: It holds what JSON has no form for; the message names no value.
        """
        raw = _written(payload)
        try:
            if self._conforms(payload) and self._proves(raw[max(0, raw.find(known)) :]):
                return raw, []
        except ValueError:
            # A value that the engine does not know, such as a UUID object, is judged as written.
            pass
        text = Text(name, raw.decode(), kind=self._kind)
        return raw, list(self._inspector.json(text))


def _written(payload: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(payload, option=_STRICT)
    except orjson.JSONEncodeError:
        pass
    # Outside the handler: the engine's message, and that of its cause, may show a value.
    raise ContractError("the payload holds a value that JSON has no form for")
