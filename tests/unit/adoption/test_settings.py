"""Settings: the baseline's name is added, and nothing else in the file changes its meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomli

from quantapilot.adoption.settings import BASELINE, settings_edit
from quantapilot.config import load_config
from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_repository_without_settings_gets_a_file_that_the_program_reads(tmp_path: Path) -> None:
    edit = settings_edit(tmp_path)

    assert edit is not None
    assert edit.path == tmp_path / "quantapilot.toml"
    edit.path.write_text(edit.after)
    assert load_config(edit.path).root == tmp_path
    assert tomli.loads(edit.after) == {"baseline": BASELINE}


@pytest.mark.parametrize(
    "before",
    [
        '[project]\nname = "shop"\n',
        '[project]\nname = "shop"',
        "[tool.ruff]\nline-length = 100\n\n[[tool.x]]\na = 1\n",
        "",
        '[project]\r\nname = "shop"\r\n',
        "[tool.quantapilot]\nlogs = []\n",
        "[tool.quantapilot]\n",
        "[ tool . quantapilot ] # ours\nlogs = []\n[tool.other]\nbaseline = 2\n",
        "[tool.quantapilot.fields]\nshard = 'technical'\n[tool.quantapilot]\nlogs = []\n",
    ],
)
def test_a_pyproject_keeps_all_that_it_said(tmp_path: Path, before: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(before.encode())

    edit = settings_edit(tmp_path)

    assert edit is not None
    written = tomli.loads(edit.after)
    assert written["tool"]["quantapilot"].pop("baseline") == BASELINE
    was = tomli.loads(before)
    was.setdefault("tool", {}).setdefault("quantapilot", {})
    assert written == was
    assert [line for line in before.splitlines() if line not in edit.after.splitlines()] == []
    assert ("\r\n" in edit.after) == ("\r\n" in before)
    assert edit.after.count("\n") == edit.after.count("\r\n") or "\r\n" not in before


def test_an_own_file_wins_and_gets_its_line_above_the_tables(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "quantapilot.toml").write_text("[fields]\nshard = 'technical'\n")

    edit = settings_edit(tmp_path)

    assert edit is not None
    assert tomli.loads(edit.after) == {"baseline": BASELINE, "fields": {"shard": "technical"}}


def test_a_baseline_that_is_set_already_stays(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.quantapilot]\nbaseline = "known.json"\n')

    assert settings_edit(tmp_path) is None


@pytest.mark.parametrize(
    "before",
    [
        'tool.quantapilot.logs = ["a"]\n',
        "[tool]\nquantapilot = { logs = [] }\n",
        'text = """\n[tool.quantapilot]\n"""\n[tool]\nquantapilot.logs = []\n',
    ],
)
def test_a_table_written_otherwise_is_left_alone_with_what_to_do(
    tmp_path: Path, before: str
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(before)

    with pytest.raises(ConfigError, match=r"pyproject\.toml: .* by hand"):
        settings_edit(tmp_path)
    assert file.read_text() == before


def test_broken_toml_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = \n")

    with pytest.raises(ConfigError, match=r"pyproject\.toml:2:8: not valid TOML"):
        settings_edit(tmp_path)
