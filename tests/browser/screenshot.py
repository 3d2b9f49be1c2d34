"""`python -m tests.browser.screenshot` takes the picture of the HTML report that docs/ shows.

It is the report of the dirty examples, in light colours, taken from the root of the repository.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from tests.browser.chromium import launch
from tests.browser.written import ROOT, dirty_findings, write

PICTURE = ROOT / "docs" / "report.png"


def main() -> None:
    """Write the picture anew."""
    os.chdir(ROOT)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = write(Path(folder) / "report.html", *dirty_findings())
        with launch(playwright) as browser:
            page = browser.new_page(viewport={"width": 1180, "height": 760}, color_scheme="light")
            page.goto(report.as_uri())
            page.screenshot(path=PICTURE)
    sys.stdout.write(f"wrote {PICTURE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
