"""The HTML report as a reader has it: opened from a file in a real Chromium, without network."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.browser.chromium import launch
from tests.browser.colours import COLOURS, contrast, luminance
from tests.browser.written import ROOT, dirty_findings, summary_of, write

from quantapilot.errors import ExitCode
from quantapilot.findings import Finding, Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

# Machines are busy; only what never comes is an error.
expect.set_options(timeout=20_000)

MANY = 50_000
PATIENCE = 10.0
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)><!--\u2028"
FACETS: dict[str, Callable[[Finding], str]] = {
    "severity": lambda finding: finding.severity,
    "class": lambda finding: finding.pii_class or finding.category,
    "rule": lambda finding: finding.rule,
    "file": lambda finding: finding.path,
}
HEADLINES = {
    "clean": "Clean",
    "findings": "Not clean",
    "nothing": "Nothing to check",
    "unchecked": "Not everything could be checked",
}
BOM = Finding(
    "input/bom", "input", "warning", "logs/odd name é.jsonl", "starts with a BOM",
    "Write it without.", "0" * 32, None, 1, 1,
)  # fmt: skip
UNREADABLE = Finding(
    "input/unreadable", "input", "error", "logs/locked.jsonl", "can't be read: Permission denied",
    "Give the permission to read it, or leave it out.", "1" * 32,
)  # fmt: skip

Place = tuple[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as opened:
        yield opened


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    """Return what the gate finds in the dirty examples, and two findings of other kinds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        found, _ = dirty_findings(contract=True)
    return [*found, BOM, UNREADABLE]


