"""What the packaged rules of one class find in a text, or under the name of a field."""

from __future__ import annotations

import json
from functools import cache

from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules


@cache
def detector_of(pii_class: str) -> Detector:
    """Return a detector with the packaged rules of a class."""
    return Detector([rule for rule in load_rules() if rule.pii_class == pii_class])


def found_in_fields(detector: Detector, document: dict[str, object]) -> bool:
    """Tell whether a detector finds something in a document of one field."""
    ((name, value),) = document.items()
    values = value if isinstance(value, list) else [value]
    return any(detector.find(str(each), name=name) for each in values)


def is_candidate(detector: Detector, document: dict[str, object]) -> bool:
    """Tell whether the first pass leaves a document to the close look."""
    return detector.candidates(json.dumps(document).encode()) == [0]
