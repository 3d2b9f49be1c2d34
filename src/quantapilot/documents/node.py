"""The build-time tool that documents are made with outside of Python: Node and one package.

It is looked for where Node itself would: in a folder `node_modules` here or above, and in
`tools/node` beside it. `QP_NODE_TOOLS` names another such folder.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import orjson

from quantapilot.errors import ContractError, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = "QP_NODE_TOOLS"
_PLACES = ("tools/node/node_modules", "node_modules")
_AT_MOST = 120
_ERROR = re.compile(r"\s*\w*Error\b[^:]*:")


def package_folder(package: str, version: str, feature: str) -> Path:
    """Return the folder `node_modules` that holds a package.

    Args:
        package: Its name.
        version: The version that is needed: another one may write other bytes.
        feature: What is asked for, as an error says it.

    Raises:
        MissingToolError: It is nowhere, or only in other versions.
    """
    needed = f"{feature} needs Node and {package} {version}"
    others: list[str] = []
    for folder in _folders():
        try:
            said = orjson.loads((folder / package / "package.json").read_bytes())["version"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if said == version:
            return folder
        others.append(f"{folder} has {said}")
    if others:
        raise MissingToolError(f"{needed}, and {others[0]}")
    raise MissingToolError(
        f"{needed}: npm install --save-dev {package}@{version},"
        f" or name a folder node_modules that has it in {FOLDER}"
    )


def run(script: Path, arguments: Sequence[str], given: bytes) -> bytes:
    """Return what a script writes that is given some bytes.

    Raises:
        MissingToolError: There is no Node.
        ContractError: The script fails, which is what it was given's fault.
    """
    node = which("node")
    if node is None:
        raise MissingToolError("there is no program 'node': install Node 20 or later")
    command = [node, str(script), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a script of ours
            command, input=given, capture_output=True, check=False, timeout=_AT_MOST
        )
    except subprocess.TimeoutExpired:
        raise ContractError(f"{script.name} did not end within {_AT_MOST} s") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if _ERROR.match(line)]
        raise ContractError(f"{script.name} failed: {said[0] if said else 'it does not say why'}")
    return done.stdout


def _folders() -> Iterator[Path]:
    if named := os.environ.get(FOLDER):
        yield Path(named)
        return
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield from (folder / place for place in _PLACES)
