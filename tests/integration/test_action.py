"""The action for GitHub: its own scripts are run, step by step, as a runner would run them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.program import call
from tests.runner import ROOT, Result, Runner

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRTY = '{"level":"info","message":"mail to alice@example.com"}\n'
CLEAN = "nothing to see in run 390d88c\n"
PLANTED = "alice@example.com"

# A program in place of `qp`: notes how it was called and ends as it is told to.
FAKE = """\
#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
with open(os.environ["FAKE_CALLS"], "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
shape = arguments[arguments.index("--format") + 1]
code = json.loads(os.environ["FAKE_CODES"]).get(f"{{arguments[0]}} {{shape}}", 0)
if "--output" in arguments:
    pathlib.Path(arguments[arguments.index("--output") + 1]).write_text("{{}}")
elif code == 1:
    print("::error file=a,line=1::one\\n::warning file=a::two\\nnot an annotation ::error")
sys.exit(code)
"""


class Stage:
    """The action with a stand-in for `qp`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        self.workspace = folder / "work space"
        self.workspace.mkdir()
        program = folder / "room" / "venv" / "bin" / "qp"
        program.parent.mkdir(parents=True)
        program.write_text(FAKE.format(python=sys.executable), "utf-8")
        program.chmod(0o755)

    def run(
        self,
        codes: Mapping[str, int] | None = None,
        event: Mapping[str, Any] | None = None,
        /,
        **inputs: str,
    ) -> Result:
        self.calls_file.write_text("", "utf-8")
        environment = {"FAKE_CALLS": str(self.calls_file), "FAKE_CODES": json.dumps(codes or {})}
        runner = Runner(
            self.workspace,
            self.folder / "runner temp",
            done={"Make room": {"room": str(self.folder / "room")}, "Install": {}},
            event=event or {},
            environment=environment,
        )
        return runner.run(**inputs)

    def calls(self) -> list[list[str]]:
        lines = self.calls_file.read_text("utf-8").splitlines()
        return [
            ["OUT.sarif" if part.endswith(".sarif") else part for part in json.loads(line)]
            for line in lines
        ]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def both(validate: int, scan: int) -> dict[str, int]:
    shapes = ("github", "sarif")
    checks = (("validate:api", validate), ("scan", scan))
    return {f"{check} {shape}": code for check, code in checks for shape in shapes}


def pull_request(repository: str) -> dict[str, Any]:
    return {"pull_request": {"head": {"repo": {"full_name": repository}}}}


# --- how it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "told"), [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "4"), (137, "4")]
)
def test_only_a_clean_check_passes_and_the_exit_code_tells_why(
    code: int, told: str, stage: Stage
) -> None:
    result = stage.run(both(code, 0))
    assert (result.failed, result.outputs["exit-code"]) == (code != 0, told)


@pytest.mark.parametrize(
    ("validate", "scan", "told"),
    [(0, 0, "0"), (0, 1, "1"), (1, 0, "1"), (1, 4, "4"), (4, 1, "4"), (3, 0, "3"), (3, 1, "1")],
)
def test_of_two_checks_the_worse_one_counts(
    validate: int, scan: int, told: str, stage: Stage
) -> None:
    result = stage.run(both(validate, scan), checks="validate:api scan")
    assert (result.failed, result.outputs["exit-code"]) == (told != "0", told)
    assert [call[0] for call in stage.calls()] == ["validate:api", "scan"]


@pytest.mark.parametrize(("first", "again"), [(0, 4), (0, 1), (1, 0), (4, 1)], ids=str)
def test_two_reports_that_do_not_agree_are_no_clean_check(
    first: int, again: int, stage: Stage
) -> None:
    codes = {"validate:api github": first, "validate:api sarif": again}
    result = stage.run(codes, sarif="true")
    assert (result.failed, result.outputs["exit-code"]) == (True, "4")
    assert result.uploads() == []


