"""One contract, three readers: models, jsonschema-rs and the reference engine give one verdict.

Every example of every definition is taken apart and bent in each place. Where the readers differ,
the difference must be one of those that docs/models.md names, with its reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

import quantapilot_models
from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT / "_schemas")
FAST = Validator(CONTRACT)
REFERENCE = Validator(CONTRACT, "reference")
EXAMPLES = json.loads((ROOT / "_schemas" / "api.examples.json").read_text("utf-8"))
MODELLED = [name for name in CONTRACT.definitions if hasattr(quantapilot_models, name)]

GONE = object()
MOMENTS = (
    "2025-08-19T12:00:00",
    "2025-08-19 12:00:00Z",
    "2025-08-19T12:00Z",
    "2025-08-19",
    "1755604800",
    "2025-08-19t12:00:00z",
    "2025-08-19T12:00:00.123456789Z",
    "2025-08-19T12:00:00.Z",
    "2025-08-19T12:00:00,5Z",
    "2025-08-19T12:00:00+0530",
    "2025-08-19T12:00:00+05:30",
    "2025-08-19T12:00:00-00:00",
    "2025-08-19T12:00:00+23:59",
    "2025-08-19T12:00:00+24:00",
    "2025-08-19T24:00:00Z",
    "2025-08-19T12:60:00Z",
    "2025-08-19T12:00:61Z",
    "2025-13-19T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "2024-02-29T12:00:00Z",
    "2025-W34-2T12:00:00Z",
    "2025-08-19T12:00:00." + "1" * 19 + "Z",
    "2025-08-19T12:00:00." + "1" * 20 + "Z",
    "0001-01-01T00:00:00+10:00",
    "9999-12-31T23:59:59-23:59",
    "２025-08-19T12:00:00Z",
    "2016-12-31T23:59:60Z",
    "2016-12-31T22:59:60-01:00",
    "2016-12-31T22:59:60Z",
    "0000-01-01T00:00:00Z",
)
UUIDS = (
    "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "7C9E6679-7425-40DE-944B-E07FC1F90AE7",
    "7c9e6679-7425-40de-944b-E07FC1F90AE7",
    "7c9e6679742540de944be07fc1f90ae7",
    "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "{7c9e6679-7425-40de-944b-e07fc1f90ae7}",
    "7c9e6679-7425-10de-944b-e07fc1f90ae7",
    "7c9e6679-7425-20de-944b-e07fc1f90ae7",
    "7c9e6679-7425-50de-944b-e07fc1f90ae7",
    "7c9e6679-7425-60de-944b-e07fc1f90ae7",
    "7c9e6679-7425-40de-144b-e07fc1f90ae7",
    "7c9e6679-7425-40de-944b-e07fc1f90ag7",
    "7c9e6679-7425-40de-944b-e07fc1f90ae7a",
    "7c9e667-97425-40de-944b-e07fc1f90ae7",
    "00000000-0000-0000-0000-000000000000",
)
OTHER_TYPES: tuple[Any, ...] = (
    None, True, False, 0, 1, 5, -1, 5.0, 5.5, -0.0, 1e2, 1e300, 10**18, 2**31, 10**30,
    "", "5", "true", "null", [], {}, [1], {"a": 1},
)  # fmt: skip
LENGTHS = (1, 40, 41, 64, 65, 128, 129, 200, 201, 255, 256, 257, 2000, 2001, 2048, 2049)
NEW_FIELDS: tuple[tuple[str, Any], ...] = (
    ("extra", 1),
    ("extra", None),
    ("user_email", "alice@example.com"),
    ("__class__", 1),
    ("model_config", 1),
    ("items_count", 5),
    ("items_count", 5.5),
    ("items_count", -1),
    ("items_count", 10**30),
    ("items_count", "5"),
    ("items_count", True),
    ("items_count", None),
    ("items_count\n", 5),
    ("Items_count", 5),
    ("_count", 5),
    ("count", 5),
    ("tokens_prompt", 5),
    ("tokens_", 5),
    ("tokens_prompt\n", 5),
    ("my_tokens_prompt", 5),
    ("cost_usd", 0.5),
)


@dataclass(frozen=True)
class Case:
    """A bent value, and what stands now in the place that was bent."""

    value: Any
    bent: Any = None


@dataclass(frozen=True)
class Verdicts:
    """Who lets a value pass: the models, jsonschema-rs, the reference engine."""

    models: bool
    fast: bool
    reference: bool

    @property
    def differ(self) -> bool:
        return len({self.models, self.fast, self.reference}) > 1


@dataclass(frozen=True)
class Difference:
    """A difference that docs/models.md names: where it shows, how the readers answer, a proof."""

    applies: Callable[[Any], bool]
    verdicts: Verdicts
    witness: tuple[str, Any]


ACCEPTED = {
    "leap second": Difference(
        lambda bent: isinstance(bent, str) and ":60" in bent,
        Verdicts(models=False, fast=True, reference=False),
        ("Timestamp", "2016-12-31T23:59:60Z"),
    ),
    "year zero": Difference(
        lambda bent: isinstance(bent, str) and bent.startswith("0000-"),
        Verdicts(models=False, fast=True, reference=False),
        ("Timestamp", "0000-01-01T00:00:00Z"),
    ),
    "line end": Difference(
        lambda bent: isinstance(bent, str) and bent.endswith("\n"),
        Verdicts(models=False, fast=False, reference=True),
        ("GateName", "anchor\n"),
    ),
}


def verdicts(name: str, value: Any) -> Verdicts:
    definition = CONTRACT.definitions[name]
    try:
        adapter(name).validate_json(json.dumps(value))
        models = True
    except ValidationError:
        models = False
    fast, reference = FAST.is_valid(definition, value), REFERENCE.is_valid(definition, value)
    return Verdicts(models, fast, reference)


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(quantapilot_models, name))


def cases(name: str) -> Iterator[Case]:
    """Yield every example, and the valid ones bent once in each place."""
    examples = EXAMPLES[name]
    for value in [*examples["valid"], *(case["value"] for case in examples["invalid"])]:
        yield Case(value, value)
    wire = CONTRACT.definitions[name].kind == "events" or name.endswith("Event")
    seen: set[tuple[str, ...]] = set()
    for value in examples["valid"]:
        for path, held in places(value):
            if path in seen:
                continue
            seen.add(path)
            if isinstance(held, dict):
                for key, new in NEW_FIELDS:
                    yield Case(put(value, path, {**held, key: new}), key)
            if path:
                yield Case(put(value, path, GONE))
            # The parts of an event are bent as definitions of their own.
            for bent in OTHER_TYPES if wire else bends(held):
                yield Case(put(value, path, bent), bent)


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))


def put(value: Any, path: tuple[str, ...], new: Any) -> Any:
    """Return a copy of `value` with another value, or nothing, at a place."""
    if not path:
        return new
    copy = dict(value)
    if new is GONE and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


def bends(held: Any) -> Iterator[Any]:
    yield from OTHER_TYPES
    yield from MOMENTS
    yield from UUIDS
    for length in LENGTHS:
        for letter in ("a", "A", "\N{GRINNING FACE}"):
            yield letter * length
    if isinstance(held, str):
        for around in ("\n", " ", "\r", "\x00", "\u2028", "é"):
            yield held + around
            yield around + held
        yield from (held.upper(), held.lower(), held.title(), held * 100)


@pytest.mark.parametrize("name", MODELLED)
def test_models_and_both_engines_give_one_verdict(name: str) -> None:
    differing = []
    for case in cases(name):
        found = verdicts(name, case.value)
        if found.differ and not any(
            known.applies(case.bent) and known.verdicts == found for known in ACCEPTED.values()
        ):
            differing.append((case, found))
    assert not differing


@pytest.mark.parametrize("name", sorted(set(CONTRACT.definitions) - set(MODELLED)))
def test_both_engines_give_one_verdict_where_there_is_no_model(name: str) -> None:
    definition = CONTRACT.definitions[name]
    for case in cases(name):
        fast = FAST.is_valid(definition, case.value)
        reference = REFERENCE.is_valid(definition, case.value)
        accepted = any(
            known.applies(case.bent)
            and (known.verdicts.fast, known.verdicts.reference) == (fast, reference)
            for known in ACCEPTED.values()
        )
        assert fast == reference or accepted, case


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_accepted_difference_still_occurs(name: str) -> None:
    difference = ACCEPTED[name]
    assert verdicts(*difference.witness) == difference.verdicts


def test_every_accepted_difference_is_told_to_the_users_and_no_other() -> None:
    text = (ROOT / "docs" / "models.md").read_text("utf-8")
    section = text.partition("## Accepted differences")[2].partition("\n## ")[0]
    told = [line.split("**")[1] for line in section.splitlines() if line.startswith("- **")]
    assert told == list(ACCEPTED)


@pytest.mark.parametrize("name", MODELLED)
def test_what_a_model_writes_conforms_to_the_contract(name: str) -> None:
    for value in EXAMPLES[name]["valid"]:
        model = adapter(name).validate_json(json.dumps(value))
        written = json.loads(adapter(name).dump_json(model))
        assert FAST.is_valid(CONTRACT.definitions[name], written)
        assert without_moments(written) == without_moments(value)


def without_moments(value: Any) -> Any:
    """Return the value without its moments, whose fractions a model writes with six digits."""
    if isinstance(value, dict):
        return {key: without_moments(part) for key, part in value.items()}
    return None if isinstance(value, str) and value[:5] == "2025-" else value
