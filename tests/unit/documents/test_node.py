"""Where the tools of the build are looked for, and what is said where they are not."""

from __future__ import annotations

import json
from shutil import which
from typing import TYPE_CHECKING

import pytest

from quantapilot.documents import node
from quantapilot.errors import ContractError, MissingToolError

if TYPE_CHECKING:
    from pathlib import Path


def install(folder: Path, version: str) -> Path:
    (folder / "maker").mkdir(parents=True)
    (folder / "maker" / "package.json").write_text(json.dumps({"version": version}))
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("QP_NODE_TOOLS", raising=False)
    (tmp_path / "project" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "below")
    return tmp_path / "project"


@pytest.mark.parametrize("place", ["tools/node/node_modules", "node_modules", "below/node_modules"])
def test_a_tool_is_found_in_the_project_from_any_folder_of_it(here: Path, place: str) -> None:
    folder = install(here / place, "1.2.3")
    assert node.package_folder("maker", "1.2.3", "Making") == folder


def test_a_folder_that_is_named_is_the_only_one(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(here / "node_modules", "1.2.3")
    monkeypatch.setenv("QP_NODE_TOOLS", str(tmp_path / "elsewhere"))
    with pytest.raises(MissingToolError):
        node.package_folder("maker", "1.2.3", "Making")
    install(tmp_path / "elsewhere", "1.2.3")
    assert node.package_folder("maker", "1.2.3", "Making") == tmp_path / "elsewhere"


def test_a_missing_tool_is_told_with_how_to_install_it() -> None:
    with pytest.raises(MissingToolError) as caught:
        node.package_folder("maker", "1.2.3", "Making")
    assert str(caught.value) == (
        "Making needs Node and maker 1.2.3: npm install --save-dev maker@1.2.3,"
        " or name a folder node_modules that has it in QP_NODE_TOOLS"
    )


def test_another_version_is_refused_by_its_number(here: Path) -> None:
    folder = install(here / "node_modules", "1.3.0")
    with pytest.raises(MissingToolError, match=f"maker 1.2.3, and {folder} has 1.3.0"):
        node.package_folder("maker", "1.2.3", "Making")


def test_another_version_does_not_hide_the_right_one_further_up(here: Path) -> None:
    install(here / "below" / "node_modules", "1.3.0")
    folder = install(here / "node_modules", "1.2.3")
    assert node.package_folder("maker", "1.2.3", "Making") == folder


def test_no_node_at_all_is_a_missing_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="'node': install Node 20 or later"):
        node.run(tmp_path / "script.mjs", [], b"")


@pytest.mark.skipif(which("node") is None, reason="needs Node")
def test_a_script_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    script = tmp_path / "script.mjs"
    script.write_text('throw new Error("no such\\ntype");')
    with pytest.raises(ContractError) as caught:
        node.run(script, [], b"")
    assert str(caught.value) == "script.mjs failed: Error: no such"
