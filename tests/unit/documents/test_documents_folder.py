"""The folder of documents: what is written, what is removed, and what is known without a tool."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts import ORDER_EXAMPLES, ORDERS, contract

from quantapilot.documents import registry
from quantapilot.documents.folder import Inputs, Result, check, write
from quantapilot.documents.marker import marker
from quantapilot.documents.registry import DOCUMENTS
from quantapilot.documents.source import Source
from quantapilot.errors import GeneratedError, MissingToolError

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

INPUTS = Inputs(
    Source(contract(orders=ORDERS), ORDER_EXAMPLES), {"schemas": "s1", "examples": "e1"}
)
CHANGED = Inputs(
    Source(contract(orders=ORDERS, more={"Note": {"type": "string"}}), ORDER_EXAMPLES),
    {"schemas": "s2", "examples": "e1"},
)


class Tool:
    """A tool of the build, there or not, that writes a file a definition."""

    def __init__(self) -> None:
        self.there = True
        self.says = ""

    def write(self, source: Source) -> dict[str, bytes]:
        if not self.there:
            raise MissingToolError("there is no tool")
        text = f"{marker('built', source.contract)}\n{self.says}\n"
        return {f"built/{name}.md": text.encode() for name in source.contract.definitions}

    @staticmethod
    def given(contract: Contract) -> bytes:
        return " ".join(contract.definitions).encode()


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    made = Tool()
    for name in [name for name in DOCUMENTS if name not in {"openapi", "asyncapi"}]:
        monkeypatch.delitem(DOCUMENTS, name)
    monkeypatch.setitem(DOCUMENTS, "built", made.write)
    monkeypatch.setitem(registry.BUILT, "built", made.given)
    return made


def record(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "digests.json").read_text("utf-8"))["documents"]
    return told


@pytest.mark.usefixtures("tool")
def test_what_is_as_it_has_to_be_is_not_written_again(tmp_path: Path) -> None:
    first = write(INPUTS, tmp_path / "new" / "docs")
    assert {"openapi.json", "asyncapi.json", "built/Placed.md", "digests.json"} <= {*first.changes}
    assert write(INPUTS, tmp_path / "new" / "docs") == Result([], {}, {})
    assert check(INPUTS, tmp_path / "new" / "docs") == Result([], {}, {})


@pytest.mark.usefixtures("tool")
def test_line_ends_changed_by_git_are_no_difference(tmp_path: Path) -> None:
    write(INPUTS, tmp_path)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check(INPUTS, tmp_path).changes == []


@pytest.mark.usefixtures("tool")
def test_checking_writes_nothing_and_shows_the_difference(tmp_path: Path) -> None:
    write(INPUTS, tmp_path)
    edited = (tmp_path / "openapi.json").read_text("utf-8").replace("Order placed", "Order made")
    (tmp_path / "openapi.json").write_text(edited, "utf-8")
    (diff,) = check(INPUTS, tmp_path).changes
    assert diff.startswith("--- a/openapi.json\n+++ b/openapi.json\n")
    assert "Order placed" in diff
    assert (tmp_path / "openapi.json").read_text("utf-8") == edited


@pytest.mark.usefixtures("tool")
def test_files_of_what_is_gone_are_removed_and_files_of_people_are_not(tmp_path: Path) -> None:
    write(CHANGED, tmp_path)
    (tmp_path / "built" / "mine.md").write_text("mine\n")
    assert (tmp_path / "built" / "Note.md").is_file()
    assert "built/Note.md" in write(INPUTS, tmp_path).changes
    assert not (tmp_path / "built" / "Note.md").exists()
    assert (tmp_path / "built" / "mine.md").is_file()


@pytest.mark.usefixtures("tool")
def test_copies_of_documents_are_files_of_people_too(tmp_path: Path) -> None:
    write(INPUTS, tmp_path / "site" / "docs")
    copy = tmp_path / "site" / "archive" / "openapi-1.json"
    copy.parent.mkdir()
    shutil.copy(tmp_path / "site" / "docs" / "openapi.json", copy)
    for folder in (tmp_path, tmp_path / "site", tmp_path / "site" / "docs"):
        write(INPUTS, folder, ["openapi"])
    assert copy.is_file()
    assert (tmp_path / "site" / "docs" / "openapi.json").is_file()


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("name", ["openapi.json", "digests.json", "built/Placed.md"])
def test_a_file_of_people_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('{"mine": 1}\n')
    with pytest.raises(GeneratedError, match=rf"{name}: 'qp docs' did not write this file"):
        write(INPUTS, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [Path(name).name]
    assert (tmp_path / name).read_text() == '{"mine": 1}\n'


@pytest.mark.usefixtures("tool")
def test_a_link_to_a_file_of_people_is_left_too(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "openapi.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(GeneratedError, match=r"openapi\.json"):
        write(INPUTS, tmp_path / "docs", ["openapi"])
    assert (tmp_path / "docs" / "openapi.json").is_symlink()


@pytest.mark.usefixtures("tool")
def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("")
    with pytest.raises(GeneratedError, match=r"openapi\.json: can't be written \(.+\)"):
        write(INPUTS, tmp_path / "docs", ["openapi"])


@pytest.mark.usefixtures("tool")
def test_an_edited_document_is_written_anew(tmp_path: Path) -> None:
    write(INPUTS, tmp_path)
    (tmp_path / "openapi.json").write_text("{}")
    assert write(INPUTS, tmp_path).changes == ["openapi.json"]


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("name", ["../other.md", "/other.md", "built/../../other.md"])
def test_a_record_that_leads_out_of_the_folder_removes_nothing(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "docs"
    write(INPUTS, folder)
    shutil.copy(folder / "openapi.json", tmp_path / "other.md")
    path = name if name[0] == "." else name.replace("/other.md", str(tmp_path / "other.md"))
    told = json.loads((folder / "digests.json").read_bytes())
    told["documents"]["openapi"]["files"][path] = "0"
    (folder / "digests.json").write_text(json.dumps(told))
    assert write(INPUTS, folder).changes == ["digests.json"]
    assert (tmp_path / "other.md").is_file()


def test_what_another_version_writes_otherwise_is_told_from_a_changed_contract(
    tmp_path: Path, tool: Tool
) -> None:
    write(INPUTS, tmp_path)
    tool.says = "more"
    assert check(INPUTS, tmp_path).otherwise == ["built"]
    assert check(CHANGED, tmp_path).otherwise == []
    (tmp_path / "built" / "Placed.md").write_text("edited\n")
    assert check(INPUTS, tmp_path).otherwise == []


def test_an_interrupted_run_is_made_good_by_the_next(tmp_path: Path, tool: Tool) -> None:
    write(CHANGED, tmp_path)
    (tmp_path / "built" / "Note.md").unlink()
    (tmp_path / "built" / "Placed.md").write_bytes(tool.write(INPUTS.source)["built/Placed.md"])
    changes = write(INPUTS, tmp_path).changes
    assert "digests.json" in changes
    assert check(INPUTS, tmp_path) == Result([], {}, {})


@pytest.mark.usefixtures("tool")
def test_only_what_is_named_is_written_and_the_rest_stays_known_as_old(tmp_path: Path) -> None:
    write(INPUTS, tmp_path)
    assert write(CHANGED, tmp_path, ["asyncapi"]).changes == ["asyncapi.json", "digests.json"]
    told = record(tmp_path)
    assert (told["asyncapi"]["schemas"], told["openapi"]["schemas"]) == ("s2", "s1")
    (tmp_path / "openapi.json").unlink()
    assert check(CHANGED, tmp_path, ["asyncapi"]) == Result([], {}, {})


def test_without_its_tool_a_format_that_was_never_written_is_left_out(
    tmp_path: Path, tool: Tool
) -> None:
    tool.there = False
    assert write(INPUTS, tmp_path).never == {"built": "there is no tool"}
    assert "built" not in record(tmp_path)
    assert check(INPUTS, tmp_path) == Result([], {}, {"built": "there is no tool"})


def test_without_its_tool_a_format_is_known_to_be_as_it_has_to_be(
    tmp_path: Path, tool: Tool
) -> None:
    write(INPUTS, tmp_path)
    tool.there = False
    assert check(INPUTS, tmp_path) == Result([], {}, {})
    # Examples are not what the tool is given.
    other = replace(INPUTS, digests={"schemas": "s1", "examples": "e2"})
    assert write(other, tmp_path) == Result(["digests.json"], {}, {})
    assert record(tmp_path)["built"]["examples"] == "e2"


@pytest.mark.parametrize("change", ["contract", "edited", "removed"])
def test_without_its_tool_a_format_that_is_old_or_edited_is_left_and_never_called_clean(
    tmp_path: Path, tool: Tool, change: str
) -> None:
    write(INPUTS, tmp_path)
    tool.there = False
    if change == "edited":
        (tmp_path / "built" / "Placed.md").write_text("edited\n")
    if change == "removed":
        shutil.rmtree(tmp_path / "built")
    inputs = CHANGED if change == "contract" else INPUTS
    for _ in range(2):
        assert check(inputs, tmp_path).left == {"built": "there is no tool"}
        write(inputs, tmp_path)
    assert record(tmp_path)["built"]["schemas"] == "s1"


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"documents": {"openapi": {}}}'])
def test_a_broken_record_is_written_anew(tmp_path: Path, text: str) -> None:
    write(INPUTS, tmp_path)
    (tmp_path / "digests.json").write_text(text)
    assert write(INPUTS, tmp_path).changes == ["digests.json"]


def test_every_format_marks_its_files_where_they_are_looked_for() -> None:
    for name in ("openapi", "asyncapi"):
        for data in DOCUMENTS[name](INPUTS.source).values():
            assert f"@generated by `qp docs {name}`".encode() in data[:512]
