"""The law of the contract, rule by rule, on schemas that break it in one place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.lint import lint
from quantapilot.contract.model_schema import DIALECT
from quantapilot.pii.fields import words

ROOT = Path(__file__).parents[3]
FOLDER = Path("_schemas")
NAMED = (("email",), ("operator", "name"), ("token",))
IDENTIFIER = {
    "description": "An id.",
    "type": "string",
    "pattern": "^[a-z]+$",
    "x-data-class": "identifier",
}


def asks_for_personal_data(name: str) -> bool:
    return any(words(name)[-len(named) :] == named for named in NAMED)


def found(definitions: dict[str, Any], examples: dict[str, Any] | None = None) -> list[str]:
    schema = {"$schema": DIALECT, "$id": "https://example.com/a.schema.json", "$defs": definitions}
    contract = Contract({"a.schema.json": schema})
    findings = lint(contract, FOLDER, asks_for_personal_data, examples)
    return [f"{f.rule.removeprefix('contract/')} {f.pointer}" for f in findings]


def thing(**properties: Any) -> dict[str, Any]:
    return {
        "Thing": {
            "description": "A thing.",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
    }


def field(**keywords: Any) -> dict[str, Any]:
    return {"description": "A field.", **keywords}


def test_the_repository_keeps_its_own_law() -> None:
    folder = ROOT / "_schemas"
    examples = json.loads((folder / "api.examples.json").read_text("utf-8"))
    assert list(lint(load_contract(folder), folder, asks_for_personal_data, examples)) == []


def test_a_finding_names_file_line_and_column(tmp_path: Path) -> None:
    schema = {"$schema": DIALECT, "$id": "https://example.com/a", "$defs": thing(a=field())}
    (tmp_path / "a.schema.json").write_text(json.dumps(schema, indent=2), "utf-8")
    (finding,) = lint(load_contract(tmp_path), tmp_path, asks_for_personal_data)
    assert finding.path == str(tmp_path / "a.schema.json")
    assert (finding.line, finding.column) == (9, 14)
    assert finding.pointer == "/$defs/Thing/properties/a"


@pytest.mark.parametrize(
    "keywords",
    [
        {"type": "string"},
        {},
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {"type": "array"},
    ],
)
def test_a_field_without_a_class_is_found(keywords: dict[str, Any]) -> None:
    assert "class-missing /$defs/Thing/properties/a" in found(thing(a=field(**keywords)))


def test_items_and_further_fields_without_a_class_are_found() -> None:
    items = field(type="array", items={"type": "string"})
    more = field(type="object", additionalProperties={"type": "integer"})
    assert found(thing(a=items, b=more)) == [
        "class-missing /$defs/Thing/properties/a/items",
        "class-missing /$defs/Thing/properties/b/additionalProperties",
    ]


def test_a_class_counts_through_references_and_all_of() -> None:
    fields = thing(
        a=field(**{"$ref": "#/$defs/Id"}),
        b=field(allOf=[{"$ref": "#/$defs/Id"}, {"maxLength": 3}]),
        c=field(type="array", items={"$ref": "#/$defs/Id"}),
        d=field(**{"$ref": "#/$defs/Inner"}),
    )
    inner = thing(a=IDENTIFIER)["Thing"]
    assert found({"Id": IDENTIFIER, "Inner": inner, **fields}) == []


FITS: dict[str, list[dict[str, Any]]] = {
    "identifier": [
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^a$"},
        {"type": ["string", "null"], "pattern": "^a$"},
    ],
    "technical": [
        {"type": "integer"},
        {"type": "string", "maxLength": 9},
        {"type": "string", "format": "uri"},
        {"enum": ["a", "b"]},
    ],
    "aggregate": [{"type": "integer"}, {"type": ["number", "null"]}],
    "timestamp": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
    "status": [
        {"enum": ["a"]},
        {"const": 1},
        {"type": "boolean"},
        {"type": "number", "minimum": 0, "maximum": 100},
    ],
    "text": [{"type": "string"}, {"type": ["string", "null"]}],
}
MISFITS: dict[str, list[dict[str, Any]]] = {
    "identifier": [
        {"type": "string"},
        {"type": "string", "maxLength": 36},
        {"type": "integer"},
        {"pattern": "^a$"},
    ],
    "technical": [{"type": "string"}, {"type": "boolean"}, {"maxLength": 9}, {}],
    "aggregate": [{"type": "string"}, {"type": ["integer", "string"]}, {}],
    "timestamp": [{"type": "string"}, {"type": "integer"}, {"format": "date-time"}],
    "status": [{"type": "string"}, {"type": "integer", "minimum": 0}, {}],
    "text": [{"type": "integer"}, {"type": ["string", "integer"]}, {}],
}


@pytest.mark.parametrize(("name", "keywords"), [(n, k) for n in FITS for k in FITS[n]])
def test_a_class_that_the_type_bears_out_passes(name: str, keywords: dict[str, Any]) -> None:
    assert found(thing(a=field(**keywords, **{"x-data-class": name}))) == []


@pytest.mark.parametrize(("name", "keywords"), [(n, k) for n in MISFITS for k in MISFITS[n]])
def test_a_class_that_the_type_does_not_bear_out_is_found(
    name: str, keywords: dict[str, Any]
) -> None:
    places = found(thing(a=field(**keywords, **{"x-data-class": name})))
    assert places == ["class-mismatch /$defs/Thing/properties/a"]


def test_a_class_overridden_beside_a_reference_has_to_fit_too() -> None:
    text = field(type="string", **{"x-data-class": "text"})
    loosened = field(**{"$ref": "#/$defs/Text", "x-data-class": "identifier"})
    assert found({"Text": text, **thing(a=loosened)}) == [
        "class-mismatch /$defs/Thing/properties/a"
    ]


def test_a_class_that_does_not_exist_is_found() -> None:
    unknown = field(type="string", **{"x-data-class": "secret"})
    assert found(thing(a=unknown)) == ["class-mismatch /$defs/Thing/properties/a/x-data-class"]


@pytest.mark.parametrize("name", ["user_email", "operatorName", "api-token"])
def test_a_field_that_asks_for_personal_data_is_found(name: str) -> None:
    assert found(thing(**{name: IDENTIFIER})) == [f"pii-property /$defs/Thing/properties/{name}"]


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("^user_email$", True),
        ("_(?:count|email)$", True),
        ("^[a-z]+_token$", True),
        ("^token_[a-z]+$", False),
        ("_(?:count|ms)$", False),
    ],
)
def test_a_family_that_asks_for_personal_data_is_found(pattern: str, is_found: bool) -> None:
    schema = thing()
    schema["Thing"]["patternProperties"] = {pattern: IDENTIFIER}
    assert any(place.startswith("pii-property") for place in found(schema)) == is_found


@pytest.mark.parametrize(
    "keywords",
    [
        {"properties": {"a": IDENTIFIER}},
        {"type": "object", "properties": {"a": IDENTIFIER}, "additionalProperties": True},
        {"patternProperties": {"^a$": IDENTIFIER}},
        {"allOf": [{"properties": {"a": IDENTIFIER}}]},
        {"type": "object"},
    ],
)
def test_an_open_object_is_found(keywords: dict[str, Any]) -> None:
    assert found({"Thing": field(**keywords)}) == ["open-object /$defs/Thing"]


def test_an_object_inside_a_field_has_to_be_closed_too() -> None:
    inner = field(type="object", properties={"b": IDENTIFIER})
    assert found(thing(a=inner)) == ["open-object /$defs/Thing/properties/a"]


def test_a_map_of_described_values_is_closed_enough() -> None:
    counts = field(type="integer", **{"x-data-class": "aggregate"})
    assert found(thing(a=field(type="object", additionalProperties=counts))) == []


def test_an_open_definition_passes_while_only_closed_ones_inherit_it() -> None:
    envelope = field(type="object", properties={"a": IDENTIFIER})
    heir = field(allOf=[{"$ref": "#/$defs/Envelope"}], unevaluatedProperties=False)
    assert found({"Envelope": envelope, "Heir": heir}) == []
    user = thing(e=field(**{"$ref": "#/$defs/Envelope"}))
    assert found({"Envelope": envelope, "Heir": heir, **user}) == [
        "open-object /$defs/Envelope",
        "open-object /$defs/Thing/properties/e",
    ]


def test_what_has_no_description_is_found_unless_its_reference_has_one() -> None:
    bare = {key: value for key, value in IDENTIFIER.items() if key != "description"}
    assert found({"Id": IDENTIFIER, **thing(a=bare, b={"$ref": "#/$defs/Id"})}) == [
        "undescribed /$defs/Thing/properties/a"
    ]
    assert found({"Id": bare | {"description": " "}}) == ["undescribed /$defs/Id"]


def test_a_schema_that_is_no_json_schema_is_found_at_its_place_and_not_linted_further() -> None:
    broken = thing(a={"type": "strin"}, b={"type": "string", "pattern": "("}, c={"allOf": 5})
    assert found(broken) == [
        "schema-invalid /$defs/Thing/properties/a/type",
        "schema-invalid /$defs/Thing/properties/b/pattern",
        "schema-invalid /$defs/Thing/properties/c/allOf",
    ]


def test_an_annotation_where_nobody_reads_it_is_found() -> None:
    inside = {"type": "object", "additionalProperties": False, "x-direction": "in"}
    assert found(thing(a=field(**inside))) == [
        "schema-invalid /$defs/Thing/properties/a/x-direction"
    ]
    assert found({"Thing": thing()["Thing"] | {"x-direction": "in"}}) == []


def test_another_dialect_is_found() -> None:
    contract = Contract({"a.schema.json": {"$id": "https://example.com/a"}})
    (finding,) = lint(contract, FOLDER, asks_for_personal_data)
    assert finding.rule == "contract/schema-invalid"
    assert DIALECT in finding.message


def test_a_definition_without_examples_of_both_sides_is_found() -> None:
    definitions = {"A": IDENTIFIER, "B": IDENTIFIER, "C": IDENTIFIER}
    invalid = [{"value": "1", "rules": ["contract/pattern"]}]
    examples = {"A": {"valid": ["a"], "invalid": invalid}, "B": {"valid": ["b"]}}
    assert found(definitions, examples) == [
        "example-missing /$defs/B",
        "example-missing /$defs/C",
        "example-missing /$defs/C",
    ]
