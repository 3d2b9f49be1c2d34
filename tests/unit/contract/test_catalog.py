"""The catalog: what the schemas say of each definition and each field, and what breaks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quantapilot.contract.catalog import (
    BrokenContractError,
    Contract,
    load_contract,
    packaged_contract,
    snake,
    with_fields,
)
from quantapilot.contract.positions import pointer_of
from quantapilot.contract.validator import Validator
from quantapilot.errors import ContractError

ROOT = Path(__file__).parents[3]
REAL = load_contract(ROOT / "_schemas")
BASE = "https://example.org/s/"


def schema(name: str = "a", **definitions: Any) -> dict[str, Any]:
    return {"$id": f"{BASE}{name}.schema.json", "$defs": definitions}


def contract(**definitions: Any) -> Contract:
    return Contract({"a.schema.json": schema(**definitions)})


# --- the contract of this repository ----------------------------------------------------------


def test_documents_say_themselves_of_which_kind_they_are() -> None:
    kinds = {definition.name: definition.kind for definition in REAL.documents}
    assert kinds == {"Event": "events", "LogRecord": "logs", "ErrorResponse": "errors"}


@pytest.mark.parametrize("name", ["RunFailed", "run_failed", "run-failed", "Run_Failed"])
def test_a_definition_is_found_by_every_spelling_of_its_name(name: str) -> None:
    assert REAL.named(name) is REAL.definitions["RunFailed"]
    assert REAL.named(name + "x") is None


@pytest.mark.parametrize(
    ("definition", "path", "data_class"),
    [
        ("RunFailed", ("run_id",), "identifier"),
        ("RunFailed", ("message",), "text"),
        ("RunFailed", ("error_code",), "technical"),
        ("RunFailedEvent", ("data", "message"), "text"),
        ("RunFailedEvent", ("time",), "timestamp"),
        ("LogRecord", ("files_count",), "aggregate"),
        ("LogRecord", ("cost_usd",), "aggregate"),
        ("LogRecord", ("level",), "status"),
        ("RunId", (), "identifier"),
    ],
)
def test_every_field_has_the_class_that_its_schema_gives_it(
    definition: str, path: tuple[str, ...], data_class: str
) -> None:
    found = REAL.fields(REAL.definitions[definition])
    for part in path:
        below = found.below(part)
        assert below is not None
        found = below
    assert found.data_class == data_class


def test_what_the_contract_does_not_describe_has_no_field() -> None:
    record = REAL.fields(REAL.definitions["LogRecord"])
    assert record.below("user_email") is None
    assert record.below(0) is None


def test_a_discriminator_names_the_branch() -> None:
    event = REAL.definitions["Event"]
    branch = REAL.branch(event, "quantapilot.run_failed")
    assert branch is REAL.definitions["RunFailedEvent"]
    assert REAL.branch(event, "quantapilot.nothing") is None
    assert REAL.branch(event, 5) is None


# --- schemas of any kind ----------------------------------------------------------------------


def test_patterns_items_and_open_objects_are_described_too() -> None:
    leaf = {"type": "string", "x-data-class": "text"}
    number = {"type": "integer", "x-data-class": "aggregate"}
    made = contract(
        Thing={
            "properties": {"list": {"items": leaf}, "open": {"additionalProperties": number}},
            "patternProperties": {"_ms$": number},
        }
    )
    fields = made.fields(made.definitions["Thing"])
    one, other, wait = fields.below("list"), fields.below("open"), fields.below("wait_ms")
    assert one is not None
    assert other is not None
    assert wait is not None
    assert (below := one.below(7)) is not None
    assert below.data_class == "text"
    assert (below := other.below("any")) is not None
    assert below.data_class == "aggregate"
    assert wait.data_class == "aggregate"
    assert fields.below("wait_ms_") is None


def test_parts_of_a_definition_are_one_and_its_own_class_goes_first() -> None:
    made = contract(
        Base={"properties": {"a": {"$ref": "#/$defs/Text"}}},
        Text={"title": "Text", "x-data-class": "text"},
        Thing={
            "allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {"x-data-class": "status"}}}],
            "properties": {"a": {"x-data-class": "technical"}},
        },
    )
    fields = made.fields(made.definitions["Thing"])
    assert {name: field.data_class for name, field in fields.properties.items()} == {
        "a": "text",
        "b": "status",
    }


def test_a_definition_that_refers_to_itself_is_read_to_an_end() -> None:
    tree = {"title": "Tree", "properties": {"next": {"$ref": "#/$defs/Tree"}}}
    made = contract(Tree=tree)
    assert made.fields(made.definitions["Tree"]).below("next") is not None


def test_references_lead_into_other_files() -> None:
    made = Contract(
        {
            "a.schema.json": schema("a", One={"$ref": "b.schema.json#/$defs/Two"}),
            "b.schema.json": schema("b", Two={"x-data-class": "text"}),
        }
    )
    assert made.fields(made.definitions["One"]).data_class == "text"
    assert made.resolve("#/$defs/Two", f"{BASE}b.schema.json")[0] == {"x-data-class": "text"}


def test_a_definition_is_found_at_its_address_whatever_its_name() -> None:
    made = contract(**{"an order/line": {"type": "string"}, "a~b": {"type": "number"}})
    for definition in made.definitions.values():
        assert made.resolve(definition.uri, "")[0] is definition.schema


def test_a_reference_may_hold_escapes_and_indexes() -> None:
    made = contract(
        Odd={"properties": {"a/b~c": {"x-data-class": "text"}}, "allOf": [{"title": "x"}]},
        One={"$ref": "#/$defs/Odd/properties/a~1b~0c"},
        Two={"$ref": "#/$defs/Odd/allOf/0"},
    )
    assert made.fields(made.definitions["One"]).data_class == "text"


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/Nothing", "b.schema.json#/$defs/X", "#/$defs/One/allOf/9", "#/$defs/One/allOf/x"],
)
def test_a_reference_to_nowhere_is_named_with_its_place(reference: str) -> None:
    with pytest.raises(BrokenContractError) as caught:
        contract(One={"allOf": [{}], "properties": {"a/b": {"$ref": reference}}})
    finding = caught.value.finding
    assert finding.rule == "contract/schema-reference"
    assert finding.path == "a.schema.json"
    assert finding.pointer == "/$defs/One/properties/a~1b/$ref"
    assert reference in finding.message


@pytest.mark.parametrize("body", [[], 5, None, {}, {"$id": 5}])
def test_a_schema_without_an_id_is_refused(body: Any) -> None:
    with pytest.raises(BrokenContractError) as caught:
        Contract({"a.schema.json": body})
    assert caught.value.finding.rule == "contract/schema-invalid"


# --- files ------------------------------------------------------------------------------------


def test_a_folder_is_read_whole_and_only_its_schemas(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = json.dumps(schema(name, **{name.upper(): {}}))
        (tmp_path / f"{name}.schema.json").write_text(text, "utf-8")
    (tmp_path / "examples.json").write_text("no JSON", "utf-8")
    found = load_contract(tmp_path)
    assert list(found.definitions) == ["A", "B"]


@pytest.mark.parametrize(
    ("content", "place"), [(b'{"a":\n1,}', (2, 2)), (b"", (1, 1)), (b"[1", (1, 3))]
)
def test_a_file_that_is_no_json_is_named_with_line_and_column(
    content: bytes, place: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "a.schema.json").write_bytes(content)
    with pytest.raises(BrokenContractError) as caught:
        load_contract(tmp_path)
    finding = caught.value.finding
    assert finding.path == str(tmp_path / "a.schema.json")
    assert (finding.line, finding.column) == place


def test_a_folder_without_schemas_is_no_contract(tmp_path: Path) -> None:
    with pytest.raises(BrokenContractError, match="in this folder"):
        load_contract(tmp_path)


def test_the_package_carries_the_contract_or_says_that_it_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "generated" / "quantapilot_models"
    monkeypatch.syspath_prepend(str(ROOT / "generated"))
    assert packaged_contract(named).definitions.keys() == REAL.definitions.keys()
    for name in ("orders_models", "no-package", "no.package"):
        with pytest.raises(ContractError, match=f"no package {name} that carries a contract"):
            packaged_contract(tmp_path / name)


def test_a_folder_of_models_carries_its_contract_without_being_installed() -> None:
    models = ROOT / "examples" / "contracts" / "orders" / "generated" / "orders_models"
    assert "OrderPlaced" in packaged_contract(models).definitions


# --- a project's own fields -------------------------------------------------------------------

RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "hi"}


@pytest.mark.parametrize(
    ("data_class", "good", "bad"),
    [
        ("identifier", "550e8400-e29b-41d4-a716-446655440000", "customer-5"),
        ("technical", "tenant-1", ["tenant-1"]),
        ("aggregate", 5.5, "5"),
        ("timestamp", "2025-08-19T06:00:11Z", "yesterday"),
        ("status", True, "ready"),
        ("text", "a sentence", 5),
    ],
)
def test_an_own_field_is_allowed_with_the_proof_its_class_asks_for(
    data_class: str, good: object, bad: object
) -> None:
    extended = with_fields(REAL, {"own": data_class})
    conforms = Validator(extended).judge()
    assert conforms({**RECORD, "own": good})
    assert not conforms({**RECORD, "own": bad})
    assert conforms(RECORD)
    below = extended.fields(extended.definitions["LogRecord"]).below("own")
    assert below is not None
    assert below.data_class == data_class


def test_own_fields_change_log_records_only() -> None:
    extended = with_fields(REAL, {"own": "text"})
    assert extended.definitions["Event"].schema == REAL.definitions["Event"].schema
    assert not Validator(REAL).judge()({**RECORD, "own": "x"})
    assert with_fields(REAL, {}) is REAL


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [((), ""), (("a", 0), "/a/0"), (("a/b", "m~n"), "/a~1b/m~0n"), (("",), "/")],
)
def test_pointers_are_those_of_rfc_6901(parts: tuple[str | int, ...], pointer: str) -> None:
    assert pointer_of(parts) == pointer


@pytest.mark.parametrize(("name", "wanted"), [("RunFailed", "run_failed"), ("Text", "text")])
def test_names_in_snake_case(name: str, wanted: str) -> None:
    assert snake(name) == wanted


def test_a_field_family_ends_where_its_pattern_does() -> None:
    fields = REAL.fields(REAL.definitions["LogRecord"])
    assert fields.below("note_count") is not None
    assert fields.below("note_count\n") is None


def test_a_reference_to_an_anchor_leads_to_what_has_it() -> None:
    definitions = {
        "Stay": {"type": "object", "properties": {"no": {"$ref": "#number"}}},
        "Number": {"$anchor": "number", "type": "integer", "x-data-class": "aggregate"},
    }
    schema = {"$id": "https://a.example/a", "$defs": definitions}
    contract = Contract({"a.schema.json": schema})
    field = contract.fields(contract.definitions["Stay"]).below("no")
    assert field is not None
    assert field.data_class == "aggregate"
    definitions["Stay"]["properties"]["no"]["$ref"] = "#nowhere"  # type: ignore[index]
    with pytest.raises(BrokenContractError, match="leads nowhere: #nowhere"):
        Contract({"a.schema.json": schema})
