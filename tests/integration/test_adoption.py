"""A dirty repository adopts `qp` in one command and one commit; then nothing new gets in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from tests.repositories import environment

BIN = Path(sys.executable).parent
MIXED = 50


class Repository:
    """A git repository of a test, its commands run as a developer would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        self._env = environment(PATH=path, XDG_CACHE_HOME=str(root.parent / "cache"))
        self.run("git", "init", "--quiet", "--initial-branch", "main")

    def run(self, *command: str, code: int = 0) -> str:
        """Return what a command prints, both streams together."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self._env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def append(self, name: str, text: str) -> None:
        with (self.root / name).open("a") as file:
            file.write(text)


def _mixed(repository: Repository) -> None:
    """Write 50 files of every kind: code, text, JSON, JSONL, CSV, binary; a fifth of them dirty."""
    for at in range(MIXED):
        mail = f"user{at}@corp-{at}.com" if at % 5 == 0 else "an opaque id"
        match at % 10:
            case 0 | 1:
                repository.write(f"src/part {at}.py", f"# asks {mail}\nVALUE = {at}\n")
            case 2 | 3:
                repository.write(f"docs/page-{at}.md", f"# Page {at}\n\nAsk {mail}.\n")
            case 4 | 5:
                document = {"step": at, "note": f"sent to {mail}"}
                repository.write(f"data/{at}.json", orjson.dumps(document).decode() + "\n")
            case 6 | 7:
                lines = [{"seq": seq, "message": f"{seq} {mail}"} for seq in range(3)]
                body = b"\n".join(map(orjson.dumps, lines)) + b"\n"
                repository.write(f"logs/{at}.jsonl", body.decode())
            case 8:
                repository.write(f"data/{at}.csv", f"id,contact\n{at},{mail}\n")
            case _:
                path = repository.root / f"assets/{at}.bin"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(bytes(range(256)))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    _mixed(repository)
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "As it was")
    return repository


def _places(report: str) -> list[tuple[str, int]]:
    return [(each["path"], each["line"]) for each in orjson.loads(report)["findings"]]


@pytest.mark.parametrize("hook", ["git", "pre-commit"])
def test_one_command_and_one_commit_and_nothing_new_gets_in(
    repository: Repository, hook: str
) -> None:
    assert len(_places(repository.run("qp", "scan", "--format", "json", ".", code=1))) >= 10

    repository.run("qp", "init", "--hook", hook)
    repository.run("qp", "scan", "--quiet", ".")
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "Adopt qp")

    repository.append("docs/page-3.md", "Call me: +1 415 555 2671\n")
    repository.write("src/new.py", 'OWNER = "new.person@corp-new.com"\n')
    repository.run("git", "add", "--all")
    refused = repository.run("git", "commit", "--message", "Add contacts", code=1)
    assert "docs/page-3.md:4" in refused
    assert "src/new.py:1" in refused
    assert "415" not in refused
    assert "new.person" not in refused

    found = _places(repository.run("qp", "scan", "--format", "json", "--since", "HEAD", code=1))
    assert sorted(found) == [("docs/page-3.md", 4), ("src/new.py", 1)]
    plain = repository.run(
        "qp", "scan", "--no-baseline", "--format", "json", "--since", "HEAD", code=1
    )
    assert sorted(_places(plain)) == sorted(found)

    repository.run("git", "rm", "--quiet", "--force", "src/new.py")
    repository.write("docs/page-3.md", "# Page 3\n\nAsk an opaque id.\nCall the desk.\n")
    repository.run("git", "add", "--all")
    message = "Add contacts\n\nReported-by: Maria Keller <m.keller@corp-new.com>"
    refused = repository.run("git", "commit", "--message", message, code=1)
    assert "pii/email" in refused
    assert "keller" not in refused.casefold()
    repository.run("git", "commit", "--quiet", "--message", "Say whom to call")
    repository.run("qp", "scan", "--quiet", ".")


def test_an_accepted_value_that_is_written_again_is_refused_where_it_is_new(
    repository: Repository,
) -> None:
    repository.run("qp", "init", "--hook", "none")
    name = "src/part 0.py"
    text = (repository.root / name).read_text()
    dirty = next(line for line in text.splitlines(keepends=True) if "@" in line)
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "Adopt qp")

    repository.write(name, f"# too: {dirty}{text}")
    repository.run("git", "add", "--all")
    for scope in (("--staged",), ("--since", "HEAD")):
        report = repository.run("qp", "scan", "--format", "json", *scope, code=1)
        assert _places(report) == [(name, 1)]

    # What only moves is nothing new.
    moved = [line for line in text.splitlines(keepends=True) if line != dirty]
    repository.write(name, "".join([*moved, "# moved below\n", dirty]))
    repository.run("git", "add", "--all")
    assert "clean" in repository.run("qp", "scan", "--staged")


def test_a_dry_run_shows_everything_and_writes_nothing(repository: Repository) -> None:
    shown = repository.run("qp", "init", "--dry-run", "--hook", "git")

    assert repository.run("git", "status", "--porcelain") == ""
    assert not (repository.root / ".git" / "hooks" / "pre-commit").exists()
    for name in ("quantapilot.toml", ".github/workflows/quantapilot.yml", "hooks/pre-commit"):
        assert name in shown
    assert "corp-0" not in shown

    repository.run("qp", "init", "--hook", "git")
    for name in ("quantapilot.toml", ".github/workflows/quantapilot.yml"):
        written = (repository.root / name).read_text()
        assert [line for line in written.splitlines() if f"+{line}" not in shown] == []


def test_a_dry_run_shows_no_value_that_stands_beside_what_it_adds(repository: Repository) -> None:
    authors = '[project]\nname = "shop"\nauthors = [{email = "jane@corp-new.com"}]\n'
    repository.write("pyproject.toml", authors)

    shown = repository.run("qp", "init", "--dry-run", "--hook", "git")
    assert "pyproject.toml" in shown
    assert "jane" not in shown


def test_a_fault_stops_it_before_anything_is_written(repository: Repository) -> None:
    settings = 'rules = ["rules/none.toml"]\n'
    repository.write("quantapilot.toml", settings)
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "Rules")

    assert "none.toml" in repository.run("qp", "init", "--hook", "git", code=4)
    assert repository.run("git", "status", "--porcelain") == ""
    assert not (repository.root / ".git" / "hooks" / "pre-commit").exists()


def test_a_second_run_changes_nothing(repository: Repository) -> None:
    repository.run("qp", "init", "--hook", "git")
    before = repository.run("git", "status", "--porcelain", "--untracked-files=all")
    written = {
        path: path.read_bytes() for path in repository.root.glob("*quantapilot*") if path.is_file()
    }

    assert "nothing to write" in repository.run("qp", "init", "--hook", "git")
    assert repository.run("git", "status", "--porcelain", "--untracked-files=all") == before
    assert {path: path.read_bytes() for path in written} == written


def test_a_folder_without_git_is_told_what_to_do(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    shutil.rmtree(tmp_path / ".git")

    assert "git init" in repository.run("qp", "init", code=4)
    assert list(tmp_path.iterdir()) == []


def test_another_hook_stops_it_before_anything_is_written(repository: Repository) -> None:
    hook = repository.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nmake check\n")

    assert "another hook stands there" in repository.run("qp", "init", "--hook", "git", code=4)
    assert repository.run("git", "status", "--porcelain") == ""
    assert hook.read_text() == "#!/bin/sh\nmake check\n"


def test_it_may_be_started_in_any_folder_of_the_repository(repository: Repository) -> None:
    root = repository.root
    repository.root = root / "docs"
    repository.run("qp", "init", "--hook", "git")
    repository.root = root

    repository.run("qp", "scan", "--quiet", ".")
    assert (root / "quantapilot.toml").exists()
    assert not (root / "docs" / "quantapilot.toml").exists()
