"""Drift is seen without the generator, whichever side was changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from quantapilot.contract.digests import inputs_digests
from quantapilot.contract.drift import documents_drift, drift

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


@dataclass(frozen=True)
class Documents:
    """A folder with two documents of the repository's contract, and what they come from."""

    schemas: Path
    folder: Path

    @property
    def examples(self) -> Path:
        return self.schemas / "api.examples.json"

    def drift(self, *, dated: bool = True) -> list[tuple[str, str]]:
        found = list(documents_drift(self.schemas, self.examples, self.folder, dated=dated))
        assert {finding.rule for finding in found} <= {"contract/drift"}
        return [(Path(f.path).relative_to(self.folder).as_posix(), f.message) for f in found]


@pytest.fixture
def documents(project: Project) -> Documents:
    made = Documents(project.schemas, project.schemas.parent / "docs")
    (made.folder / "pages").mkdir(parents=True)
    (made.folder / "a.json").write_text("{}\n")
    (made.folder / "pages" / "b.md").write_text("b\n")
    inputs = inputs_digests(made.schemas, made.examples)
    entries = {
        "json": {**inputs, "files": {"a.json": sha256(b"{}\n").hexdigest()}},
        "pages": {**inputs, "files": {"pages/b.md": sha256(b"b\n").hexdigest()}},
    }
    (made.folder / "digests.json").write_text(json.dumps({"documents": entries}))
    return made


def test_a_project_without_documents_has_no_drift_of_them(documents: Documents) -> None:
    assert documents.drift() == []
    shutil.rmtree(documents.folder)
    assert documents.drift() == []


def test_documents_that_are_older_than_schemas_or_examples_are_named_once(
    documents: Documents,
) -> None:
    text = documents.examples.read_text("utf-8")
    documents.examples.write_text(text.replace("no hyphens", "without hyphens"), "utf-8")
    message = "schemas or examples were changed since these were written: json, pages"
    assert documents.drift() == [("digests.json", message)]
    assert documents.drift(dated=False) == []


def test_an_edited_and_a_missing_document_are_named_and_files_of_people_are_not(
    documents: Documents,
) -> None:
    (documents.folder / "a.json").write_text("[]\n")
    (documents.folder / "pages" / "b.md").unlink()
    (documents.folder / "mine.md").write_text("mine\n")
    assert documents.drift() == [
        ("a.json", "was edited by hand, or belongs to another version"),
        ("pages/b.md", "is missing"),
    ]


def test_documents_with_other_line_ends_are_no_drift(documents: Documents) -> None:
    for path in [documents.folder / "a.json", documents.examples]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert documents.drift() == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"documents": {"json": {"files": {}}}}', "7"])
def test_a_broken_record_of_documents_is_named(documents: Documents, text: str) -> None:
    (documents.folder / "digests.json").write_text(text)
    assert documents.drift() == [("digests.json", "is broken: it holds no digests of documents")]