@pytest.mark.parametrize(
    "inputs",
    [
        {"checks": ""},
        {"checks": "validate"},
        {"checks": "scan --help"},
        {"checks": "scan *"},
        {"sarif": "yes"},
    ],
    ids=str,
)
def test_an_input_that_makes_no_sense_is_refused_before_anything_runs(
    inputs: dict[str, str], stage: Stage
) -> None:
    result = stage.run(**inputs)
    assert (result.failed, result.outputs["exit-code"], stage.calls()) == (True, "2", [])
    assert "::error title=QuantaPilot::" in result.log


@pytest.mark.parametrize("code", [2, 3, 4, 139])
def test_what_was_not_checked_is_annotated(code: int, stage: Stage) -> None:
    assert "::error title=QuantaPilot::qp validate:api " in stage.run(both(code, 0)).log


def test_findings_are_counted_by_their_annotations(stage: Stage) -> None:
    result = stage.run(both(1, 1), checks="validate:api scan")
    assert result.outputs["findings"] == "4"
    assert result.log.count("::error file=a,line=1::one") == 2


# --- how it calls -----------------------------------------------------------------------------


def test_without_inputs_the_gate_takes_what_the_configuration_names(stage: Stage) -> None:
    stage.run()
    assert stage.calls() == [["validate:api", "--format", "github", "--"]]


def test_each_input_arrives_as_it_was_written(stage: Stage) -> None:
    paths = ["a b", "$(touch hacked)", "`touch hacked`", '";touch hacked;"', "-x", "*.md", "ü'"]
    (stage.workspace / "one.md").touch()
    stage.run(
        checks=" scan\n",
        config="my config.toml",
        baseline="$HOME",
        since="--output=hacked",
        paths="\n".join([*paths, ""]),
    )
    options = ["--config", "my config.toml", "--baseline", "$HOME", "--since", "--output=hacked"]
    assert stage.calls() == [["scan", *options, "--format", "github", "--", *paths]]
    assert [file.name for file in stage.workspace.iterdir()] == ["one.md"]


def test_a_second_run_for_sarif_is_asked_the_same(stage: Stage) -> None:
    stage.run(sarif="true", paths="logs", since="HEAD~1")
    options = ["validate:api", "--since", "HEAD~1"]
    assert stage.calls() == [
        [*options, "--format", "github", "--", "logs"],
        [*options, "--format", "sarif", "--output", "OUT.sarif", "--", "logs"],
    ]


def test_the_commit_to_be_compatible_with_goes_to_validate_api_alone(stage: Stage) -> None:
    stage.run(**{"checks": "validate:api scan", "compatible-with": "HEAD^1"})
    assert stage.calls() == [
        ["validate:api", "--compatible-with", "HEAD^1", "--format", "github", "--"],
        ["scan", "--format", "github", "--"],
    ]


# --- what it uploads --------------------------------------------------------------------------


def test_without_sarif_nothing_is_uploaded(stage: Stage) -> None:
    result = stage.run(both(1, 0))
    assert (result.uploads(), result.outputs["sarif-files"]) == ([], "")


def test_findings_of_each_check_are_uploaded_in_a_category_of_their_own(stage: Stage) -> None:
    result = stage.run(both(1, 0), checks="validate:api scan", sarif="true", category="pii")
    uploads = result.uploads()
    assert [upload["category"] for upload in uploads] == ["pii/validate-api", "pii/scan"]
    files = [upload["sarif_file"] for upload in uploads]
    assert [Path(file).name for file in files] == ["validate-api.sarif", "scan.sarif"]
    assert all(Path(file).is_file() for file in files)
    assert sorted(result.outputs["sarif-files"].splitlines()) == sorted(files)
    assert result.failed


@pytest.mark.parametrize("code", [2, 3, 4])
def test_half_a_check_closes_no_alert(code: int, stage: Stage) -> None:
    assert stage.run(both(code, 0), sarif="true").uploads() == []


@pytest.mark.parametrize(("repository", "uploads"), [("acme/app", 1), ("stranger/app", 0)])
def test_a_fork_that_may_not_upload_is_still_checked(
    repository: str, uploads: int, stage: Stage
) -> None:
    result = stage.run(both(0, 0), pull_request(repository), sarif="true")
    assert (result.failed, len(result.uploads())) == (False, uploads)


