"""The repository keeps its word: make is the only entry point, every package is pinned by hash."""

from __future__ import annotations

import re
import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml

ROOT = Path(__file__).parents[2]
CONSTRAINTS = (
    ROOT / "constraints.txt",
    ROOT / "constraints-core.txt",
    ROOT / "benchmarks" / "constraints.txt",
    ROOT / "tests" / "fuzz" / "constraints.txt",
    ROOT / "tests" / "scale" / "constraints.txt",
)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
ACTIONS = [*WORKFLOWS, ROOT / "action.yml"]

_PIN = re.compile(
    r"(?P<name>[\w.-]+)==[^\s;]+(?: ; .+?)?(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)"
)
# Addresses of registries and mirrors, and places of the machines that this was written on. Each
# has a class of one character in it, so that this file holds none of them.
_FOREIGN = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|--(?:extra-)?index[-]url|--find[-]links"
    r"|/opt[/](?:pypi|wheels)|/root[/][.]pyenv|/work[/](?:main|shared)\b|/tmp[/]bash"
)


def targets() -> set[str]:
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    return {found[1] for line in lines if (found := re.match(r"([a-z-]+):(?!=)", line))}


def commands(script: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in script.splitlines())
    return [line for line in lines if line]


def recipe(target: str) -> list[str]:
    """Return what make runs for a target."""
    lines = (ROOT / "Makefile").read_text("utf-8").split(f"\n{target}:", 1)[1].splitlines()[1:]
    return [line.strip() for line in takewhile(lambda line: line.startswith("\t"), lines)]


def made(command: str) -> list[str]:
    program, *words = command.split()
    assert program == "make", f"not a make target: {command}"
    return words


def workflow(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def jobs() -> dict[str, dict[str, Any]]:
    return {name: job for path in WORKFLOWS for name, job in workflow(path)["jobs"].items()}


def tracked() -> list[Path]:
    """Return the files under version control; outside a checkout those that would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
        ignored = {".git", *(line.strip("/") for line in lines)}
        paths = [p for p in ROOT.rglob("*") if not ignored & set(p.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file())


def pins() -> list[str]:
    """Return the entries of all files of pins, each on one line."""
    return [pin for path in CONSTRAINTS for pin in pins_of(path)]


def pins_of(path: Path) -> list[str]:
    return re.sub(r"\s*\\\n\s*", " ", path.read_text("utf-8")).splitlines()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_ci_runs_locally_is_only_make_targets_that_the_readme_names() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    calls = [line for line in commands(script) if not line.startswith(("set ", "cd "))]
    assert calls
    for call in calls:
        assert set(made(call)) <= targets()
        assert call in readme
        assert [target for target in made(call) if f"`{target}`" not in readme] == []


def test_every_folder_of_tests_has_a_target_that_runs_it() -> None:
    settings = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    tests = (ROOT / "tests").rglob("test_*.py")
    folders = {"/".join(path.relative_to(ROOT).parts[:2]) for path in tests}
    others = {"tests/browser", "tests/scale"}
    assert {*settings["ini_options"]["testpaths"], *others} == folders
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"-m pytest .*{folder}", makefile) for folder in others)


def test_what_ci_runs_locally_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_workflows_run_only_make_targets() -> None:
    runs = [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    assert runs
    for script in runs:
        for command in commands(script):
            assert set(made(command)) <= targets()


def test_workflows_run_all_that_ci_runs_locally_the_gate_as_the_action() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    local = {word for line in commands(script) if line.startswith("make") for word in made(line)}
    remote = {
        word
        for job in jobs().values()
        for step in job["steps"]
        for command in commands(step.get("run", ""))
        for word in made(command)
    }
    assert remote == local - {"validate"}


def test_the_job_that_blocks_a_deployment_is_the_gate() -> None:
    gates = [job for job in jobs().values() if job.get("name") == "validate:api"]
    assert len(gates) == 1
    (action,) = [step for step in gates[0]["steps"] if step.get("uses") == "./"]
    checks = [command.split()[1] for command in recipe("validate")]
    assert action["with"]["checks"].split() == checks == ["validate:api", "scan"]
    assert action["with"].keys() == {"checks", "compatible-with", "sarif"}
    assert [job for job in jobs().values() if "continue-on-error" in str(job)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])
def test_a_workflow_may_only_read_and_ends_in_time(path: Path) -> None:
    body = workflow(path)
    assert body["permissions"] == {"contents": "read"}
    assert "concurrency" in body
    for job in body["jobs"].values():
        uploads = any(step.get("with", {}).get("sarif") for step in job["steps"])
        write = {"security-events": "write"} if uploads else {}
        assert job.get("permissions", {"contents": "read"}) == {"contents": "read"} | write
        assert job["timeout-minutes"] <= 30


@pytest.mark.parametrize("path", ACTIONS, ids=[path.name for path in ACTIONS])
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    used = [line for line in lines if "uses:" in line and not line.endswith(" ./")]
    assert used
    pinned = re.compile(r"\s*-?\s*uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(?:\.\d+){2}")
    assert [line for line in used if not pinned.fullmatch(line)] == []


def test_no_file_holds_the_address_of_a_registry_or_a_path_of_a_machine() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for at, line in enumerate(text.splitlines(), start=1):
            if _FOREIGN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{at}")
    assert found == []


def test_every_pin_has_hashes_and_no_address() -> None:
    assert pins()
    assert [pin for pin in pins() if not _PIN.fullmatch(pin)] == []


def test_the_action_installs_what_is_tested_and_all_that_the_core_asks_for() -> None:
    core = pins_of(ROOT / "constraints-core.txt")
    assert set(core) <= set(pins_of(ROOT / "constraints.txt"))
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    names = {canonical(re.split(r"[^A-Za-z0-9._-]", requirement)[0]) for requirement in asked}
    assert names <= {canonical(pin.partition("==")[0]) for pin in core}


def test_every_package_that_is_asked_for_is_pinned() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *(name for group in project["dependency-groups"].values() for name in group),
        *project["build-system"]["requires"],
    ]
    names = {canonical(re.split(r"[^A-Za-z0-9._-]", requirement)[0]) for requirement in asked}
    pinned = {canonical(pin["name"]) for pin in map(_PIN.fullmatch, pins()) if pin}
    assert sorted(names - pinned) == []
