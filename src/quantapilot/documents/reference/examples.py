"""Examples as they may be shown: those that are refused with everything masked that is found.

They hold personal data that was made up for them; a page that shows it would break the very rule it
tells. Each value is searched under its name, as the gate does, and then each line of what is shown,
as a scan of the page will.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from quantapilot.documents.reference.model import Example
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector
from quantapilot.pii.mask import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST = 320
_SHOWN = 48
_MOST_LINES = 120
_MARK = re.compile(r"<(?:email|phone|name|token|national_id|ip)>")


def valid(cases: Mapping[str, Any]) -> tuple[Example, ...]:
    """Return the valid examples of a definition, as they are: they are there to be copied."""
    return tuple(Example(_json(value)) for value in _listed(cases, "valid"))


def invalid(cases: Mapping[str, Any]) -> tuple[Example, ...]:
    """Return the examples that are refused, masked, each with its rules and the reason."""
    return tuple(_refused(case) for case in _listed(cases, "invalid") if isinstance(case, dict))


def masked(text: str) -> str:
    """Return a text for people with everything masked that is found in it."""
    return _masked(text, "")


def _listed(cases: Mapping[str, Any], half: str) -> Sequence[Any]:
    found = cases.get(half) if isinstance(cases, dict) else None
    return found if isinstance(found, list) else ()


def _refused(case: Mapping[str, Any]) -> Example:
    text = "\n".join(map(masked, _json(_shown(case.get("value"), "")).split("\n")))
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        text = "\n".join([*lines[:_MOST_LINES], f"... {len(lines) - _MOST_LINES} more lines"])
    rules = tuple(map(str, case.get("rules", ())))
    marks = tuple(dict.fromkeys(_MARK.findall(text)))
    return Example(text, rules, masked(str(case.get("why", ""))), marks)


def _shown(value: Any, name: str) -> Any:
    """Return a value with what is found in its names and texts masked, and long texts cut."""
    if isinstance(value, dict):
        return {_key(key): _shown(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner, name) for inner in value]
    if isinstance(value, str):
        text = _masked(value, name)
        long = len(text) > _LONGEST
        return f"{text[:_SHOWN]}... ({len(value):,} characters)" if long else text
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = json.dumps(value)
        return value if _masked(text, name) == text else _masked(text, name)
    return value


def _key(name: str) -> str:
    spans = [(m.start, m.end, m.rule.pii_class) for m in _detector().find_in_name(name)]
    return mask(name, spans)


def _masked(text: str, name: str) -> str:
    found = _detector().find(text, name=name)
    return mask(text, [(each.start, each.end, each.rule.pii_class) for each in found])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


@cache
def _detector() -> Detector:
    return Detector(compiled_rules())
