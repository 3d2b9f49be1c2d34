"""Git repositories as a test makes them: no settings but their own, the same author everywhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@quantapilot.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@quantapilot.invalid",
}


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process without what git tells the hook that tests may run in."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | IDENTITY | more


def be_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the same environment as `environment` gives another one."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


def git(*arguments: str, at: Path | None = None, stdin: bytes | None = None) -> str:
    """Run git in the current folder, or in the folder `at`, and return what it prints."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=at,
        env=environment(),
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def commit(files: dict[str, str | bytes] | None = None, message: str = "Work") -> str:
    """Write files, commit everything in the current folder, and return the commit's name."""
    write(files or {})
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
    return git("rev-parse", "HEAD")


def stage(files: dict[str, str | bytes]) -> None:
    """Write files and stage everything."""
    write(files)
    git("add", "--all")


def write(files: dict[str, str | bytes]) -> None:
    """Write files below the current folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
