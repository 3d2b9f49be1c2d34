"""The reference as a reader has it: opened from a file in a real Chromium, without network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from playwright.sync_api import expect, sync_playwright
from tests.browser.chromium import launch
from tests.browser.colours import COLOURS, contrast, luminance
from tests.browser.written import ROOT
from tests.small_contracts import HOSTILE, ODD_EXAMPLES, odd

from quantapilot.contract.catalog import load_contract
from quantapilot.documents.reference.html import write
from quantapilot.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

# Machines are busy; only what never comes is an error.
expect.set_options(timeout=20_000)

WIDE = "document.documentElement.scrollWidth"
# Whether a place stands in what is seen of the page.
IN_SIGHT = """(element) => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as opened:
        yield opened


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    examples = orjson.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
    file = tmp_path_factory.mktemp("a reference") / "index.html"
    file.write_bytes(write(Source(load_contract(ROOT / "_schemas"), examples))["index.html"])
    return file


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **context: Any) -> Iterator[Page]:
    """Open a page; fail when it asks for anything but itself, or when anything is refused."""
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


def definitions(page: Page) -> list[str]:
    """Return the names of the definitions that are shown."""
    return page.locator("article.definition:visible h3").all_text_contents()


def focused(page: Page) -> str:
    """Return what has the focus, by its text or its tag."""
    told = "document.activeElement.textContent.trim() || document.activeElement.localName"
    return str(page.evaluate(told))


def test_the_first_screen_says_what_the_contract_is(browser: Browser, reference: Path) -> None:
    with opened(browser, reference, viewport={"width": 1360, "height": 900}) as page:
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
        expect(page.get_by_text("Triggers that start a run").first).to_be_in_viewport()
        expect(page.locator(".totals dt").first).to_have_text("Version")
        expect(page.get_by_text("No personal data, in any field.")).to_be_in_viewport()
        for card in page.locator(".cards a").all():
            expect(card).to_be_in_viewport()


