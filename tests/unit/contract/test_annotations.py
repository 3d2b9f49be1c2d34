"""A misspelt annotation is told with its place, and never passed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.contract.catalog import BrokenContractError, load_contract

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = {"kind": "events", "recognised_by": "specversion"}
OPERATION = {"method": "POST", "path": "/run", "answers": {"202": "#/$defs/Answer"}}


def loaded(folder: Path, **annotations: Any) -> None:
    schema = {"$id": "https://a.example/a", "$defs": {"Thing": {"type": "object"} | annotations}}
    (folder / "a.schema.json").write_text(json.dumps(schema, indent=2), "utf-8")
    load_contract(folder)


@pytest.mark.parametrize(
    "annotations",
    [
        {"x-document": EVENTS},
        {"x-document": EVENTS | {"payload": "data", "copies": {"subject": "/data/run_id"}}},
        {"x-operation": OPERATION | {"errors": "error.schema.json#/$defs/ErrorResponse"}},
        {"x-direction": "in"},
        {"x-owner": "anything of one's own"},
    ],
)
def test_annotations_as_they_should_be_pass(tmp_path: Path, annotations: dict[str, Any]) -> None:
    loaded(tmp_path, **annotations)


@pytest.mark.parametrize(
    ("annotations", "pointer", "said"),
    [
        ({"x-document": {"kind": "events"}}, "/x-document", "required 'recognised_by'"),
        ({"x-document": EVENTS | {"kind": "event"}}, "/x-document/kind", "enum"),
        ({"x-document": EVENTS | {"copy": {}}}, "/x-document", "it has no 'copy'"),
        ({"x-document": EVENTS | {"copies": {"a": "b"}}}, "/x-document/copies/a", "pattern"),
        ({"x-operation": {**OPERATION, "path": "run"}}, "/x-operation/path", "pattern ^/"),
        ({"x-operation": {**OPERATION, "answers": {}}}, "/x-operation/answers", "minProperties 1"),
        ({"x-direction": "inwards"}, "/x-direction", "enum"),
        ({"discriminator": {"propertyName": "type"}}, "/discriminator", "required 'mapping'"),
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
