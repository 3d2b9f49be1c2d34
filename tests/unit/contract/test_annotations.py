"""A misspelt annotation is told with its place, and never passed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.contract.catalog import BrokenContractError, load_contract

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = {"kind": "events", "recognised_by": "specversion"}
FIELDS = {
    "specversion": {},
    "subject": {},
    "level": {},
    "data": {"type": "object", "properties": {"run_id": {}}},
}
OPERATION = {"method": "POST", "path": "/run", "answers": {"202": "#/$defs/Answer"}}


def loaded(folder: Path, **annotations: Any) -> None:
    thing = {"type": "object", "properties": FIELDS} | annotations
    answer = {"type": "object", "properties": {"level": {"const": "low"}}}
    schema = {"$id": "https://a.example/a", "$defs": {"Thing": thing, "Answer": answer}}
    (folder / "a.schema.json").write_text(json.dumps(schema, indent=2), "utf-8")
    load_contract(folder)


@pytest.mark.parametrize(
    "annotations",
    [
        {"x-document": EVENTS},
        {"x-document": EVENTS | {"payload": "data", "copies": {"subject": "/data/run_id"}}},
        {"x-document": EVENTS | {"id": "subject", "id_prefix": "evt", "subject": "/data/run_id"}},
        {"x-document": {"kind": "logs", "recognised_by": "level", "message": "data"}},
        {"x-operation": OPERATION | {"errors": "a#/$defs/Answer"}},
        {"x-direction": "in"},
        {"x-owner": "anything of one's own"},
        {"discriminator": {"propertyName": "level", "mapping": {"low": "#/$defs/Answer"}}},
    ],
)
def test_annotations_as_they_should_be_pass(tmp_path: Path, annotations: dict[str, Any]) -> None:
    loaded(tmp_path, **annotations)


@pytest.mark.parametrize(
    ("annotations", "pointer", "said"),
    [
        ({"x-document": {"kind": "events"}}, "/x-document", "lacks 'recognised_by'"),
        ({"x-document": []}, "/x-document", "must be of the type object"),
        (
            {"x-document": EVENTS | {"kind": "event"}},
            "/x-document/kind",
            "'kind' must be one of: events, logs, errors",
        ),
        ({"x-document": EVENTS | {"copy": {}}}, "/x-document", "has no 'copy'"),
        ({"x-document": EVENTS | {"id": ""}}, "/x-document/id", "'id' must not be empty"),
        ({"x-document": EVENTS | {"copies": {"a": "b"}}}, "/x-document/copies/a", "must match"),
        ({"x-document": EVENTS | {"id_prefix": "Evt"}}, "/x-document/id_prefix", "must match"),
        ({"x-operation": {**OPERATION, "path": "run"}}, "/x-operation/path", "must match ^/"),
        ({"x-operation": {**OPERATION, "answers": {}}}, "/x-operation/answers", "not be empty"),
        (
            {"x-operation": {**OPERATION, "answers": {"2XX": "#/$defs/Answer"}}},
            "/x-operation/answers",
            "has a name that is wrong: it must match",
        ),
        ({"x-direction": "inwards"}, "/x-direction", "must be one of: in, out"),
        ({"discriminator": {"propertyName": "type"}}, "/discriminator", "lacks 'mapping'"),
        ({"x-documents": EVENTS}, "/x-documents", "did you mean 'x-document'?"),
        ({"x-operatoin": OPERATION}, "/x-operatoin", "did you mean 'x-operation'?"),
    ],
)
def test_a_misspelt_annotation_is_told_with_its_place(
    tmp_path: Path, annotations: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(BrokenContractError) as caught:
        loaded(tmp_path, **annotations)
    finding = caught.value.finding
    assert finding.pointer == f"/$defs/Thing{pointer}"
    assert (finding.line or 0) > 4
    assert said in finding.message


@pytest.mark.parametrize(
    ("annotations", "pointer", "said"),
    [
        ({"x-document": EVENTS | {"recognised_by": "kind"}}, "/x-document/recognised_by", "'kind'"),
        ({"x-document": EVENTS | {"id": "eventId"}}, "/x-document/id", "Thing lacks: 'eventId'"),
        ({"x-document": EVENTS | {"id": "/data/run_id"}}, "/x-document/id", "Thing lacks"),
        ({"x-document": EVENTS | {"subject": "/data/run"}}, "/x-document/subject", "'/data/run'"),
        ({"x-document": EVENTS | {"copies": {"to": "/data"}}}, "/x-document/copies/to", "'to'"),
        ({"x-document": EVENTS | {"copies": {"subject": "/a"}}}, "/x-document/copies", "'/a'"),
        (
            {"x-document": EVENTS | {"level": "level"}},
            "/x-document/level",
            "'events' have no 'level'",
        ),
        (
            {"x-document": {"kind": "errors", "recognised_by": "data", "id_prefix": "e"}},
            "/x-document/id_prefix",
            "'errors' have no 'id_prefix'",
        ),
        (
            {"discriminator": {"propertyName": "level", "mapping": {"a": "#/$defs/Gone"}}},
            "/discriminator/mapping/a",
            "'a' leads to no definition",
        ),
        (
            {"discriminator": {"propertyName": "kind", "mapping": {"low": "#/$defs/Answer"}}},
            "/discriminator/mapping/low",
            "'Answer' has no field 'kind'",
        ),
        (
            {"discriminator": {"propertyName": "level", "mapping": {"lo": "#/$defs/Answer"}}},
            "/discriminator/mapping/lo",
            "'lo' leads to Answer, whose 'level' is 'low'",
        ),
        (
            {"x-operation": OPERATION | {"answers": {"202": "#/$defs/Gone"}}},
            "/x-operation/answers/202",
            "'#/$defs/Gone' leads to no definition",
        ),
        (
            {"x-operation": OPERATION | {"errors": "gone.json#/$defs/Answer"}},
            "/x-operation/errors",
            "'gone.json#/$defs/Answer' leads to no definition",
        ),
    ],
)
def test_an_annotation_that_names_what_is_not_there_is_told_with_its_place(
    tmp_path: Path, annotations: dict[str, Any], pointer: str, said: str
) -> None:
    with pytest.raises(BrokenContractError) as caught:
        loaded(tmp_path, **annotations)
    finding = caught.value.finding
    assert (finding.pointer or "").startswith(f"/$defs/Thing{pointer}")
    assert (finding.line or 0) > 4
    assert said in finding.message


def test_a_schema_that_is_none_is_left_to_the_lint(tmp_path: Path) -> None:
    loaded(tmp_path, **{"properties": 5, "x-document": EVENTS | {"id": "gone"}})


@pytest.mark.parametrize("body", [True, 5, []])
def test_a_definition_is_an_object(tmp_path: Path, body: object) -> None:
    schema = {"$id": "https://a.example/a", "$defs": {"Thing": body}}
    (tmp_path / "a.schema.json").write_text(json.dumps(schema), "utf-8")
    with pytest.raises(BrokenContractError, match="a definition must be an object"):
        load_contract(tmp_path)


def test_two_definitions_of_one_name_are_told(tmp_path: Path) -> None:
    for name in "ab":
        schema = {"$id": f"https://a.example/{name}", "$defs": {"Money": {"type": "integer"}}}
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(schema), "utf-8")
    with pytest.raises(BrokenContractError, match=r"a\.schema\.json defines Money too") as caught:
        load_contract(tmp_path)
    assert caught.value.finding.path.endswith("b.schema.json")
