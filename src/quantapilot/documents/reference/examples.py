"""Examples as they may be shown: those that are refused with everything masked that is found.

They hold personal data that was made up for them; a page that shows it would break the very rule it
tells. Each value is searched under its name, as the gate does, and then each line of what is shown,
as a scan of the page will.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantapilot.documents.reference.model import Example
from quantapilot.pii.mask import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.pii.detector import Detector

_LONGEST = 320
_SHOWN = 48
_MOST_LINES = 120
_MARK = re.compile(r"<(?:email|phone|name|token|national_id|ip)>")


def valid(cases: Mapping[str, Any]) -> tuple[Example, ...]:
    """Return the valid examples of a definition, as they are: they are there to be copied."""
    return tuple(Example(_json(value)) for value in _listed(cases, "valid"))


def invalid(cases: Mapping[str, Any], detector: Detector) -> tuple[Example, ...]:
    """Return the examples that are refused, masked, each with its rules and the reason."""
    masks = _Masks(detector)
    return tuple(
        _refused(case, masks) for case in _listed(cases, "invalid") if isinstance(case, dict)
    )


def _listed(cases: Mapping[str, Any], half: str) -> Sequence[Any]:
    found = cases.get(half) if isinstance(cases, dict) else None
    return found if isinstance(found, list) else ()


def _refused(case: Mapping[str, Any], masks: _Masks) -> Example:
    text = _json(masks.value(case.get("value"), ""))
    lines = [masks.text(line) for line in text.split("\n")]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"... {len(lines) - _MOST_LINES} more lines"]
    text = "\n".join(lines)
    rules = tuple(map(str, case.get("rules", ())))
    marks = tuple(dict.fromkeys(_MARK.findall(text)))
    return Example(text, rules, masks.text(str(case.get("why", ""))), marks)


@dataclass(frozen=True, slots=True)
class _Masks:
    """Values with what a detector finds in them masked."""

    detector: Detector

    def text(self, text: str, name: str = "") -> str:
        found = self.detector.find(text, name=name)
        return mask(text, [(each.start, each.end, each.rule.pii_class) for each in found])

    def value(self, value: Any, name: str) -> Any:
        """Return a value with its names and texts masked, and long texts cut."""
        if isinstance(value, dict):
            return {self._key(key): self.value(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, name) for inner in value]
        if isinstance(value, str):
            text = self.text(value, name)
            long = len(text) > _LONGEST
            return f"{text[:_SHOWN]}... ({len(value):,} characters)" if long else text
        if isinstance(value, int | float) and not isinstance(value, bool):
            plain = json.dumps(value)
            text = self.text(plain, name)
            return value if text == plain else text
        return value

    def _key(self, name: str) -> str:
        found = self.detector.find_in_name(name)
        return mask(name, [(each.start, each.end, each.rule.pii_class) for each in found])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
