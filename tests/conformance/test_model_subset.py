"""What `qp generate` takes of JSON Schema means the same to a model, beyond today's contract."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from quantapilot.contract import codegen
from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    from types import ModuleType

WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0, "exclusiveMaximum": 10}
SHARE: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1.5}
TEXT: dict[str, Any] = {"type": "string", "maxLength": 2}
DEFINITIONS: dict[str, dict[str, Any]] = {
    "Whole": WHOLE,
    "Share": SHARE,
    "Flag": {"type": "boolean"},
    "Level": {"enum": ["a", "b"]},
    "One": {"const": "a"},
    "Status": {"enum": [0, 1, 20]},
    "Version": {"const": 1},
    "Statuses": {"type": "array", "items": {"type": "integer", "enum": [-1, 1]}},
    "Wholes": {
        "type": "array",
        "items": {"$ref": "#/$defs/Whole"},
        "minItems": 1,
        "maxItems": 2,
    },
    "Texts": {"type": "array", "items": TEXT},
    "Counts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Whole"}},
    "Shares": {"type": "object", "additionalProperties": {"type": "array", "items": SHARE}},
    "Nothing": {"type": "object", "properties": {}, "additionalProperties": False},
    "Open": {"type": "object", "properties": {"a": WHOLE}, "required": ["a"]},
    "Heir": {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/Open"}],
        "properties": {"b": WHOLE},
        "required": ["b"],
        "unevaluatedProperties": False,
    },
    "OpenTyped": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": WHOLE},
    "Family": {
        "type": "object",
        "properties": {"a": TEXT},
        "patternProperties": {"^x_": WHOLE, "^y_[a-z]+$": WHOLE},
        "additionalProperties": False,
    },
    "Document": {
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/Wholes"},
            "b": {"$ref": "#/$defs/Counts"},
            "t": {"type": "string", "format": "date-time"},
            "class": TEXT,
            "_u": WHOLE,
            "a-b": WHOLE,
            "json": SHARE,
            "model_x": {"$ref": "#/$defs/Flag"},
            "status": {"$ref": "#/$defs/Status"},
        },
        "required": ["a", "class"],
        "additionalProperties": False,
        "x-document": {"kind": "logs", "recognised_by": "a"},
    },
}
PARTS: list[Any] = [
    None, True, False, 0, 1, 9, 10, -1, 5.0, 10.0, 0.5, 1.5, 1.6, -0.0, 1e300, 10**30,
    "", "a", "1", "abc", "2025-01-01T00:00:00Z", "2025-01-01",
    [], [1], [1, 2], [1, 2, 3], [1.0], ["a"], ["abc"], [True], [None],
    {}, {"a": 1}, {"a": 5.0}, {"a": "a"}, {"a": True}, {"b": 1}, {"a": 1, "b": 2},
    {"a": 1, "b": 2, "c": 3}, {"a": "a", "c": 3}, {"x_": 1}, {"x_a": 10}, {"x_a": 5.0},
    {"x_b": "5"}, {"y_a": 1}, {"y_1": 1}, {"y_a\n": 1}, {"k": [1.0, 0.5]}, {"k": [0]},
]  # fmt: skip
FIELDS = (
    "a",
    "b",
    "t",
    "class",
    "_u",
    "a-b",
    "json",
    "model_x",
    "status",
    "class_",
    "field_u",
    "a_b",
)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contract, ModuleType]:
    folder = tmp_path_factory.mktemp("subset")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/api.schema.json",
        "$defs": DEFINITIONS,
    }
    (folder / "api.schema.json").write_text(json.dumps(schema), "utf-8")
    codegen.write(folder, folder / "models")
    place = str(folder / "models")
    spec = spec_from_file_location(
        "subset_models", Path(place, "__init__.py"), submodule_search_locations=[place]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["subset_models"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return load_contract(folder), module


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_model_and_the_gate_give_one_verdict(
    contract: tuple[Contract, ModuleType], name: str
) -> None:
    read, models = contract
    validator = Validator(read)
    adapter: TypeAdapter[Any] = TypeAdapter(getattr(models, name))
    document = {"a": [1], "class": "c"}
    for value in [*PARTS, document, *({**document, f: p} for f in FIELDS for p in PARTS)]:
        try:
            written = json.loads(adapter.dump_json(adapter.validate_json(json.dumps(value))))
            accepted = True
        except ValidationError:
            accepted = False
            written = value
        assert accepted == validator.is_valid(read.definitions[name], value), value
        assert validator.is_valid(read.definitions[name], written) == accepted, value
