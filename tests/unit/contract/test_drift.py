"""Drift is seen without the generator, whichever side was changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from quantapilot.contract.drift import drift

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Project:
    """A copy of the repository's contract."""

    schemas: Path
    generated: Path

    def drift(self) -> list[tuple[str, str]]:
        found = list(drift(self.schemas, self.generated))
        assert {finding.rule for finding in found} <= {"contract/drift"}
        return [(Path(f.path).name, f.message) for f in found]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    models = ROOT / "generated" / "quantapilot_models"
    shutil.copytree(models, tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    return Project(tmp_path / "_schemas", tmp_path / "models")


def test_the_repository_itself_has_no_drift() -> None:
    assert list(drift(ROOT / "_schemas", ROOT / "generated" / "quantapilot_models")) == []


def test_a_schema_changed_without_its_models_is_named(project: Project) -> None:
    path = project.schemas / "api.schema.json"
    path.write_text(path.read_text("utf-8").replace('"maxLength": 2000', '"maxLength": 3000'))
    (finding,) = drift(project.schemas, project.generated)
    assert finding.path == str(path)
    assert finding.message == "was changed since the models were generated"
    assert "qp generate" in finding.help


def test_a_new_and_a_removed_schema_are_named(project: Project) -> None:
    (project.schemas / "report.schema.json").rename(project.schemas / "other.schema.json")
    assert project.drift() == [
        ("other.schema.json", "is new: nothing was generated from it yet"),
        ("report.schema.json", "is gone, but the generated files still come from it"),
    ]


def test_an_edited_a_missing_and_a_foreign_file_are_named(project: Project) -> None:
    (project.generated / "api.py").write_text("# mine\n")
    (project.generated / "base.py").unlink()
    (project.generated / "extra.py").write_text("")
    assert project.drift() == [
        ("api.py", "was edited by hand, or belongs to another version"),
        ("base.py", "is missing"),
        ("extra.py", "does not belong here: it was not generated"),
    ]


def test_what_python_and_git_leave_behind_is_no_drift(project: Project) -> None:
    cache = project.generated / "__pycache__"
    cache.mkdir()
    (cache / "api.cpython-311.pyc").write_bytes(b"\0")
    for path in [*project.schemas.glob("*.json"), *project.generated.glob("*.*")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert project.drift() == []


def test_a_missing_catalog_is_named(project: Project) -> None:
    (project.generated / "catalog.json").unlink()
    ((name, message),) = project.drift()
    assert name == "catalog.json"
    assert message.startswith("is missing")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schemas": [], "digests": {}}', "\ufeff{"])
def test_a_broken_catalog_is_named(project: Project, text: str) -> None:
    (project.generated / "catalog.json").write_text(text, "utf-8")
    assert project.drift() == [("catalog.json", "is broken: it holds no schemas and digests")]


def test_a_schema_edited_inside_the_catalog_is_seen(project: Project) -> None:
    path = project.generated / "catalog.json"
    catalog = json.loads(path.read_text("utf-8"))
    catalog["schemas"]["api.schema.json"]["$defs"]["Text"]["x-data-class"] = "technical"
    path.write_text(json.dumps(catalog), "utf-8")
    message = "was edited by hand: it holds another api.schema.json"
    assert project.drift() == [("catalog.json", message)]
