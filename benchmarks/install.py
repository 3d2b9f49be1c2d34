"""Makes the environment of the peers: `python -m benchmarks.install FOLDER`.

All of them are installed at once. Where that fails, since a package has nothing for this machine,
each pin is installed by itself, and the benchmark leaves out what is missing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PINS = Path(__file__).with_name("constraints.txt")
_ENTRY = re.compile(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", re.MULTILINE)


def main() -> None:
    """Make the environment anew."""
    folder = Path(sys.argv[1])
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if _install(python, PINS):
        return
    print("bench: not all peers at once; one by one", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        one = Path(temporary) / "one.txt"
        for entry in entries(PINS.read_text("utf-8")):
            one.write_text(f"{entry}\n", "utf-8")
            if not _install(python, one, "--no-deps"):
                print(f"bench: left out {entry.split()[0]}", file=sys.stderr)


def entries(text: str) -> list[str]:
    """Return the pins of a file, each with its hashes."""
    return _ENTRY.findall(text)


def _install(python: Path, pins: Path, *more: str) -> bool:
    command: Sequence[str | Path] = (
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "--only-binary", ":all:", *more, "-r", pins,
    )  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    main()
