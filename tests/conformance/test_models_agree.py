"""Models, jsonschema-rs and the reference engine give one verdict on values that nobody wrote.

Hypothesis draws a document of each definition, at its limits as often as between them, and bends
one place of it. test_engines_agree.py does the same with the examples.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conformance.test_engines_agree import (
    ACCEPTED,
    CONTRACT,
    GONE,
    LENGTHS,
    MODELLED,
    MOMENTS,
    NEW_FIELDS,
    OTHER_TYPES,
    UUIDS,
    Verdicts,
    adapter,
    places,
    put,
    verdicts,
)

from quantapilot.contract.sampling import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
drawing = partial(settings, suppress_health_check=SLOW)


@pytest.mark.parametrize("name", MODELLED)
@drawing(max_examples=12)
@given(st.randoms(use_true_random=False), st.floats(0, 1))
def test_a_drawn_document_conforms_for_all_three(name: str, random: Random, edges: float) -> None:
    value = Sampler(CONTRACT, random, edges=edges).document(CONTRACT.definitions[name])
    found = verdicts(name, value)
    assert found == Verdicts(models=True, fast=True, reference=True) or accepted(value, found)


@pytest.mark.parametrize("name", MODELLED)
@drawing(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_a_drawn_document_bent_in_one_place_gets_one_verdict(name: str, random: Random) -> None:
    value = bent(Sampler(CONTRACT, random, edges=0.5).document(CONTRACT.definitions[name]), random)
    found = verdicts(name, value)
    assert not found.differ or accepted(value, found)


@pytest.mark.parametrize("text", [r'"\ud800"', r'"a\udfff"', r'"\ud83d\ud83d"'])
def test_half_a_surrogate_pair_is_read_by_neither_gate_nor_model(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    with pytest.raises(ValidationError):
        adapter("Text").validate_json(text)


def accepted(value: Any, found: Verdicts) -> bool:
    """Tell whether docs/models.md names this difference, for something that the value holds."""
    return any(
        known.verdicts == found and any(map(known.applies, parts(value)))
        for known in ACCEPTED.values()
    )


def parts(value: Any) -> Iterator[Any]:
    """Yield a value, and all keys and values in it."""
    yield value
    if isinstance(value, dict):
        yield from value
        for below in value.values():
            yield from parts(below)


def bent(value: Any, random: Random) -> Any:
    """Return a value with one place of it dropped, of another type, longer, or with more fields."""
    path, held = random.choice(list(places(value)))
    ways: list[Callable[[], Any]] = [lambda: random.choice(OTHER_TYPES)]
    if path:
        ways.append(lambda: GONE)
    if isinstance(held, dict):
        ways.append(lambda: {**held, **dict([random.choice(NEW_FIELDS)])})
    elif isinstance(held, str):
        ways += [
            lambda: random.choice(MOMENTS + UUIDS),
            lambda: (held or "a") * random.choice((2, 50, 3000)),
            lambda: held[: random.randint(0, len(held))],
            lambda: (held or "a").ljust(random.choice(LENGTHS), held[-1:] or "a"),
            lambda: held + random.choice("\n \r\x00\u2028é"),
        ]
    elif not isinstance(held, bool):
        ways += [lambda: -held, lambda: held * 1000, lambda: held + 0.5, lambda: float(held)]
    return put(value, path, random.choice(ways)())