def test_used_twice_in_a_job_it_keeps_both_reports(stage: Stage) -> None:
    first = stage.run(sarif="true").outputs["sarif-files"]
    second = stage.run(sarif="true").outputs["sarif-files"]
    assert first != second
    assert Path(first).is_file()


# --- with the real program ---------------------------------------------------------------------


class Installed:
    """What the action itself installed; made once a test run."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "runner temp"
        self.room = self.temp / "quantapilot"
        self._work = folder / "work"

    def make(self) -> None:
        self._work.mkdir(parents=True)
        result = self.install(self.temp)
        assert not result.failed, result.log

    def install(self, temp: Path, cached: str = "", **environment: str) -> Result:
        runner = Runner(
            self._work,
            temp,
            actions={
                "actions/setup-python": {"python-path": sys.executable},
                "actions/cache": {"cache-hit": cached},
            },
            done={"Check": {}},
            environment=environment,
        )
        return runner.run()

    def run(self, workspace: Path, temp: Path, **inputs: str) -> Result:
        done = {"Make room": {"room": str(self.room)}, "Install": {}}
        return Runner(workspace, temp, done=done).run(**inputs)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    action = Installed(shared / "action")
    # Workers run side by side; the first one installs for all of them.
    with (shared / "action.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = shared / "action.ready"
        if not ready.exists():
            action.make()
            ready.touch()
    return action


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "notes.txt").write_text(CLEAN, "utf-8")
    return folder


def test_a_clean_project_passes(installed: Installed, workspace: Path, tmp_path: Path) -> None:
    result = installed.run(workspace, tmp_path / "temp", checks="scan", sarif="true")
    assert not result.failed, result.log
    assert (result.outputs["exit-code"], result.outputs["findings"]) == ("0", "0")
    (upload,) = result.uploads()
    sarif = json.loads(Path(upload["sarif_file"]).read_bytes())
    assert [run["results"] for run in sarif["runs"]] == [[]]


def test_a_dirty_line_fails_and_is_annotated_without_its_value(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "app.jsonl").write_text(DIRTY, "utf-8")
    result = installed.run(workspace, tmp_path / "temp", checks="validate:api scan", sarif="true")
    code, counted, _ = call("scan", "--format", "json", str(workspace))
    assert (code, result.failed, result.outputs["exit-code"]) == (1, True, "1")
    assert "::error file=app.jsonl,line=1" in result.log
    assert result.outputs["findings"] == str(json.loads(counted)["summary"]["findings"])
    assert "QuantaPilot" in result.summary
    (upload,) = result.uploads()
    sarif = Path(upload["sarif_file"]).read_text("utf-8")
    assert '"pii/email"' in sarif
    assert PLANTED not in result.log + result.summary + sarif


def test_an_allowed_payload_passes_the_gate_of_any_project(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "examples" / "allowed.json", workspace)
    result = installed.run(workspace, tmp_path / "temp", paths="allowed.json")
    assert (result.failed, result.outputs["exit-code"]) == (False, "0"), result.log


def test_what_can_not_be_checked_fails_and_is_not_uploaded(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    result = installed.run(
        workspace, tmp_path / "temp", checks="scan", paths="nowhere.txt", sarif="true"
    )
    assert (result.failed, result.outputs["exit-code"], result.uploads()) == (True, "4", [])


def test_only_what_was_added_since_a_commit_counts(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "old.jsonl").write_text(DIRTY, "utf-8")
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=ci", "-c", "user.email=", "commit", "--quiet", "--message=first"],
    ):
        subprocess.run(["git", *command], cwd=workspace, check=True)
    checks = "validate:api scan"
    clean = installed.run(workspace, tmp_path / "temp", checks=checks, since="HEAD")
    assert (clean.failed, clean.outputs["exit-code"]) == (False, "0"), clean.log
    (workspace / "new.jsonl").write_text(DIRTY, "utf-8")
    dirty = installed.run(workspace, tmp_path / "temp", checks=checks, since="HEAD")
    assert (dirty.failed, dirty.outputs["exit-code"]) == (True, "1")
    assert "::error file=new.jsonl,line=1" in dirty.log
    assert "old.jsonl" not in dirty.log
    lost = installed.run(workspace, tmp_path / "temp", checks=checks, since="nowhere")
    assert (lost.failed, lost.outputs["exit-code"]) == (True, "4")


def test_a_change_that_breaks_the_contract_fails_the_job(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "_schemas", workspace / "_schemas")
    shutil.copytree(ROOT / "generated", workspace / "generated")
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=ci", "-c", "user.email=", "commit", "--quiet", "--message=first"],
    ):
        subprocess.run(["git", *command], cwd=workspace, check=True)
    inputs = {"compatible-with": "HEAD", "since": "HEAD"}
    same = installed.run(workspace, tmp_path / "temp", **inputs)
    assert (same.failed, same.outputs["exit-code"]) == (False, "0"), same.log
    schema = workspace / "_schemas" / "api.schema.json"
    schema.write_text(schema.read_text("utf-8").replace('"maxLength": 2000,', "", 1), "utf-8")
    broken = installed.run(workspace, tmp_path / "temp", **inputs)
    assert (broken.failed, broken.outputs["exit-code"]) == (True, "1")
    assert "contract/privacy-change" in broken.log


def test_findings_that_a_baseline_accepts_pass(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "old.jsonl").write_text(DIRTY, "utf-8")
    baseline = tmp_path / "accepted.json"
    create = ["baseline", "create", "--baseline", str(baseline)]
    subprocess.run([installed.room / "venv" / "bin" / "qp", *create], cwd=workspace, check=True)
    given = {"checks": "scan", "baseline": str(baseline)}
    clean = installed.run(workspace, tmp_path / "temp", **given)
    assert (clean.failed, clean.outputs["exit-code"]) == (False, "0"), clean.log
    (workspace / "new.jsonl").write_text(DIRTY, "utf-8")
    dirty = installed.run(workspace, tmp_path / "temp", **given)
    assert (dirty.failed, dirty.outputs["exit-code"]) == (True, "1")
    assert "old.jsonl" not in dirty.log


def test_a_project_can_not_shadow_what_the_checks_import(
    installed: Installed, workspace: Path, tmp_path: Path
) -> None:
    for name in ("click.py", "quantapilot.py", "sitecustomize.py"):
        (workspace / name).write_text("raise SystemExit(0)\n", "utf-8")
    (workspace / "app.jsonl").write_text(DIRTY, "utf-8")
    done = {"Make room": {"room": str(installed.room)}, "Install": {}}
    environment = {"PYTHONPATH": str(workspace)}
    runner = Runner(workspace, tmp_path / "temp", done=done, environment=environment)
    assert runner.run(checks="scan").outputs["exit-code"] == "1"


def test_from_the_cache_it_installs_without_a_registry(
    installed: Installed, tmp_path: Path
) -> None:
    shutil.copytree(installed.room / "wheels", tmp_path / "quantapilot" / "wheels")
    result = installed.install(tmp_path, "true", PIP_INDEX_URL="http://localhost:9/")
    assert not result.failed, result.log


def test_a_wheel_in_the_cache_that_was_changed_is_not_installed(
    installed: Installed, tmp_path: Path
) -> None:
    wheels = tmp_path / "quantapilot" / "wheels"
    shutil.copytree(installed.room / "wheels", wheels)
    (wheel,) = wheels.glob("click-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    result = installed.install(tmp_path, "true")
    assert result.failed
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.log


def test_the_cache_goes_by_pins_and_interpreter(installed: Installed, tmp_path: Path) -> None:
    result = installed.install(tmp_path, "true", PIP_INDEX_URL="http://localhost:9/")
    (told,) = [given for name, given in result.told if name == "actions/cache"]
    assert told["path"] == str(tmp_path / "quantapilot" / "wheels")
    assert sys.implementation.cache_tag in told["key"]
    assert result.failed, "nothing was in the cache"
