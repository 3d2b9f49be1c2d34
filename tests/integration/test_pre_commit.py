"""The hooks as the real pre-commit runs them: installed from this repository, in a real one."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.repositories import environment, git, write

ROOT = Path(__file__).parents[2]
PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
# What pip needs to install the hooks from a clone.
SHIPPED = (
    ".pre-commit-hooks.yaml", "LICENSE", "NOTICE", "README.md", "generated", "pyproject.toml",
    "src",
)  # fmt: skip
VALUE = "alice.smith@example.com"
DIRTY = f"the operator is {VALUE}\n"
CONFIG = """\
default_install_hook_types: [pre-commit, commit-msg]
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: validate-api
      - id: scan-pii
      - id: scan-commit-msg
"""
SETTINGS = 'errors = ["errors/*.jsonl"]\nexclude = ["/excluded/"]\n'
ERROR = (ROOT / "examples" / "allowed.json").read_text("utf-8").replace("\n", "") + "\n"


@dataclass(frozen=True)
class Hooks:
    """The hooks' repository, its commit, and where pre-commit keeps what it installs."""

    repository: Path
    revision: str
    home: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program in the current folder, as a developer does."""
        # The hooks run what pip installed, not the code of this checkout.
        given = {key: value for key, value in environment().items() if key != "PYTHONPATH"}
        done = subprocess.run(
            command,
            env=given | {"PRE_COMMIT_HOME": str(self.home), "PRE_COMMIT_COLOR": "never"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode())

    def commit(self, files: dict[str, str | bytes], message: str = "Change") -> tuple[int, str]:
        """Write and stage files, commit them, and return the exit code and what is printed."""
        write(files)
        git("add", "--all")
        done = self.run("git", "commit", "-m", message)
        return done.returncode, done.stdout

    @property
    def program(self) -> Path:
        """Return the installed `qp`."""
        (found,) = self.home.glob("repo*/py_env-*/bin/qp")
        return found


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    repository, home = shared / "hooks", shared / "pre-commit-home"
    # Workers run side by side; the first one installs the hooks for all of them.
    with (shared / "hooks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "hooks.ready").exists():
            publish(repository)
            install(repository, home, shared / "installing")
            (shared / "hooks.ready").touch()
    return Hooks(repository, git("rev-parse", "HEAD", at=repository), home)


def publish(repository: Path) -> None:
    repository.mkdir()
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, repository / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, repository)
    git("init", "--quiet", "--initial-branch=main", at=repository)
    git("add", "--all", at=repository)
    git("commit", "--quiet", "-m", "Hooks", at=repository)


def install(repository: Path, home: Path, folder: Path) -> None:
    folder.mkdir()
    git("init", "--quiet", at=folder)
    revision = git("rev-parse", "HEAD", at=repository)
    config = CONFIG.format(hooks=repository, revision=revision)
    (folder / ".pre-commit-config.yaml").write_text(config, "utf-8")
    done = subprocess.run(
        [PRE_COMMIT, "install-hooks"],
        cwd=folder,
        env=environment(PRE_COMMIT_HOME=str(home)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()


@pytest.fixture(autouse=True)
def here(hooks: Hooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a repository whose commits go through the hooks."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "--quiet", "--initial-branch=main")
    config = CONFIG.format(hooks=hooks.repository, revision=hooks.revision)
    write({".pre-commit-config.yaml": config, "quantapilot.toml": SETTINGS})
    write({"errors/a.jsonl": ERROR})
    assert hooks.run(PRE_COMMIT, "install").returncode == 0
    git("add", "--all")
    git("commit", "--quiet", "--no-verify", "-m", "Start")
    return folder


def commits() -> int:
    return int(git("rev-list", "--count", "HEAD"))


def test_a_dirty_commit_is_refused_by_rule_and_place_and_never_by_value(hooks: Hooks) -> None:
    code, output = hooks.commit({"clean.txt": "build finished\n", "notes.txt": "\n" + DIRTY})
    assert code == 1
    assert "notes.txt:2:17  error  pii/email" in output
    assert "clean.txt" not in output
    assert not [part for part in (VALUE, "alice", "smith@") if part in output]
    assert commits() == 1


def test_the_clean_commit_passes(hooks: Hooks) -> None:
    code, output = hooks.commit({"clean.txt": "build finished\n"})
    assert code == 0, output
    ran = re.findall(r"^([^.]+)[.]+.*(Passed|Skipped)$", output, re.MULTILINE)
    assert ran == [
        ("validate:api", "Skipped"),
        ("scan for personal data", "Passed"),
        ("scan the commit message for personal data", "Passed"),
    ]
    assert commits() == 2


def test_an_answer_that_breaks_the_contract_is_refused(hooks: Hooks) -> None:
    code, output = hooks.commit({"errors/b.jsonl": ERROR.replace("error_code", "error_text")})
    assert code == 1
    assert "errors/b.jsonl:1:1  error  contract/" in output
    assert commits() == 1


def test_what_is_not_staged_is_not_looked_at(hooks: Hooks) -> None:
    write({"notes.txt": "build finished\n"})
    git("add", "notes.txt")
    write({"notes.txt": DIRTY})
    assert hooks.run("git", "commit", "-m", "Change").returncode == 0
    assert Path("notes.txt").read_text("utf-8") == DIRTY


@pytest.mark.parametrize(
    "message",
    [f"Change\n\nAsk {VALUE}", f"Change\n\nCo-authored-by: Alice Smith <{VALUE}>"],
)
def test_a_dirty_commit_message_is_refused(hooks: Hooks, message: str) -> None:
    code, output = hooks.commit({"clean.txt": "build finished\n"}, message)
    assert code == 1
    assert "COMMIT_EDITMSG:3:" in output
    assert "pii/email" in output
    assert VALUE not in output
    assert commits() == 1


def test_comments_in_the_message_that_an_editor_saved_do_not_count(
    hooks: Hooks, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(f"#!/bin/sh\nprintf 'Change\\n# {VALUE}\\n' > \"$1\"\n", "utf-8")
    editor.chmod(0o755)
    write({"clean.txt": "build finished\n"})
    git("add", "--all")
    git("config", "core.editor", str(editor))
    done = hooks.run("git", "commit")
    assert done.returncode == 0, done.stdout
    assert git("log", "-1", "--format=%B") == "Change"
    code, output = hooks.commit({"b.txt": "x\n"}, f"Change\n\n# {VALUE}")
    assert (code, "COMMIT_EDITMSG:3:" in output) == (1, True)


def test_binary_and_empty_files_pass(hooks: Hooks) -> None:
    code, output = hooks.commit({"a.bin": b"\0\1" + DIRTY.encode(), "empty.txt": "", "b": b"\0"})
    assert code == 0, output
    done = hooks.run(hooks.program, "scan", "--from-hook", "a.bin", "empty.txt")
    assert done.returncode == 0
    assert "passed over 1 binary file, 1 empty file\n" in done.stdout


@pytest.mark.parametrize("name", ["with space.txt", "quo\"te's.txt", "größe.txt", "-dash.txt"])
def test_files_with_hostile_names_are_looked_at(hooks: Hooks, name: str) -> None:
    code, output = hooks.commit({name: DIRTY})
    assert code == 1
    assert f"{name}:1:17  error  pii/email" in output


def test_an_excluded_file_passes(hooks: Hooks) -> None:
    code, output = hooks.commit({"excluded/a.txt": DIRTY})
    assert code == 0, output


def test_all_files_can_be_looked_at_at_once(hooks: Hooks) -> None:
    clean = hooks.run(PRE_COMMIT, "run", "--all-files")
    assert clean.returncode == 0, clean.stdout
    assert clean.stdout.count("Passed") == 2
    write({"old.txt": DIRTY})
    git("add", "--all")
    git("commit", "--quiet", "--no-verify", "-m", "In spite of the hooks")
    found = hooks.run(PRE_COMMIT, "run", "--all-files")
    assert found.returncode == 1
    assert "old.txt:1:17  error  pii/email" in found.stdout


def test_ten_files_do_not_keep_anyone_waiting(hooks: Hooks) -> None:
    names = [f"file{number}.txt" for number in range(10)]
    write(dict.fromkeys(names, "build finished in 12 s\n" * 100))
    git("add", "--all")
    started = time.perf_counter()
    done = hooks.run(hooks.program, "scan", "--quiet", "--from-hook", "--", *names)
    took = time.perf_counter() - started
    assert (done.returncode, done.stdout) == (0, "")
    assert took < 5, "the hook itself, which takes a third of a second on an idle machine"


def test_without_pre_commit_a_hook_of_one_line_does(hooks: Hooks, here: Path) -> None:
    hook = here / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {hooks.program} scan --staged --quiet\n", "utf-8")
    hook.chmod(0o755)
    assert hooks.commit({"clean.txt": "build finished\n"})[0] == 0
    code, output = hooks.commit({"clean.txt": "build finished\n" + DIRTY})
    assert code == 1
    assert "clean.txt:2:17  error  pii/email" in output
    write({"other.txt": "x\n"})
    git("add", "other.txt")
    assert hooks.run("git", "commit", "-m", "Only this", "other.txt").returncode == 0
