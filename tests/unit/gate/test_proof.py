"""A contract that was found clean is not checked again for a payload, until anything changes."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from quantapilot.config import Config
from quantapilot.gate.project import Project
from quantapilot.gate.proof import Proof

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("_schemas", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "own.toml").write_text("# no rules yet\n")
    return Project(Config(root=tmp_path, rules=(Path("own.toml"),)))


def test_nothing_is_known_of_a_contract_that_was_never_checked(project: Project) -> None:
    assert not Proof(project, "jsonschema-rs").known


def test_a_clean_contract_is_known_as_long_as_nothing_changes(project: Project) -> None:
    Proof(project, "jsonschema-rs").remember()

    assert Proof(project, "jsonschema-rs").known
    assert not Proof(project, "reference").known


def test_a_check_that_left_rules_out_proves_nothing_for_one_that_does_not(
    project: Project,
) -> None:
    Proof(project, "jsonschema-rs", ("not", "contract/*")).remember()

    assert not Proof(project, "jsonschema-rs", ("not",)).known
    ignoring = Project(replace(project.config, ignore=("contract/*",)))
    assert not Proof(ignoring, "jsonschema-rs", ("not", "contract/*")).known


@pytest.mark.parametrize(
    "changed",
    [
        "_schemas/api.schema.json",
        "_schemas/api.examples.json",
        "_schemas/new.schema.json",
        "generated/quantapilot_models/api.py",
        "generated/quantapilot_models/catalog.json",
        "own.toml",
    ],
)
def test_a_change_in_what_was_looked_at_asks_for_a_new_check(
    project: Project, changed: str
) -> None:
    Proof(project, "jsonschema-rs").remember()
    with (project.config.root / changed).open("a") as file:
        file.write(" ")

    assert not Proof(project, "jsonschema-rs").known


def test_a_cache_that_cannot_be_written_only_costs_a_new_check(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    Proof(project, "jsonschema-rs").remember()

    assert not Proof(project, "jsonschema-rs").known


def test_what_is_remembered_is_a_digest_and_nothing_else(project: Project) -> None:
    Proof(project, "jsonschema-rs").remember()

    (file,) = (Path(os.environ["XDG_CACHE_HOME"]) / "quantapilot").iterdir()
    assert set(file.read_text()) <= set("0123456789abcdef")


def test_old_proofs_do_not_pile_up(project: Project) -> None:
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "quantapilot"
    cache.mkdir(parents=True)
    for number in range(100):
        (cache / f"proof-{number:016x}").write_text("0")

    Proof(project, "jsonschema-rs").remember()

    assert len(list(cache.iterdir())) == 64
    assert Proof(project, "jsonschema-rs").known
