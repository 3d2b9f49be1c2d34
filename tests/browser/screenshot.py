"""`python -m tests.browser.screenshot` takes the pictures of pages that docs/ shows.

The report is that of the dirty examples, the gateway is the made-up one of its page's tests; both
are in light colours, and taken from the root of the repository.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright
from tests.browser.chromium import launch
from tests.browser.gateway_page_api import TOKEN, busy
from tests.browser.written import ROOT, dirty_findings, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPORT = ROOT / "docs" / "report.png"
GATEWAY = ROOT / "docs" / "gateway.png"


def main() -> None:
    """Write the pictures anew."""
    os.chdir(ROOT)
    with sync_playwright() as playwright, launch(playwright) as browser:
        _report(browser)
        _gateway(browser)
    for picture in (REPORT, GATEWAY):
        sys.stdout.write(f"wrote {picture.relative_to(ROOT)}\n")


def _report(browser: Browser) -> None:
    with TemporaryDirectory() as folder:
        report = write(Path(folder) / "report.html", *dirty_findings())
        page = browser.new_page(viewport={"width": 1180, "height": 760}, color_scheme="light")
        page.goto(report.as_uri())
        page.screenshot(path=REPORT)


def _gateway(browser: Browser) -> None:
    with busy().served() as gateway:
        page = browser.new_page(
            viewport={"width": 1180, "height": 860}, color_scheme="light", timezone_id="UTC"
        )
        page.goto(f"{gateway.url}#run={gateway.runs[0]['run_id']}")
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#connection-text")).to_have_text("Live")
        expect(page.locator("#timeline li")).to_have_count(5)
        expect(page.locator("#refusals li")).to_have_count(len(gateway.refusals))
        page.mouse.move(0, 0)
        page.screenshot(path=GATEWAY)
        page.close()


if __name__ == "__main__":
    main()
