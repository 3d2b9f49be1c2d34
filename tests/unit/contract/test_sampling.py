"""What is drawn conforms, whatever the schema says; the same seed draws the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.sampling import Sampler, UnsampledError
from quantapilot.contract.validator import Validator

ROOT = Path(__file__).parents[3]
CONTRACT = load_contract(ROOT / "_schemas")
VALIDATOR = Validator(CONTRACT)

SCHEMAS: dict[str, Any] = {
    "anything": True,
    "no text": {"not": {"type": "string"}},
    "recursive": {
        "type": "object",
        "properties": {"below": {"$ref": "#"}, "name": {"type": ["null", "integer"]}},
        "required": ["name"],
        "additionalProperties": False,
    },
    "deep list": {"type": "array", "items": {"$ref": "#"}, "minItems": 0},
    "two patterns": {"type": "string", "pattern": "^a*$", "not": {"pattern": "^a+$"}},
    "format and pattern": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}-"},
    "long": {"type": "string", "minLength": 5000},
    "so many digits": {
        "pattern": "^[0-9a-f]+$",
        "minLength": 32,
        "maxLength": 32,
        "type": "string",
    },
    "short, with an end": {"type": "string", "pattern": "^[a-z]+@[a-z]+[.]io$", "maxLength": 7},
    "back reference": {"type": "string", "pattern": "^([a-z])-\\1$"},
    "beyond ASCII": {"type": "string", "pattern": "^[é😀]{2}$"},
    "multiples": {"type": "integer", "multipleOf": 7, "minimum": -20, "exclusiveMaximum": 20},
    "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "unique": {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
    "tuple": {"type": "array", "prefixItems": [{"const": 1}], "items": False, "minItems": 1},
    "contains": {"type": "array", "contains": {"const": 5}, "items": {"type": "integer"}},
    "contains two": {"type": "array", "contains": {"const": 5}, "minContains": 2, "maxItems": 4},
    "contains one": {
        "type": "array",
        "contains": {"type": "integer"},
        "maxContains": 1,
        "items": {"type": ["integer", "string"]},
    },
    "contains none": {"type": "array", "contains": {"const": 5}, "minContains": 0},
    "rest of a tuple": {
        "type": "array",
        "prefixItems": [{"type": "integer"}],
        "unevaluatedItems": {"type": "boolean"},
        "minItems": 3,
    },
    "lookahead": {"type": "string", "pattern": "^(?!ab)[a-c]{2}$"},
    "properties of Unicode": {"type": "string", "pattern": "^\\p{Lu}\\p{Ll}+$"},
    "pattern and length": {"type": "string", "pattern": "^[a-z]+$", "minLength": 500},
    "steps": {"type": "integer", "allOf": [{"multipleOf": 6}, {"multipleOf": 35}], "maximum": 900},
    "beyond 64 bits": {"type": "integer", "minimum": 1e25},
    "families": {
        "type": "object",
        "patternProperties": {"^[a-z]{1,9}_ms$": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "open": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "dependent": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "dependentRequired": {"a": ["b"]},
        "additionalProperties": False,
    },
    "names": {"propertyNames": {"const": "a"}, "required": ["a"], "type": "object"},
    "names by a pattern": {
        "type": "object",
        "propertyNames": {"pattern": "^k_[a-z]{3}$"},
        "minProperties": 3,
        "additionalProperties": {"type": "integer"},
    },
    "names by reference": {
        "type": "object",
        "propertyNames": {"$ref": "#/$defs/Name"},
        "minProperties": 2,
        "$defs": {"Name": {"enum": ["a", "b", "c"]}},
    },
    "many names": {"type": "object", "minProperties": 400},
    "dependent schemas": {
        "type": "object",
        "properties": {"card": {"type": "integer"}},
        "required": ["card"],
        "dependentSchemas": {
            "card": {"required": ["bank"], "properties": {"bank": {"const": "q"}}}
        },
    },
    "anchor": {"$ref": "#here", "$defs": {"X": {"$anchor": "here", "type": "integer"}}},
    "tree": {
        "anyOf": [
            {"type": "integer"},
            {"type": "array", "items": {"$ref": "#"}, "minItems": 2, "maxItems": 3},
        ]
    },
    "further ones": {"type": "object", "unevaluatedProperties": {"const": 1}, "minProperties": 2},
    "if": {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}, "size": {"type": "integer"}},
        "if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
        "then": {"required": ["size"]},
        "required": ["kind"],
    },
    "one of": {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 500}]},
    "inherited": {
        "allOf": [{"$ref": "#/$defs/Base"}],
        "properties": {"own": {"type": "boolean"}},
        "required": ["own"],
        "unevaluatedProperties": False,
        "$defs": {
            "Base": {"type": "object", "properties": {"id": {"format": "uuid", "type": "string"}}}
        },
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("edges", [0.0, 0.7])
def test_a_drawn_value_conforms_to_its_schema(name: str, edges: float) -> None:
    schema = SCHEMAS[name]
    sampler = Sampler(Contract({}), Random(7), edges=edges)
    is_valid = Draft202012Validator(schema, validate_formats=True).is_valid
    assert all(is_valid(sampler.value(schema)) for _ in range(20))


@pytest.mark.parametrize("name", CONTRACT.definitions)
@pytest.mark.parametrize("edges", [0.0, 0.5])
def test_a_drawn_document_of_the_contract_conforms(name: str, edges: float) -> None:
    sampler = Sampler(CONTRACT, Random(1), edges=edges)
    definition = CONTRACT.definitions[name]
    for _ in range(10):
        assert VALIDATOR.is_valid(definition, sampler.document(definition))


@settings(max_examples=30, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_hypothesis_can_choose_what_is_drawn(random: Random) -> None:
    definition = CONTRACT.definitions["RunStartedEvent"]
    drawn = Sampler(CONTRACT, random, edges=0.3).document(definition)
    assert VALIDATOR.is_valid(definition, drawn)


def test_all_optional_members_and_values_come_up() -> None:
    sampler = Sampler(CONTRACT, Random(3))
    drawn = [sampler.document(CONTRACT.definitions["RunRequest"]) for _ in range(60)]
    named = {name for value in drawn for name in value}
    assert named == {"repo_url", "branch", "quantapilot_yaml_path", "correlation_id"}
    assert any(len(value) == 2 for value in drawn)


def test_edges_reach_both_limits() -> None:
    sampler = Sampler(Contract({}), Random(5), edges=1.0)
    text = {"type": "string", "minLength": 2, "maxLength": 40}
    whole = {"type": "integer", "minimum": 3, "maximum": 9}
    assert {len(sampler.value(text)) for _ in range(30)} == {2, 40}
    assert {sampler.value(whole) for _ in range(30)} == {3, 9}


def test_the_same_seed_draws_the_same_in_another_process() -> None:
    program = (
        "from random import Random; import json\n"
        "from quantapilot.contract.catalog import load_contract\n"
        "from quantapilot.contract.sampling import Sampler\n"
        "from pathlib import Path\n"
        f"contract = load_contract(Path({str(ROOT / '_schemas')!r}))\n"
        "sampler = Sampler(contract, Random(11), edges=0.4)\n"
        "print(json.dumps([sampler.document(d) for d in contract.definitions.values()]))\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop()) > 1000


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 4},
        {"enum": ["a"], "type": "integer"},
        {"type": "object", "required": ["a"], "additionalProperties": False},
        {"$ref": "#/$defs/Missing"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"$ref": "#"},
        {"enum": []},
        {"type": "string", "minLength": 10**10},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "contains": {"const": 1}, "minContains": 10**9},
        {"type": "array", "uniqueItems": True, "minItems": 5, "items": {"enum": [1, 2]}},
        {"type": "object", "minProperties": 10**9},
        {"type": "string", "pattern": "["},
    ],
)
def test_a_schema_that_admits_nothing_is_told(schema: Any) -> None:
    with pytest.raises(UnsampledError):
        Sampler(Contract({}), Random(1)).value(schema)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (
            {
                "type": "object",
                "properties": {"a": {"type": "array", "items": {"enum": []}, "minItems": 1}},
                "required": ["a"],
            },
            "at '/a/0': an empty enum lists nothing",
        ),
        (
            {"type": "string", "pattern": "^(?<a>x)$"},
            "drawn from the pattern ^(?<a>x)$",
        ),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "no type is all that is asked for"),
        ({"$ref": "#"}, "references lead around in circles"),
    ],
)
def test_what_can_not_be_drawn_is_told_with_its_place_and_why(schema: Any, said: str) -> None:
    with pytest.raises(UnsampledError) as caught:
        Sampler(Contract({}), Random(1)).value(schema)
    assert said in str(caught.value)


def test_the_definition_that_nothing_conforms_to_is_named() -> None:
    schema = {"$id": "https://a.example/s", "$defs": {"Nothing": {"type": "string", "enum": [1]}}}
    contract = Contract({"a.schema.json": schema})
    with pytest.raises(UnsampledError, match=r"a\.schema\.json: Nothing"):
        Sampler(contract, Random(1)).document(contract.definitions["Nothing"])
