"""The Chromium of the browser tests: found where there is one, else installed.

`python -m tests.browser.chromium` comes before the tests in `make test-browser`. It takes the
program that QP_CHROMIUM names, else the first of `NAMES` on the PATH, else the one that Playwright
installed earlier. Where there is none, root on a system with apt-get gets the package `chromium`,
and everybody else the build that Playwright downloads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
_APT = (
    ("apt-get", "update", "-q"),
    ("apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"),
)


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium that is there, without a window.

    Raises:
        FileNotFoundError: There is none; `make test-browser` installs it.
    """
    program = find(playwright)
    if program is None:
        raise FileNotFoundError("no Chromium: run 'make test-browser', or set QP_CHROMIUM to one")
    # Chromium keeps its sandbox from root; the only pages it opens here are our own files.
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=program, args=alone)


def find(playwright: Playwright) -> str | None:
    """Return the path of a Chromium, or None where there is none.

    Raises:
        FileNotFoundError: QP_CHROMIUM names no program.
    """
    if named := os.environ.get("QP_CHROMIUM"):
        if program := shutil.which(named):
            return program
        raise FileNotFoundError(f"QP_CHROMIUM is no program: {named}")
    for name in NAMES:
        if program := shutil.which(name):
            return program
    downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


def _install() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        unasked = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = [subprocess.run(command, env=unasked, check=False).returncode for command in _APT]
        if done[-1] == 0:
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> None:
    """Install a Chromium where there is none, and say which one the tests will use."""
    with sync_playwright() as playwright:
        try:
            if find(playwright) is None:
                _install()
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            sys.exit(f"no Chromium: {error}")
        sys.stdout.write(f"Chromium: {find(playwright)}\n")


if __name__ == "__main__":
    main()
