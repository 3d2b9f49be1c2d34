"""Numbers that a schema admits, drawn by a random generator.

What is drawn need not conform: what a schema says beyond bounds and steps is met by drawing anew.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.contract.sampled_draw import Draw

# So far from its one bound, or from zero, is a number where nothing else is said.
_REACH = 1000
# Beyond this, programs read whole numbers as doubles (RFC 8259, section 6).
_EXACT = 1 << 53


def number(draw: Draw, parts: Sequence[Mapping[str, Any]], *, whole: bool) -> float:
    """Return a number as some schemas, which all hold, describe it."""
    random = draw.random
    step = _step([part["multipleOf"] for part in parts if "multipleOf" in part])
    if step is None and not whole and not draw.edge and random.random() < 0.5:
        low, high = _bounds(parts, Fraction(0))
        return round(random.uniform(float(low), float(high)), 3)
    unit = step or Fraction(1)
    low, high = _bounds(parts, unit)
    first, last = math.ceil(low / unit), math.floor(high / unit)
    if first > last:
        return random.uniform(float(low), float(high))
    count = random.choice((first, last)) if draw.edge else random.randint(first, last)
    return _written(count * unit)


def _step(steps: Sequence[float]) -> Fraction | None:
    """Return the least number that is a multiple of all steps."""
    exact = [Fraction(str(step)) for step in steps]
    return reduce(_common, exact) if exact else None


def _common(one: Fraction, other: Fraction) -> Fraction:
    shared = one.denominator * other.denominator
    return Fraction(math.lcm(int(one * shared), int(other * shared)), shared)


def _bounds(parts: Sequence[Mapping[str, Any]], unit: Fraction) -> tuple[Fraction, Fraction]:
    """Return the least and the greatest number; where none is set, one within reach."""

    def said(keyword: str) -> list[Fraction]:
        return [Fraction(str(part[keyword])) for part in parts if keyword in part]

    least = said("minimum") + [bound + unit for bound in said("exclusiveMinimum")]
    most = said("maximum") + [bound - unit for bound in said("exclusiveMaximum")]
    low = max(least) if least else min([Fraction(0), *most]) - (_REACH if most else 0)
    high = min(most) if most else low + _REACH
    return low, high


def _written(value: Fraction) -> float:
    whole = value.denominator == 1 and abs(value) <= _EXACT
    return int(value) if whole else float(value)
