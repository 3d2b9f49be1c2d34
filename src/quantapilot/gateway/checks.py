"""Bodies that were sent: judged by the contract and searched for personal data, then handed on.

A refusal tells rules and fields, never what stood there: not even the name of a field that the
contract does not know.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.positions import pointer_of
from quantapilot.findings import RefusedError
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.scanner import shows_all
from quantapilot.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quantapilot.contract.catalog import Definition, Field
    from quantapilot.findings import Finding

_TOLD = 3
_LONGEST = 1900
# The worst comes first: a body that holds personal data is told so, whatever else is wrong.
_CODES = (("pii", "PERSONAL_DATA"), ("input", "INVALID_JSON"), ("contract", "CONTRACT_VIOLATION"))


class ContentError(RefusedError):
    """A body breaks the contract or holds personal data; its findings name known fields only."""


class BodyCheck:
    """Judges bodies of one definition; safe to share between threads."""

    def __init__(
        self,
        inspector: Inspector,
        definition: Definition,
        elsewhere: Collection[str] = (),
    ) -> None:
        """Take what judges.

        Args:
            inspector: Brings the rules and the contract.
            definition: What a body has to be.
            elsewhere: Fields that the caller searches for personal data in what it makes of them:
                a body that has no others is not searched twice.
        """
        validator = inspector.validator
        if validator is None:
            raise ValueError("bodies are judged by a contract, and the inspector has none")
        self._inspector = Inspector(inspector.detector, validator, definition)
        self._conforms = validator.compiled(definition).is_valid
        self._proves = inspector.detector.proves
        self._elsewhere = frozenset(elsewhere)
        self._fields = validator.contract.fields(definition)

    def proven(self, raw: bytes) -> dict[str, Any] | None:
        """Return what a body says if that takes microseconds; None where it must be looked at."""
        value = _parsed(raw)
        if value is None or not shows_all(value, raw) or not self._conforms(value):
            return None
        if self._elsewhere.issuperset(value) or self._proves(raw):
            return value
        return None

    def value(self, raw: bytes) -> dict[str, Any]:
        """Return what a body says; a large one that holds much may take tenths of a second.

        Raises:
            ContentError: It is no JSON, breaks the contract, or holds personal data.
        """
        text = raw.decode("utf-8", "replace")
        value = _parsed(raw)
        findings = list(self._inspector.json(Text("body", text, whole=True)))
        if value is None:
            # What is no object breaks the contract too; that it is none says it better.
            findings = [each for each in findings if each.category != "contract"]
        elif not findings:
            return value
        raise refused(findings, self._fields)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        value: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def refused(findings: Sequence[Finding], fields: Field) -> ContentError:
    """Return the refusal of a body, with nothing in it that was sent.

    Args:
        findings: What is wrong with it; none where it is no JSON object at all.
        fields: What the contract says of the places in it.
    """
    placed = [replace(each, pointer=_known(each, fields)) for each in findings]
    # Names that the contract does not know are left out, and without them many are the same.
    found = [f"{each.rule} at {each.pointer or '/'}: {each.message}" for each in placed]
    told = list(dict.fromkeys(found))
    if len(told) > _TOLD:
        told[_TOLD:] = [f"and {len(told) - _TOLD} more"]
    return ContentError("; ".join(told)[:_LONGEST] or "the body is no JSON object", placed)


def _known(finding: Finding, fields: Field) -> str:
    """Return where something was found, as far as the contract knows the names on the way."""
    parts: list[str] = []
    place: Field | None = fields
    for part in (finding.pointer or "").split("/")[1:]:
        index = part.isdecimal() and place is not None and place.items is not None
        place = place.below(0 if index else part) if place is not None else None
        if place is None:
            break
        parts.append(part)
    return pointer_of(parts)


def problem_of(error: RefusedError) -> ProblemError:
    """Return the answer to a refused body."""
    found = {each.category for each in error.findings}
    code = next((code for category, code in _CODES if category in found), "INVALID_JSON")
    return ProblemError(code, str(error))