def test_a_search_narrows_the_page_and_the_contents(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        every = len(definitions(page))
        page.get_by_label("Search").fill("gate_decision")
        expect(page.get_by_role("status")).to_contain_text(f"of {every} definitions")
        shown = definitions(page)
        assert {"GateDecision", "GateDecisionEvent", "Event"} <= set(shown)
        assert len(shown) < every / 4
        listed = page.locator("details.contents li li:visible > a").all_text_contents()
        assert listed == shown
        expect(page.get_by_role("heading", name="Overview")).to_be_hidden()
        page.get_by_label("Search").fill("GATE_decision   wire")
        assert "GateDecision" not in definitions(page)
        page.get_by_label("Search").fill("")
        assert len(definitions(page)) == every
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_search_marks_the_fields_that_are_named_so(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        page.get_by_label("Search").fill("pr_number")
        names = page.locator("tr.hit th > code").all_text_contents()
        assert set(names) == {"pr_number"}
        page.get_by_label("Search").fill("")
        expect(page.locator("tr.hit")).to_have_count(0)


def test_a_search_that_finds_nothing_says_so(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        page.get_by_label("Search").fill("zebra crossing")
        expect(page.get_by_text("No definition holds all of these words.")).to_be_visible()
        page.get_by_role("button", name="Show all").click()
        expect(page.get_by_label("Search")).to_have_value("")
        expect(page.get_by_label("Search")).to_be_focused()
        expect(page.locator("article#RunStarted")).to_be_visible()


@pytest.mark.parametrize("place", ["RunStarted", "RunStarted.branch", "LogRecord.~1"])
def test_a_link_leads_to_its_place(place: str, browser: Browser, reference: Path) -> None:
    with opened(browser, reference, f"#{place}") as page:
        target = page.locator(f'[id="{place}"]')
        expect(target).to_be_in_viewport()
        assert target.locator("code, a").first.evaluate(IN_SIGHT)
        current = page.locator('nav a[aria-current="true"]')
        expect(current).to_have_text(place.partition(".")[0])


def test_a_link_within_the_page_ends_a_search_that_hides_its_place(
    browser: Browser, reference: Path
) -> None:
    with opened(browser, reference) as page:
        page.get_by_label("Search").fill("pull request")
        expect(page.locator("article#RunId")).to_be_hidden()
        page.locator("article#DocumentationGenerated").get_by_role("link", name="RunId").click()
        expect(page.locator("article#RunId")).to_be_in_viewport()
        expect(page.get_by_label("Search")).to_have_value("")


def test_a_copied_example_is_the_example(browser: Browser, reference: Path) -> None:
    with opened(browser, reference, "#RunAccepted") as page:
        box = page.locator("article#RunAccepted div.code").first
        box.get_by_role("button", name="Copy").click()
        expect(box.get_by_role("button")).to_have_text("Copied")
        query = page.get_by_label("Search")
        query.focus()
        page.keyboard.press("ControlOrMeta+v")
        pasted = query.input_value()
        shown = box.locator("pre").text_content() or ""
        assert orjson.loads(pasted) == orjson.loads(shown)


def test_what_is_refused_is_closed_at_first_and_shows_no_value(
    browser: Browser, reference: Path
) -> None:
    with opened(browser, reference, "#RunStarted") as page:
        article = page.locator("article#RunStarted")
        refused = article.locator("details", has_text="What is refused")
        expect(refused.locator("pre").first).to_be_hidden()
        refused.locator("summary").click()
        expect(refused.locator("mark").first).to_have_text("<email>")
        expect(refused).to_contain_text("pii/name-field")
        expect(refused.get_by_role("button")).to_have_count(0)


def test_all_can_be_done_with_the_keyboard(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the reference"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.localName") == "main"
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()
        page.keyboard.type("milestonecompleted")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert focused(page).startswith("Event")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(page.get_by_label("Search")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("article#MilestoneCompletedEvent")).to_be_in_viewport()
        assert focused(page) == "MilestoneCompletedEvent"
        page.keyboard.press("/")
        page.keyboard.press("Escape")
        expect(page.get_by_label("Search")).to_have_value("")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_the_order_of_a_run_is_a_picture_and_a_table(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        picture = page.get_by_role("img", name="The order of a run's events")
        expect(picture).to_be_visible()
        table = page.locator("table.order")
        row = table.get_by_role("row", name="quantapilot.run_paused")
        cells = row.get_by_role("cell").all_text_contents()
        assert cells == ["may not come·", "→ paused", "may not come·"]
        table.get_by_role("link", name="quantapilot.run_paused").click()
        expect(page.locator("article#RunPausedEvent")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    scheme: str, browser: Browser, reference: Path
) -> None:
    texts = [
        "h1", ".brand", ".lead", ".totals dt", ".totals dd", "form label", "form .muted", "kbd",
        ".found", ".part > a", ".contents li li > a", ".contents .label", "h2", "h2 + p",
        ".rule", ".rule strong", ".cards a", ".cards p", ".cards .number", "thead th",
        "table.list td", "table.list .class", "code.state", "code.last", ".no", "figcaption",
        ".definition h3 a", ".call", ".about", ".facts dt", ".facts dd", ".facts a", ".path",
        ".pattern", ".required", ".type a", ".gist", ".limit", ".limit .muted", ".fields .class",
        ".fields .note", "tr:target .path", "tr:target .gist", "tr:target .required",
        "a[aria-current]", "pre code", "pre b", ".code button", "summary", ".why", ".rules code",
        ".rules .muted", "pre mark",
    ]  # fmt: skip
    fragment = "#RunStarted.correlation_id"
    with opened(browser, reference, fragment, color_scheme=scheme) as page:
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        page.evaluate("location.hash = '#RunStarted.branch'")
        low = {}
        for text in texts:
            colours = page.locator(text).first.evaluate(COLOURS)
            if contrast(*colours) < 4.5:
                low[text] = colours
        assert low == {}
        fills = "(element) => getComputedStyle(element).fill"
        ground = page.locator(".picture").evaluate(COLOURS)[1]
        for words in page.locator("svg text").all():
            assert contrast(words.evaluate(fills), ground) >= 4.5


def test_dark_and_light_are_taken_from_the_reader(browser: Browser, reference: Path) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(browser, reference, color_scheme=scheme) as page:
            grounds[scheme] = luminance(page.locator("body").evaluate(COLOURS)[1])
    assert grounds["light"] > 0.8
    assert grounds["dark"] < 0.1


@pytest.mark.parametrize("width", [320, 390, 768, 1000, 1360])
def test_nothing_makes_the_page_wider_than_the_screen(
    width: int, browser: Browser, reference: Path
) -> None:
    with opened(browser, reference, viewport={"width": width, "height": 800}) as page:
        assert page.evaluate(WIDE) <= width
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.evaluate(WIDE) <= width
        cut = page.locator("table.fields :is(th, td) > *").evaluate_all(
            "(all) => all.filter((each) => each.getBoundingClientRect().right > innerWidth).length"
        )
        assert cut == 0


def test_on_a_phone_the_contents_open_and_close(browser: Browser, reference: Path) -> None:
    with opened(browser, reference, viewport={"width": 390, "height": 844}) as page:
        line = page.locator("details.contents").get_by_role("link", name="RunFailed", exact=True)
        expect(line).to_be_hidden()
        page.locator("details.contents > summary").click()
        line.click()
        expect(page.locator("article#RunFailed h3")).to_be_in_viewport()
        expect(line).to_be_hidden()


def test_without_javascript_all_is_told_and_no_control_is_dead(
    browser: Browser, reference: Path
) -> None:
    with opened(browser, reference, "#RunStarted.branch", java_script_enabled=False) as page:
        expect(page.locator("article#RunStarted table.fields")).to_be_in_viewport()
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.get_by_label("Search")).to_be_hidden()


def test_a_print_holds_the_examples_and_no_controls(browser: Browser, reference: Path) -> None:
    with opened(browser, reference) as page:
        refused = page.locator("article#RunStarted .refused pre").first
        expect(refused).to_be_hidden()
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(refused).to_be_visible()
        expect(page.locator("nav")).to_be_hidden()
        expect(page.get_by_role("button", name="Copy").first).to_be_hidden()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        expect(refused).to_be_hidden()


def test_what_a_schema_holds_never_becomes_part_of_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "index.html"
    file.write_bytes(write(Source(odd(), ODD_EXAMPLES))["index.html"])
    with opened(browser, file) as page:
        assert page.title() == HOSTILE
        expect(page.locator("h1")).to_have_text(HOSTILE)
        assert page.locator("img, main script").count() == 0
        for link in page.locator("main a").all():
            target = str(link.evaluate("(each) => decodeURIComponent(each.hash.slice(1))"))
            assert page.evaluate("(id) => document.getElementById(id) !== null", target), target
        page.get_by_label("Search").fill("alert(1)")
        expect(page.locator('article[id="Tree"]')).to_be_visible()
