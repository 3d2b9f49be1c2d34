"""Workflows, the action and the snippets for CI: checked by linters, by schemas, and run.

The linter is jactionlint, a fork of actionlint that the package index has as a program. It asks
nobody over the network, and hands scripts to shellcheck.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.integration.test_docs import DOCS, block, fences, rows
from tests.runner import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

BIN = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
GITLAB = ROOT / "integrations" / "ci" / "gitlab-ci.yml"
MAKEFILE = ROOT / "integrations" / "ci" / "quantapilot.mk"
IN_DOCS = ".github/workflows/quantapilot.yml"
# Where a reader has to put the place of this repository.
PLACE = "OWNER/REPOSITORY@COMMIT"

DIRTY = "mail to alice@example.com\n"
# Mistakes that a workflow of ours must not have; on line 4 of the file.
MISTAKES = {
    "an unknown key": "jobs: {a: {runs-on: ubuntu-24.04, step: []}}",
    "an input that the action does not have": (
        "jobs: {a: {runs-on: ubuntu-24.04, steps: [{uses: ./, with: {check: scan}}]}}"
    ),
    "a script into which strangers can write": (
        "jobs: {a: {runs-on: ubuntu-24.04, steps: "
        "[{run: 'echo ${{ github.event.pull_request.title }}'}]}}"
    ),
    "an action without a commit": (
        "jobs: {a: {runs-on: ubuntu-24.04, steps: [{uses: actions/checkout@v5}]}}"
    ),
    "an unquoted variable in a script": (
        "jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'x=$1; rm -r $x'}]}}"
    ),
}

needs_shellcheck = pytest.mark.skipif(
    shutil.which("shellcheck", path=str(BIN)) is None, reason="no shellcheck for this machine"
)


def lint(*files: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "jactionlint", "--no-color", "--strict-exit", *files],
        cwd=folder,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def steps_of(path: Path) -> list[dict[str, Any]]:
    body = yaml.safe_load(path.read_text("utf-8"))
    if "runs" in body:
        return list(body["runs"]["steps"])
    return [step for job in body["jobs"].values() for step in job["steps"]]


def docs_workflow() -> str:
    text = block(DOCS / "ci.md", file=IN_DOCS)
    assert PLACE in text
    return text.replace(PLACE, f"acme/contract@{'0' * 40}")


def checked_by(schema: str, file: Path) -> None:
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- linted -----------------------------------------------------------------------------------


@needs_shellcheck
def test_the_linter_has_nothing_to_say_about_workflow_and_action() -> None:
    done = lint(*WORKFLOWS, ACTION)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_linter_has_nothing_to_say_about_the_workflow_that_the_docs_show(
    tmp_path: Path,
) -> None:
    (tmp_path / "shown.yml").write_text(docs_workflow(), "utf-8")
    done = lint(tmp_path / "shown.yml")
    assert (done.returncode, done.stdout) == (0, "")


@needs_shellcheck
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_linter_sees(mistake: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    shutil.copy(ACTION, tmp_path)
    file = tmp_path / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    head = "name: ci\non: pull_request\npermissions: {contents: read}\n"
    file.write_text(f"{head}{MISTAKES[mistake]}\n", "utf-8")
    done = lint(file, folder=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "ci.yml:4:" in done.stdout


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("github-workflows", file) for file in WORKFLOWS),
        ("github-actions", ACTION),
        ("gitlab-ci", GITLAB),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_a_file_conforms_to_the_published_schema(schema: str, file: Path) -> None:
    checked_by(schema, file)


def test_what_the_docs_show_conforms_to_the_published_schemas(tmp_path: Path) -> None:
    (tmp_path / "github.yml").write_text(docs_workflow(), "utf-8")
    checked_by("github-workflows", tmp_path / "github.yml")
    (include,) = [
        fence.text
        for fence in fences(DOCS / "ci.md")
        if fence.language == "yaml" and not fence.attributes
    ]
    (tmp_path / "gitlab.yml").write_text(include, "utf-8")
    checked_by("gitlab-ci", tmp_path / "gitlab.yml")


# --- safe -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_no_script_holds_an_expression(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_every_script_of_the_action_stops_at_the_first_fault() -> None:
    scripts = [step for step in steps_of(ACTION) if "run" in step]
    assert [step["shell"] for step in scripts] == ["bash"] * 3
    assert [step for step in scripts if not step["run"].startswith("set -euo pipefail\n")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_checkout_leaves_its_token_behind(path: Path) -> None:
    checkouts = [step for step in steps_of(path) if "/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_shown_workflow_uses_the_same_checkout_as_ours() -> None:
    shown = re.findall(r"actions/checkout@\S+ # \S+", docs_workflow())
    assert set(shown) == set(re.findall(r"actions/checkout@\S+ # \S+", WORKFLOWS[0].read_text()))


def test_every_input_and_output_of_the_action_is_told_with_its_default() -> None:
    body = yaml.safe_load(ACTION.read_text("utf-8"))
    told = {name: cells[0].strip("`") for name, cells in rows(DOCS / "ci.md", "input").items()}
    assert told == {name: each["default"] for name, each in body["inputs"].items()}
    assert set(rows(DOCS / "ci.md", "output")) == set(body["outputs"])


def test_the_shown_workflow_gives_only_inputs_that_the_action_has() -> None:
    shown = yaml.safe_load(docs_workflow())["jobs"]["validate-api"]
    (given,) = [step["with"] for step in shown["steps"] if step["uses"].startswith("acme/")]
    assert given.keys() <= yaml.safe_load(ACTION.read_text("utf-8"))["inputs"].keys()


# --- run --------------------------------------------------------------------------------------


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("CI_", "MAKE", "QP_"))
    }
    environment["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=ci", "-c", "user.email="]
    done = run(["git", *who, *arguments], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose first commit is dirty already."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "old.txt").write_text(DIRTY, "utf-8")
    (folder / "clean.txt").write_text("run 390d88c done\n", "utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def gitlab_scripts() -> list[str]:
    loaded: Mapping[str, Any] = yaml.safe_load(GITLAB.read_text("utf-8"))
    return list(loaded[".quantapilot"]["script"])


def gitlab(folder: Path, shell: str = "bash", **variables: str) -> subprocess.CompletedProcess[str]:
    return run([shell, "-e", "-c", "\n".join(gitlab_scripts())], folder, **variables)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_gitlab_job_fails_on_findings_and_leaves_both_reports(shell: str, project: Path) -> None:
    done = gitlab(project, shell, QP_CHECK="scan")
    assert done.returncode == 1, done.stderr
    assert "old.txt:1:9  error  pii/email" in done.stdout
    for name in ("quantapilot.xml", "quantapilot.sarif"):
        report = (project / name).read_text("utf-8")
        assert "pii/email" in report
        assert "alice@" not in report


def test_a_gitlab_job_passes_when_all_is_clean(project: Path) -> None:
    (project / "old.txt").unlink()
    done = gitlab(project, QP_CHECK="scan")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "clean")


def test_a_gitlab_job_for_a_merge_request_tells_only_what_is_new(project: Path) -> None:
    since = git(project, "rev-parse", "HEAD")
    clean = gitlab(project, QP_CHECK="scan", CI_MERGE_REQUEST_DIFF_BASE_SHA=since)
    assert clean.returncode == 0, clean.stdout
    (project / "new.txt").write_text(DIRTY, "utf-8")
    dirty = gitlab(project, QP_CHECK="scan", CI_MERGE_REQUEST_DIFF_BASE_SHA=since)
    assert dirty.returncode == 1
    assert "new.txt:1:9" in dirty.stdout
    assert "old.txt" not in dirty.stdout


def test_a_gitlab_job_that_can_not_check_is_not_green(project: Path) -> None:
    nowhere = "0" * 40
    done = gitlab(project, QP_CHECK="scan", CI_MERGE_REQUEST_DIFF_BASE_SHA=nowhere)
    assert done.returncode == 4
    assert gitlab(project, QP_CHECK="validate:api").returncode == 3


def test_every_gitlab_job_runs_a_check_that_there_is() -> None:
    body = yaml.safe_load(GITLAB.read_text("utf-8"))
    jobs = {name: job for name, job in body.items() if "extends" in job}
    checks = {name: job["variables"]["QP_CHECK"] for name, job in jobs.items()}
    assert checks == {"validate:api": "validate:api", "scan:pii": "scan"}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(["make", "-f", str(MAKEFILE), *arguments], folder)


def test_make_stops_on_findings_and_tells_the_exit_code(project: Path) -> None:
    done = make(project, "scan-pii")
    assert done.returncode == 2
    assert "old.txt:1:9  error  pii/email" in done.stdout
    assert re.search(r"scan-pii\] Error 1$", done.stderr, re.MULTILINE)


def test_make_says_nothing_when_all_is_clean(project: Path) -> None:
    done = make(project, "--silent", "scan-pii", "QP_PATHS=clean.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_make_checks_only_what_was_added_since_a_commit(project: Path) -> None:
    clean = make(project, "pii", "QP_SINCE=HEAD")
    assert clean.returncode == 0, clean.stdout
    (project / "new.txt").write_text(DIRTY, "utf-8")
    dirty = make(project, "scan-pii", "QP_SINCE=HEAD")
    assert (dirty.returncode, "new.txt:1:9" in dirty.stdout) == (2, True)
    assert "old.txt" not in dirty.stdout


def test_the_shown_include_gives_a_makefile_the_targets(project: Path) -> None:
    (shown,) = [fence.text for fence in fences(DOCS / "ci.md") if fence.language == "make"]
    shutil.copy(MAKEFILE, project)
    (project / "Makefile").write_text(f"all:\n\techo built\n\n{shown}", "utf-8")
    done = run(["make", "--dry-run", "pii"], project)
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "qp validate:api --quiet",
        "qp scan --quiet",
    ]
    assert run(["make", "--dry-run"], project).stdout == "echo built\n"