@pytest.fixture(scope="module")
def report(findings: list[Finding], tmp_path_factory: pytest.TempPathFactory) -> Path:
    summary = Summary(files=5, documents=1234, bytes=56_789, skipped=2, elapsed_s=0.25)
    file = tmp_path_factory.mktemp("report of a run") / "report.html"
    return write(file, findings, summary_of(findings, summary))


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Page]:
    """Open a report; fail when it asks for anything but itself, or when anything is refused."""
    page = browser.new_page(**context)
    page.set_default_timeout(20_000)
    requests: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: requests.append(request.url.partition("#")[0]))
    page.on("websocket", lambda socket: requests.append(socket.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    try:
        page.goto(file.as_uri() + fragment)
        yield page
    finally:
        page.close()
    assert set(requests) == {file.as_uri()}
    assert wrong == []


def place(finding: Finding) -> Place:
    parts = [str(part) for part in (finding.line, finding.column) if part is not None]
    return (":".join([finding.path, *parts]), finding.rule)


def places(findings: Iterable[Finding]) -> list[Place]:
    return sorted(place(finding) for finding in findings)


def shown(page: Page) -> list[Place]:
    """Return place and rule of all findings on the page, in no order."""
    where = page.locator("#list .place").all_text_contents()
    rules = page.locator("#list .rule").all_text_contents()
    return sorted(zip(where, rules, strict=True))


def expect_count(page: Page, some: int, every: int) -> None:
    text = f"All {every:,}" if some == every else f"{some:,} of {every:,}"
    expect(page.locator("#count")).to_have_text(text)


def search(page: Page, text: str) -> None:
    """Type into the search field and wait until the page has followed."""
    page.get_by_label("Search").fill(text)
    expect(page.locator("#chips li").last).to_have_text(f"Text{text}")


def option(page: Page, facet: str, value: str) -> Any:
    return page.locator(f'input[name="{facet}"][value="{value}"]')


def offered(page: Page, facet: str) -> dict[str, int]:
    """Return every value of a facet with its number, after all of them were asked for."""
    box = page.locator("fieldset", has=page.locator("legend", has_text=facet.title()))
    while (more := box.locator("button")).is_visible():
        more.click()
    values = box.locator(".value").all_text_contents()
    numbers = box.locator(".number").all_text_contents()
    return {value: int(number) for value, number in zip(values, numbers, strict=True)}


def test_the_head_tells_verdict_and_totals(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    errors = sum(finding.severity == "error" for finding in findings)
    with opened(browser, report) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Not clean")
        expect(page.locator("#explanation")).to_have_text(
            f"{errors} errors and 1 warning were found."
        )
        numbers = dict(
            zip(
                page.locator("#totals dt").all_text_contents(),
                page.locator("#totals dd").all_text_contents(),
                strict=True,
            )
        )
        assert numbers == {
            "Errors": str(errors),
            "Warnings": "1",
            "Files": "5",
            "Documents": "1,234",
            "Read": "56.8 kB",
            "Binary files passed over": "2",
        }
        assert page.title() == "Not clean - QuantaPilot report"


def test_every_finding_is_shown_whole(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        expect_count(page, len(findings), len(findings))
        assert shown(page) == places(findings)
        files = page.locator("#list h3 code").all_text_contents()
        assert files == sorted({finding.path for finding in findings})
        texts = page.locator("#list li").all_text_contents()
        for finding in findings:
            about = [place(finding)[0], finding.message, finding.help, finding.fingerprint]
            about += [part for part in (finding.excerpt, finding.pointer) if part]
            assert any(all(part in text for part in about) for text in texts)
        marks = set(page.locator("#list mark").all_text_contents())
        assert marks == {"<email>", "<ip>", "<name>", "<national_id>", "<phone>", "<token>"}


@pytest.mark.parametrize("facet", FACETS)
def test_a_filter_alone_shows_exactly_its_findings(
    facet: str, browser: Browser, report: Path, findings: list[Finding]
) -> None:
    expected: dict[str, list[Finding]] = {}
    for finding in findings:
        expected.setdefault(FACETS[facet](finding), []).append(finding)
    with opened(browser, report) as page:
        assert offered(page, facet) == {value: len(those) for value, those in expected.items()}
        for value, those in expected.items():
            option(page, facet, value).check()
            expect_count(page, len(those), len(findings))
            assert shown(page) == places(those)
            option(page, facet, value).uncheck()
        expect_count(page, len(findings), len(findings))


def test_two_values_of_one_filter_show_the_findings_of_both(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        option(page, "class", "email").check()
        option(page, "class", "phone").check()
        those = [finding for finding in findings if finding.pii_class in {"email", "phone"}]
        expect_count(page, len(those), len(findings))
        assert shown(page) == places(those)


@pytest.mark.parametrize("pair", list(combinations(FACETS, 2)), ids="-".join)
def test_filters_together_show_what_all_of_them_let_through(
    pair: tuple[str, str], browser: Browser, report: Path, findings: list[Finding]
) -> None:
    sample = next(finding for finding in findings if finding.rule == "pii/name-cue")
    asked = {facet: FACETS[facet](sample) for facet in pair}
    those = [
        finding
        for finding in findings
        if all(FACETS[facet](finding) == value for facet, value in asked.items())
    ]
    with opened(browser, report) as page:
        for facet, value in asked.items():
            option(page, facet, value).check()
        expect_count(page, len(those), len(findings))
        assert shown(page) == places(those)


def test_the_numbers_beside_a_filter_tell_what_it_would_give(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        before = offered(page, "rule")
        option(page, "class", "token").check()
        option(page, "rule", "pii/token-slack").check()
        after = offered(page, "rule")
        assert after == {
            rule: sum(f.rule == rule and f.pii_class == "token" for f in findings)
            for rule in before
        }
        assert offered(page, "class")["token"] == 1


def test_a_search_finds_every_word_in_any_part_and_any_case(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    cases: dict[str, Callable[[Finding], bool]] = {
        "co-AUTHORED-by": lambda f: "Co-authored-by" in (f.excerpt or ""),
        "<email> RUN": lambda f: "<email>" in (f.excerpt or "") and "run" in (f.excerpt or ""),
        "/data/reason": lambda f: (f.pointer or "").startswith("/data/reason"),
        "logs.jsonl:2:": lambda f: place(f)[0].startswith("examples/dirty/logs.jsonl:2:"),
        findings[0].fingerprint: lambda f: f.fingerprint == findings[0].fingerprint,
        "permission denied": lambda f: f is UNREADABLE,
        "NAME É": lambda f: f is BOM,
    }
    with opened(browser, report) as page:
        for text, those in cases.items():
            expected = [finding for finding in findings if those(finding)]
            assert expected, text
            search(page, text)
            expect_count(page, len(expected), len(findings))
            assert shown(page) == places(expected)


def test_a_search_joins_the_other_filters_and_all_can_be_cleared(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        option(page, "rule", "pii/email").check()
        option(page, "file", "examples/dirty/logs.jsonl").check()
        search(page, "run 6b80d11")
        expect_count(page, 1, len(findings))
        assert shown(page) == [("examples/dirty/logs.jsonl:9:115", "pii/email")]
        page.get_by_role("button", name="Remove the filter Text").click()
        expect_count(page, 4, len(findings))
        expect(page.get_by_label("Search")).to_have_value("")
        page.get_by_role("button", name="Clear all filters").click()
        expect_count(page, len(findings), len(findings))
        expect(page.locator("#filters input:checked")).to_have_count(0)
        assert "#" not in page.url


def test_filters_that_let_nothing_through_say_so(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        search(page, "no such word")
        expect_count(page, 0, len(findings))
        expect(page.get_by_text("No finding matches all of these filters.")).to_be_visible()
        page.locator("#none").get_by_role("button", name="Clear all filters").click()
        expect_count(page, len(findings), len(findings))
        expect(page.locator("#none")).to_be_hidden()


def test_a_link_brings_the_filters_back(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        option(page, "class", "email").check()
        option(page, "class", "ip").check()
        option(page, "file", "examples/dirty/logs.jsonl").check()
        search(page, "run 7")
        link, seen = page.url, shown(page)
    assert seen
    with opened(browser, report, "#" + link.partition("#")[2]) as page:
        expect_count(page, len(seen), len(findings))
        assert shown(page) == seen
        expect(page.get_by_label("Search")).to_have_value("run 7")
        expect(option(page, "class", "email")).to_be_checked()
        page.evaluate("location.hash = '#severity=warning'")
        expect_count(page, 1, len(findings))
        assert shown(page) == [place(BOM)]


def test_a_link_to_a_rule_that_is_gone_shows_nothing_and_says_why(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report, "#rule=pii%2Fgone") as page:
        expect_count(page, 0, len(findings))
        page.get_by_role("button", name="Remove the filter Rule: pii/gone").click()
        expect_count(page, len(findings), len(findings))


def test_one_file_can_be_picked_from_its_heading(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    with opened(browser, report) as page:
        page.get_by_role("button", name=f"Only findings in {BOM.path}").click()
        expect_count(page, 1, len(findings))
        expect(option(page, "file", BOM.path)).to_be_checked()


def test_all_can_be_done_with_the_keyboard(
    browser: Browser, report: Path, findings: list[Finding]
) -> None:
    focus = "(document.activeElement.name || document.activeElement.id)"
    with opened(browser, report) as page:
        seen = []
        for _ in range(4):
            page.keyboard.press("Tab")
            seen.append(page.evaluate(focus))
        assert seen == ["skip", "query", "severity", "severity"]
        page.keyboard.press("Space")
        expect_count(page, 1, len(findings))
        assert page.evaluate(focus) == "severity"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.type("no such word")
        expect_count(page, 0, len(findings))
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        assert page.evaluate(focus) == "results"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect_count(page, 0, len(findings))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect_count(page, len(findings), len(findings))


def test_what_was_found_never_becomes_part_of_the_page(browser: Browser, tmp_path: Path) -> None:
    found = Finding(
        "pii/email", "pii", "error", f"a/{HOSTILE}\u202e.txt", HOSTILE, HOSTILE, "0" * 32, "email",
        3, 1, f"/{HOSTILE}", f"{HOSTILE} <email> <b>&lt;\x00",
    )  # fmt: skip
    file = write(tmp_path / "report.html", [found], summary_of([found], Summary(documents=1)))
    with opened(browser, file) as page:
        expect_count(page, 1, 1)
        assert page.title() == "Not clean - QuantaPilot report"
        assert page.locator("img, #list b b, #list script").count() == 0
        visible = HOSTILE.replace("\u2028", "\\u2028")
        expect(page.locator("#list .message")).to_have_text(visible)
        expect(page.locator("#list .excerpt")).to_have_text(f"{visible} <email> <b>&lt;\\x00")
        expect(page.locator("#list .place")).to_have_text(f"a/{visible}\\u202e.txt:3:1")
        assert page.locator("#list mark").all_text_contents() == ["<email>"]
        option(page, "class", "email").check()
        page.get_by_role("button", name="Only findings in").click()
        expect(page.locator("#chips li")).to_have_count(2)
        link = page.url
    with opened(browser, file, "#" + link.partition("#")[2]) as page:
        expect_count(page, 1, 1)


@pytest.mark.parametrize(
    ("found", "counted", "state"),
    [
        ((), Summary(documents=7), "clean"),
        ((BOM,), Summary(documents=7, warnings=1), "clean"),
        ((), Summary(), "nothing"),
        ((UNREADABLE,), Summary(documents=7, errors=1, outcomes={ExitCode.UNCHECKED}), "unchecked"),
        ((UNREADABLE,), Summary(documents=7, errors=1, outcomes={ExitCode.FINDINGS}), "findings"),
    ],
    ids=["clean", "warnings", "nothing", "unchecked", "findings"],
)
def test_how_the_run_ended_can_be_seen_at_once(
    found: tuple[Finding, ...], counted: Summary, state: str, browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, write(tmp_path / "report.html", found, counted)) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(HEADLINES[state])
        expect(page.locator("body")).to_have_attribute("data-state", state)
        expect(page.locator("main")).to_be_visible(visible=bool(found))
        # Only a run that looked at everything has a whole edge.
        edge = "getComputedStyle(document.getElementById('verdict'), '::before').backgroundImage"
        assert ("gradient" in page.evaluate(edge)) == (state in {"nothing", "unchecked"})


def test_a_page_that_was_cut_off_does_not_look_like_a_result(
    browser: Browser, report: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "report.html"
    cut.write_text(report.read_text("utf-8").partition('<script type="application/json" id="s')[0])
    with opened(browser, cut) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("The report is not shown")
        expect(page.locator("main")).to_be_hidden()


def test_without_javascript_the_page_names_the_text_report(browser: Browser, report: Path) -> None:
    with opened(browser, report, java_script_enabled=False) as page:
        expect(page.locator("#verdict noscript p")).to_be_visible()
        expect(page.locator("#verdict noscript p")).to_contain_text("with --format text")
        expect(page.locator("body > noscript p")).to_have_text(
            re.compile(r"Not clean\. \d+ errors")
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: str, browser: Browser, report: Path) -> None:
    texts = [
        "h1", ".brand", "#explanation", "#totals dt", "#totals dd", "#total-errors",
        "#total-warnings", "#query", "#query-help", "legend", ".options label", "label.empty",
        "#count", "#chips button", "#clear", ".title button", "h3 .number", ".severity.error",
        ".severity.warning", ".place .path", ".pointer", ".message", ".excerpt", "mark", ".help",
        ".fingerprint", "#written",
    ]  # fmt: skip
    with opened(
        browser, report, "#severity=warning&class=ip&class=input", color_scheme=scheme
    ) as page:
        low = {}
        for text in texts:
            if not page.locator(text).count():
                page.get_by_role("button", name="Clear all filters").click()
            colours = page.locator(text).first.evaluate(COLOURS)
            if contrast(*colours) < 4.5:
                low[text] = colours
        assert low == {}


def test_dark_and_light_are_taken_from_the_reader(browser: Browser, report: Path) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(browser, report, color_scheme=scheme) as page:
            grounds[scheme] = luminance(page.locator("body").evaluate(COLOURS)[1])
    assert grounds["light"] > 0.8
    assert grounds["dark"] < 0.1


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_nothing_is_cut_off_at_any_width(width: int, browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport={"width": width, "height": 800}) as page:
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width
        filters = page.locator("#facets > summary")
        if filters.is_visible():
            expect(option(page, "class", "email")).to_be_hidden()
            filters.click()
        expect(option(page, "class", "email")).to_be_visible()
        assert page.evaluate(wide) <= width


def test_fifty_thousand_findings_neither_freeze_the_page_nor_hide(
    browser: Browser, tmp_path: Path
) -> None:
    rules = (("pii/email", "email"), ("pii/phone", "phone"), ("pii/ip-v4", "ip"))
    found = [
        Finding(
            rules[at % 3][0], "pii", "error", f"services/{at % 2500:04}/app.jsonl", "What it is",
            "What to do.", f"{at:032x}", rules[at % 3][1], at // 2500 + 1, 5, "/message",  # type: ignore[arg-type]
            f"message: run {at} to <{rules[at % 3][1]}>, later",
        )
        for at in range(MANY)
    ]  # fmt: skip
    file = write(tmp_path / "report.html", found, summary_of(found, Summary(documents=MANY)))
    with opened(browser, file) as page:
        started = time.perf_counter()
        page.reload()
        expect_count(page, MANY, MANY)
        assert time.perf_counter() - started < PATIENCE
        expect(page.locator("#list li")).to_have_count(100)
        page.get_by_role("button", name="Show 100 more").last.click()
        expect(page.locator("#list li")).to_have_count(200)
        expect(page.locator("#rest-count")).to_have_text(
            "The first 200 of 50,000 findings are shown."
        )
        started = time.perf_counter()
        search(page, "services/0042/ later")
        expect_count(page, 20, MANY)
        option(page, "class", "phone").check()
        expect_count(page, 7, MANY)
        assert time.perf_counter() - started < PATIENCE


def test_a_print_holds_more_than_the_screen(browser: Browser, tmp_path: Path) -> None:
    found = [
        Finding("pii/email", "pii", "error", "a.txt", "m", "h", f"{at:032x}", "email", at + 1)
        for at in range(2500)
    ]
    file = write(tmp_path / "report.html", found, summary_of(found, Summary(documents=1)))
    with opened(browser, file) as page:
        expect(page.locator("#list li")).to_have_count(100)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator("#list li")).to_have_count(2000)
        expect(page.locator("#rest-count")).to_be_visible()
        expect(page.locator("#filters")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_pictured(
    scheme: str, browser: Browser, report: Path, tmp_path: Path
) -> None:
    picture = tmp_path / f"{scheme}.png"
    with opened(browser, report, color_scheme=scheme) as page:
        page.screenshot(path=picture, full_page=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000
