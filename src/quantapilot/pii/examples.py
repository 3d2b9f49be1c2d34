"""A rule's own examples: what it must find and must not, judged as any input is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.pii.detector import Detector
    from quantapilot.pii.rules import Rule


def found_in(detector: Detector, example: str, data_class: str = "text") -> set[str]:
    """Return the ids of the rules that hold in an example, a plain line or a JSON object."""
    try:
        value = orjson.loads(example)
    except orjson.JSONDecodeError:
        value = example
    if not isinstance(value, dict):
        value = example
    return {
        match.rule.id
        for name, text in _texts(value, "")
        for match in detector.find(text, name=name, data_class=data_class)
    }


def broken_examples(detector: Detector, rule: Rule) -> Iterator[str]:
    """Yield, in words without the examples themselves, each one that a rule does not keep."""
    data_class = "text" if "text" in rule.data_classes else min(rule.data_classes)
    for number, example in enumerate(rule.match, start=1):
        if rule.id not in found_in(detector, example, data_class):
            yield f"example {number} of 'match' is not found"
    for number, example in enumerate(rule.no_match, start=1):
        if rule.id in found_in(detector, example, data_class):
            yield f"example {number} of 'no_match' is found"


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield "", key
            yield from _texts(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below, name)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield name, str(value)
