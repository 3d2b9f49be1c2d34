"""Configuration: found where users put it, refused where it can't be meant so, with the place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quantapilot.config import Allowance, Config, load_config
from quantapilot.errors import ConfigError


def refused(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    return str(caught.value)


def write(folder: Path, text: str, name: str = "quantapilot.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_the_defaults_hold_where_the_command_runs(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load_config(start=tmp_path) == Config(root=tmp_path)


def test_the_nearest_file_above_is_used_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    write(tmp_path, 'logs = ["far.jsonl"]')
    write(tmp_path / "near", 'logs = ["near.jsonl"]')
    (tmp_path / "near" / "deep" / "down").mkdir(parents=True)
    found = load_config(start=tmp_path / "near" / "deep" / "down")
    assert found.logs == ("near.jsonl",)
    assert found.root == tmp_path / "near"


def test_an_own_file_goes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, 'logs = ["own"]')
    write(tmp_path, '[tool.quantapilot]\nlogs = ["project"]', "pyproject.toml")
    assert load_config(start=tmp_path).logs == ("own",)


def test_a_pyproject_of_another_tool_is_passed_by(tmp_path: Path) -> None:
    write(tmp_path, '[tool.quantapilot]\nlogs = ["outer"]', "pyproject.toml")
    write(tmp_path / "inner", "[tool.ruff]\nline-length = 100", "pyproject.toml")
    assert load_config(start=tmp_path / "inner").logs == ("outer",)


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path, 'logs = ["of another project"]')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert load_config(start=tmp_path / "repository").logs == ()


def test_every_setting_is_taken(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        schemas = "contract"
        generated = "models"
        examples = "contract/examples.json"
        logs = ["logs/**/*.jsonl"]
        events = ["events.jsonl"]
        errors = ["errors.jsonl"]
        exclude = ["*.bak"]
        rules = ["rules/own.toml"]
        ignore = ["pii/phone-bare"]
        baseline = "accepted.json"
        internal_networks = ["100.64.0.0/10", "fd00::/8"]
        phone_regions = ["DE", "UA"]
        max_line_bytes = 1024
        max_document_bytes = 2048
        [fields]
        tenant = "technical"
        [[allow]]
        path = "a.json"
        rule = "pii/email"
        reason = "a role"
        [[allow]]
        reason = "a role"
        pointer = "/a/*"
        path = "/b/"
        rule = "pii/email"
        expires = 2030-12-31
        """,
    )
    found = load_config(file)
    day = date(2030, 12, 31)
    assert found == Config(
        root=tmp_path,
        file=file,
        baseline=Path("accepted.json"),
        allow=(
            Allowance("a.json", "pii/email", "a role", line=18),
            Allowance("/b/", "pii/email", "a role", "/a/*", day, line=22),
        ),
        schemas=Path("contract"),
        generated=Path("models"),
        examples=Path("contract/examples.json"),
        logs=("logs/**/*.jsonl",),
        events=("events.jsonl",),
        errors=("errors.jsonl",),
        exclude=("*.bak",),
        rules=(Path("rules/own.toml"),),
        ignore=("pii/phone-bare",),
        internal_networks=("100.64.0.0/10", "fd00::/8"),
        phone_regions=("DE", "UA"),
        fields={"tenant": "technical"},
        max_line_bytes=1024,
        max_document_bytes=2048,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log = []", "1: unknown setting 'log', did you mean 'logs'?"),
        (
            "\nmax_line_byte = 5000",
            "2: unknown setting 'max_line_byte', did you mean 'max_line_bytes'?",
        ),
        ('logs = "a"', "1: 'logs' must be a list of non-empty strings"),
        ('logs = ["a", ""]', "1: 'logs' must be a list of non-empty strings"),
        ("schemas = 1", "1: 'schemas' must be a path"),
        ('schemas = ""', "1: 'schemas' must be a path"),
        ("max_line_bytes = 1023", "1: 'max_line_bytes' must be a number of bytes, at least 1024"),
        ("max_line_bytes = 1e6", "1: 'max_line_bytes' must be a number of bytes, at least 1024"),
        ("fields = []", "1: 'fields' must be a table of field = class"),
        ("\n[fields]\na = 1", "2: 'fields' gives 'a' no class of identifier, technical"),
        ('phone_regions = ["de"]', "1: 'phone_regions' holds 'de', which is no ISO 3166 region"),
        ('internal_networks = ["x"]', "1: 'internal_networks' holds 'x', which is no network"),
        ("baseline = true", "1: 'baseline' must be a path"),
        ("allow = {}", "1: 'allow' must be tables [[tool.quantapilot.allow]]"),
        ('[[allow]]\nrul = "a"', "2: 'allow' has the unknown key 'rul', did you mean 'rule'?"),
        ("[[allow]]\nseverity = 1", "2: 'allow' has the unknown key 'severity'; known are path,"),
        ('[[allow]]\npath = "a"\nrule = "b"', "1: 'allow' has no 'reason'"),
        ("[[allow]]\nreason = 1", "2: 'allow' needs as 'reason' a text"),
        ("[[allow]]\npath = ' '", "2: 'allow' needs as 'path' a pattern such as"),
        ("[[allow]]\npath = '#a'", "2: 'allow' needs as 'path' a pattern such as"),
        ("[[allow]]\npointer = 'a/b'", "2: 'allow' needs as 'pointer' an RFC 6901 pointer"),
        ("[[allow]]\npointer = '/a~2'", "2: 'allow' needs as 'pointer' an RFC 6901 pointer"),
        ("[[allow]]\nexpires = 2030-01-01T00:00:00", "2: 'allow' needs as 'expires' a date such"),
        ("logs = []\nallow = [{rule = 1}]", "2: 'allow' needs as 'rule' a text"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line_and_its_repair(
    text: str, said: str, tmp_path: Path
) -> None:
    file = write(tmp_path, text)
    assert refused(file).startswith(f"{file}:{said}")


def test_the_line_is_that_of_this_tool_and_not_of_another(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[tool.ruff]\nexclude = ["a"]\n\n[tool.quantapilot]\nlogs = []\nexclude = 5\n',
        "pyproject.toml",
    )
    assert refused(file).startswith(f"{file}:6: 'exclude' must be")


@pytest.mark.parametrize(
    "text",
    ["tool = 1", "[tool]\nquantapilot = 1", "[[tool.quantapilot]]", "[tool]\nquantapilot = []"],
)
def test_a_pyproject_of_a_wrong_shape_is_refused(text: str, tmp_path: Path) -> None:
    file = write(tmp_path, text, "pyproject.toml")
    assert str(file) in refused(file)


def test_broken_toml_is_named_with_line_and_column(tmp_path: Path) -> None:
    file = write(tmp_path, "logs = []\nexclude = [\n")
    assert refused(file).startswith(f"{file}:3:1: not valid TOML")


def test_a_file_that_is_not_utf8_is_named_with_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "quantapilot.toml"
    file.write_bytes(b'logs = ["\xff"]')
    assert refused(file) == f"{file}: not UTF-8 (byte 9)"


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    assert refused(tmp_path / name).startswith(f"{tmp_path / name}: can't be read")


def test_settings_cannot_be_changed_once_they_are_read(tmp_path: Path) -> None:
    found = load_config(write(tmp_path, '[fields]\ntenant = "text"'))
    with pytest.raises(AttributeError):
        found.logs = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        found.fields["tenant"] = "status"  # type: ignore[index]
