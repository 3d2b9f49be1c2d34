"""What a name stands for: files and folders, and how their faults are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.compat.revisions import Schemas, opened
from quantapilot.config import Config
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ContractError, InputError

if TYPE_CHECKING:
    from pathlib import Path

ROLE = b'{"$id": "https://x.example/a", "$defs": {"A": {"x-direction": "in"}}}'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return Config(root=tmp_path)


def test_a_folder_is_a_contract_of_its_schemas_alone(config: Config) -> None:
    folder = config.root / "folder"
    folder.mkdir()
    (folder / "a.schema.json").write_bytes(ROLE)
    (folder / "notes.json").write_text("no JSON")
    schemas = opened("folder", config)
    assert (list(schemas.parsed), schemas.where, schemas.is_contract) == (
        ["a.schema.json"],
        "folder/",
        True,
    )
    assert list(schemas.contract().definitions) == ["A"]


@pytest.mark.parametrize(
    ("text", "contract"), [(ROLE, True), (b'{"$defs": {"A": {"x-direction": "in"}}}', False)]
)
def test_a_file_is_a_contract_where_it_says_what_definitions_are_for(
    config: Config, text: bytes, contract: bool
) -> None:
    (config.root / "a.json").write_bytes(text)
    schemas = opened("a.json", config)
    assert schemas.single
    assert schemas.is_contract is contract
    assert "$defs" in schemas.schema


def test_what_is_no_file_no_folder_and_no_revision_is_told(config: Config) -> None:
    with pytest.raises(InputError, match="'none' is no file, no folder and no git revision"):
        opened("none", config)


def test_a_finding_gets_line_and_column_of_its_pointer() -> None:
    text = b'{\n  "allOf": [\n    {"type": "text"}]}'
    schemas = Schemas("a.json", "", {"a.json": text}, single=True)
    rule = CONTRACT_RULES["contract/schema-invalid"]
    located = schemas.located(rule.at("a.json", "no schema", pointer="/allOf/0/type"))
    assert isinstance(located, ContractError)
    assert str(located) == "a.json:3:14: no schema"
    assert str(schemas.located(rule.at("b.json", "gone", pointer="/x"))) == "b.json: gone"
