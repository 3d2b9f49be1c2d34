"""The Node tools that are pinned in tools/node, installed once from their lock."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest
from filelock import FileLock

FOLDER = Path(__file__).parents[1] / "tools" / "node"
MODULES = FOLDER / "node_modules"
_STAMP = MODULES / ".package-lock.json"
# Neither of them tells anybody of its being run, nor asks for a newer one.
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def node_tools() -> Path:
    """Return the folder node_modules, as `make test` installs it; skip where there is no Node."""
    if which("node") is None or which("npm") is None:
        pytest.skip("there is no Node to install tools/node with")
    with FileLock(FOLDER / "install.tmp"):
        if not _STAMP.is_file() or _older(_STAMP, FOLDER / "package-lock.json"):
            done = subprocess.run(
                ["npm", "ci", "--silent"], cwd=FOLDER, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            _STAMP.touch()
    return MODULES


def tool(name: str, *arguments: str | Path, at: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the tools in a folder."""
    return subprocess.run(
        [node_tools() / ".bin" / name, *arguments],
        cwd=at,
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        check=False,
    )


def _older(one: Path, other: Path) -> bool:
    return one.stat().st_mtime < other.stat().st_mtime
