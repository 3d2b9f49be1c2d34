"""A project: what its settings mean for contract, rules and inputs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quantapilot.config import Config
from quantapilot.contract.catalog import BrokenContractError
from quantapilot.errors import ContractError, ExitCode, RuleError
from quantapilot.findings import Summary
from quantapilot.gate.project import Project
from quantapilot.inputs.sources import Source

ROOT = Path(__file__).parents[3]
RULE = """
[[rules]]
id = "pii/badge"
class = "national_id"
description = "Badge number"
severity = "error"
why = "It names an employee."
fix = "Drop it."
pattern = '\\bBADGE-[0-9]{6}\\b'
match = ["BADGE-123456"]
no_match = ["BADGE-12"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a project with schemas of its own."""
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found_by(config: Config, text: str) -> list[str]:
    return [match.rule.id for match in Project(config).detector().find(text)]


def labels(project: Project, *paths: str, kind: str | None = None) -> list[tuple[str, str | None]]:
    return [
        (item.label, item.kind) if isinstance(item, Source) else (item.path, item.rule)
        for item in project.inputs(paths, kind)
    ]


def test_files_are_shown_from_where_the_user_stands(here: Path) -> None:
    assert Project(Config(root=here)).files.schemas == Path("_schemas")
    assert Project(Config(root=here, schemas=Path("s"))).files.schemas == Path("s")
    elsewhere = Project(Config(root=here.parent / "other"))
    assert elsewhere.files.examples == here.parent / "other" / "_schemas" / "api.examples.json"


def test_a_project_with_schemas_uses_them_and_one_without_the_packaged(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Project(Config(root=here))
    assert own.has_contract
    (here / "_schemas" / "more.schema.json").write_text(
        '{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://x.example/m",'
        ' "$defs": {"Mine": {"type": "string"}}}',
        "utf-8",
    )
    assert "Mine" in own.contract().definitions
    monkeypatch.syspath_prepend(str(ROOT / "generated"))
    other = Project(Config(root=here / "nowhere"))
    assert not other.has_contract
    assert "RunFailed" in other.contract().definitions
    assert "Mine" not in other.contract().definitions


def test_a_broken_schema_is_reported_with_its_path(here: Path) -> None:
    (here / "_schemas" / "api.schema.json").write_text("{", "utf-8")
    with pytest.raises(BrokenContractError) as caught:
        Project(Config(root=here)).contract()
    assert caught.value.finding.path == "_schemas/api.schema.json"


def test_own_rules_join_the_packaged_ones(here: Path) -> None:
    (here / "own.toml").write_text(RULE, "utf-8")
    config = Config(root=here, rules=(Path("own.toml"),))
    assert found_by(config, "BADGE-654321 a@b.example") == ["pii/badge", "pii/email"]
    assert found_by(Config(root=here), "BADGE-654321") == []


def test_an_own_rule_that_breaks_its_examples_is_refused(here: Path) -> None:
    (here / "own.toml").write_text(RULE.replace('["BADGE-12"]', '["BADGE-999999"]'), "utf-8")
    with pytest.raises(RuleError, match="pii/badge"):
        Project(Config(root=here, rules=(Path("own.toml"),))).detector()


def test_internal_networks_are_no_personal_data(here: Path) -> None:
    text = "client 100.64.3.4 and 8.8.8.8"
    assert found_by(Config(root=here, internal_networks=("8.8.8.0/24",)), "client 8.8.8.8") == []
    assert found_by(Config(root=here), text).count("pii/ip-v4") >= 1


def test_regions_say_whose_national_numbers_are_known(here: Path) -> None:
    # A number of the range that Ofcom keeps free for fiction.
    text = "phone 020 7946 0958"
    assert found_by(Config(root=here, phone_regions=("GB",)), text)
    assert not found_by(Config(root=here, phone_regions=("US",)), text)


def test_configured_files_carry_their_kind(here: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", "e.jsonl"):
        (here / name).write_text("{}", "utf-8")
    project = Project(
        Config(root=here, logs=("a.jsonl", "b*"), events=("e.jsonl",), errors=("none/*",))
    )
    assert labels(project) == [
        ("a.jsonl", "logs"),
        ("b.jsonl", "logs"),
        ("e.jsonl", "events"),
        ("none/*", "input/no-match"),
    ]
    assert labels(project, kind="events") == [("e.jsonl", "events")]
    assert labels(project, "e.jsonl") == [("e.jsonl", None)]
    assert labels(project, "e.jsonl", kind="logs") == [("e.jsonl", "logs")]


def test_what_the_project_excludes_is_left_out_of_walks(here: Path) -> None:
    for name in ("logs/a.jsonl", "logs/a.bak", "logs/old/b.jsonl"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("{}", "utf-8")
    project = Project(Config(root=here, exclude=("*.bak", "logs/old/", "_schemas/")))
    assert labels(project, ".") == [("logs/a.jsonl", None)]
    assert labels(project, "logs") == [("logs/a.jsonl", None)]


def test_limits_and_ignored_rules_reach_the_gate(here: Path) -> None:
    file = here / "a.jsonl"
    file.write_text('{"a":"to bob@example.com from 8.8.8.8"}\n', "utf-8")
    project = Project(Config(root=here, ignore=("pii/email",), max_document_bytes=1024))
    inspector = project.inspector(project.detector())

    def run(*ignore: str) -> list[str]:
        gate = project.gate(inspector, Summary(), (), ignore)
        return [finding.rule for finding in gate.check(project.inputs(["a.jsonl"]))]

    assert run() == ["pii/ip-v4"]
    assert run("pii/ip-v4") == []
    large = here / "large.json"
    large.write_text('{"a":\n"' + "x" * 2000 + '"}', "utf-8")
    summary = Summary()
    found = list(project.gate(inspector, summary).check(project.inputs(["large.json"])))
    assert [finding.rule for finding in found] == ["input/line-too-long"]
    assert summary.exit_code is ExitCode.UNCHECKED


def test_the_key_for_fingerprints_comes_from_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.jsonl").write_text('{"a":"bob@example.com"}\n', "utf-8")

    def fingerprint() -> str:
        project = Project(Config(root=here))
        gate = project.gate(project.inspector(project.detector()), Summary())
        return next(gate.check(project.inputs(["a.jsonl"]))).fingerprint

    monkeypatch.delenv("QP_FINGERPRINT_KEY", raising=False)
    plain = fingerprint()
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "secret")
    keyed = fingerprint()
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "another")
    assert len({plain, keyed, fingerprint()}) == 3


def test_a_schema_folder_that_is_not_there_is_not_taken_for_the_packaged_contract(
    tmp_path: Path,
) -> None:
    with pytest.raises(ContractError, match="contracts: no such folder"):
        Project(Config(root=tmp_path, schemas=Path("contracts"))).contract()
