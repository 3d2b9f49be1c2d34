"""The gateway's page as an operator has it: served on loopback, in a real Chromium."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.browser.chromium import launch
from tests.browser.colours import COLOURS, contrast, luminance
from tests.browser.gateway_page_api import TOKEN, Gateway, busy
from tests.emitting import MAIL
from tests.gateways import REPOSITORY
from tests.gateways import Gateway as RealGateway
from tests.subscriptions import Hook, Hooks
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

# Machines are busy; only what never comes is an error.
expect.set_options(timeout=20_000)

MANY = 10_000
# In milliseconds: 0.4 s were measured on a machine with sixteen times its load.
FREEZE = 5000
HOSTILE = "</p><script>document.title='owned'</script><img src=x onerror=alert(1)>\u202egnp.exe"
SHOWN = HOSTILE.replace("\u202e", "\\u202e")
# What Chromium itself says of an answer that is no success.
ENDED = "This token is wrong, or has ended."
REFUSED = "Failed to load resource: the server responded with a status of"
UNREACHABLE = "Failed to load resource: net::"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with busy().served() as served:
        yield served


@contextmanager
def opened(
    browser: Browser,
    gateway: Gateway | RealGateway,
    fragment: str = "",
    *,
    token: str = TOKEN,
    expected: Sequence[str] = (),
    **context: Any,
) -> Iterator[Page]:
    """Open the page; fail when it asks another origin, or says anything that is not expected."""
    page = browser.new_page(**context)
    page.set_default_timeout(20_000)
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    try:
        page.goto(gateway.url + fragment)
        yield page
    finally:
        page.close()
    home = urlsplit(gateway.url)
    assert {urlsplit(url)[:2] for url in asked} == {home[:2]}
    assert not any(token in url for url in asked)
    assert [text for text in wrong if not text.startswith(tuple(expected))] == []


@contextmanager
def signed_in(
    browser: Browser,
    gateway: Gateway | RealGateway,
    fragment: str = "",
    *,
    token: str = TOKEN,
    live: bool = True,
    **context: Any,
) -> Iterator[Page]:
    with opened(browser, gateway, fragment, token=token, **context) as page:
        sign_in(page, token)
        if live:
            expect(connection(page)).to_have_text("Live")
        yield page


def sign_in(page: Page, token: str = TOKEN) -> None:
    page.get_by_label("Token", exact=True).fill(token)
    page.get_by_role("button", name="Sign in").click()


def connection(page: Page) -> Locator:
    return page.locator("#connection-text")


def row(page: Page, run_id: str) -> Locator:
    return page.locator(f'#runs-list a[href*="run={run_id}"]')


def listed(page: Page) -> list[str]:
    run = "one => new URLSearchParams(one.hash.slice(1)).get('run')"
    found: list[str] = page.locator("#runs-list a").evaluate_all(f"all => all.map({run})")
    return found


def kinds(page: Page) -> list[str]:
    return page.locator("#timeline .type").all_text_contents()


def part(page: Page, name: str) -> Locator:
    return page.locator(f"#{name}")


# ---- signing in and out ----


def test_a_token_that_does_not_hold_is_refused_with_the_gateways_own_words(
    browser: Browser, gateway: Gateway
) -> None:
    with opened(browser, gateway, expected=[REFUSED]) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        sign_in(page, "qpt_000000000000_" + "B" * 40)
        expect(page.locator("#token-problem")).to_have_text(ENDED)
        expect(page.locator("#board")).to_be_hidden()
        assert page.evaluate("sessionStorage.length") == 0
        sign_in(page)
        expect(page.locator("#runs-list li")).to_have_count(12)
        expect(page.locator("#token-problem")).to_be_hidden()


@pytest.mark.parametrize("token", ["two words", "schlüssel", "\u2028"])
def test_what_can_be_no_token_is_not_even_sent(
    token: str, browser: Browser, gateway: Gateway
) -> None:
    with opened(browser, gateway) as page:
        sign_in(page, f"qpt_{token}_1")
        expect(page.locator("#token-problem")).to_contain_text("This is no token")
        assert gateway.asked == []


def test_a_token_stays_in_its_tab_and_goes_with_the_sign_out(
    browser: Browser, gateway: Gateway
) -> None:
    run_id = gateway.runs[0]["run_id"]
    with signed_in(browser, gateway, f"#run={run_id}", expected=[REFUSED]) as page:
        assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        page.reload()
        expect(page.locator("#timeline li")).to_have_count(5)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert page.evaluate("sessionStorage.length") == 0
        assert "proj_" not in page.locator("body").inner_html()
        until(lambda: gateway.listening() == 0)
        # Whoever signs in next may be granted less.
        gateway.problems["runs"] = (403, "This token may not do that.", 0)
        sign_in(page)
        expect(page.locator("#run-note")).to_have_text("This token lacks the scope run:read.")
        assert "proj_cargo" not in page.locator("#run").inner_html()
        page.get_by_role("button", name="Sign out").click()
        page.reload()
        expect(page.get_by_label("Token", exact=True)).to_be_focused()


@pytest.mark.parametrize("call", ["runs", "events"])
def test_a_token_that_ends_while_the_page_is_open_signs_out(
    call: str, browser: Browser, gateway: Gateway
) -> None:
    with signed_in(browser, gateway, expected=[REFUSED]) as page:
        gateway.problems[call] = (401, "The token has expired.", 0)
        if call == "events":
            gateway.cut()
        gateway.push(gateway.runs[0]["run_id"], "milestone_completed", 90, milestone_id="late")
        expect(page.locator("#token-problem")).to_have_text(ENDED)
        expect(page.locator("#board")).to_be_hidden()


# ---- runs and their events ----


def test_the_head_tells_what_waits_for_somebody(browser: Browser, gateway: Gateway) -> None:
    with signed_in(browser, gateway) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("2 gates await a decision")
        expect(page).to_have_title("(2) QuantaPilot gateway")
        totals = dict(
            zip(
                page.locator("#totals dt").all_text_contents(),
                page.locator("#totals dd").all_text_contents(),
                strict=True,
            )
        )
        assert totals == {"Running": "3", "Paused": "1", "Completed": "6", "Failed": "2"}
        assert part(page, "gates").locator("a").all_text_contents() == [
            "architecture_review",
            "merge",
        ]


def test_runs_are_listed_the_latest_first_with_all_that_is_told_of_them(
    browser: Browser, gateway: Gateway
) -> None:
    with signed_in(browser, gateway, timezone_id="UTC") as page:
        assert listed(page) == [run["run_id"] for run in gateway.runs]
        failed = next(run for run in gateway.runs if run["state"] == "failed")
        shown = row(page, failed["run_id"])
        for text in (
            "failed", "github.com/example/beacon-web", "release/2026.11", "CLONE_FAILED",
            "proj_beacon", "Started 29 Nov, 08:49", "Last change 29 Nov, 08:52", "Events 3",
        ):  # fmt: skip
            expect(shown).to_contain_text(text)


def test_a_state_alone_shows_exactly_its_runs_and_can_be_linked_to(
    browser: Browser, gateway: Gateway
) -> None:
    with signed_in(browser, gateway) as page:
        for state in ("failed", "running", "paused", "completed"):
            page.get_by_label(state.title(), exact=True).check()
            those = [run["run_id"] for run in gateway.runs if run["state"] == state]
            expect(page.locator("#runs-list li")).to_have_count(len(those))
            expect(page.locator("#runs-list .chip").first).to_have_text(state)
            assert listed(page) == those
        page.get_by_label("Failed", exact=True).check()
        page.reload()
        expect(page.locator("#runs-list li")).to_have_count(2)
        expect(page.get_by_label("Failed", exact=True)).to_be_checked()
        page.get_by_label("All", exact=True).check()
        expect(page.locator("#runs-list li")).to_have_count(12)


def test_a_run_that_leaves_the_state_that_is_shown_leaves_the_list(
    browser: Browser, gateway: Gateway
) -> None:
    running = [run["run_id"] for run in gateway.runs if run["state"] == "running"]
    with signed_in(browser, gateway, "#state=running") as page:
        expect(page.locator("#runs-list li")).to_have_count(3)
        gateway.push(running[1], "run_completed", 100)
        expect(page.locator("#runs-list li")).to_have_count(2)
        assert listed(page) == [running[0], running[2]]


def test_earlier_runs_come_when_they_are_asked_for(browser: Browser) -> None:
    gateway = Gateway()
    for at in range(120):
        gateway.start_run(at)
    with gateway.served(), signed_in(browser, gateway) as page:
        expect(page.locator("#runs-list li")).to_have_count(50)
        for many in (100, 120):
            page.get_by_role("button", name="Load more").click()
            expect(page.locator("#runs-list li")).to_have_count(many)
        expect(page.get_by_role("button", name="Load more")).to_be_hidden()
        assert listed(page) == [run["run_id"] for run in gateway.runs]
        # A new one takes a place: the list does not grow by itself.
        gateway.start_run(120)
        expect(page.get_by_role("button", name="Load more")).to_be_visible()
        assert listed(page) == [run["run_id"] for run in gateway.runs[:120]]
        page.get_by_role("button", name="Load more").click()
        expect(page.locator("#runs-list li")).to_have_count(121)
        assert listed(page) == [run["run_id"] for run in gateway.runs]


def test_a_run_shows_its_facts_and_its_events(browser: Browser, gateway: Gateway) -> None:
    run = gateway.runs[0]
    with signed_in(browser, gateway) as page:
        row(page, run["run_id"]).click()
        expect(page.locator("#timeline li")).to_have_count(5)
        assert kinds(page) == [
            "gate_requested", "documentation_generated", "milestone_completed",
            "milestone_completed", "run_started",
        ]  # fmt: skip
        expect(page.locator("#timeline li").first).to_contain_text("architecture_review")
        expect(page.locator("#timeline li").nth(1)).to_contain_text("222")
        facts = page.locator("#run-facts")
        for text in (run["run_id"], run["correlation_id"], "proj_cargo", "#222", "awaits"):
            expect(facts).to_contain_text(text)
        expect(row(page, run["run_id"])).to_have_attribute("aria-current", "true")
        expect(page).to_have_url(f"{gateway.url}#run={run['run_id']}")
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#run")).to_be_hidden()
        expect(row(page, run["run_id"])).to_be_focused()


def test_a_run_that_failed_says_why(browser: Browser, gateway: Gateway) -> None:
    failed = next(run for run in gateway.runs if run["state"] == "failed")
    with signed_in(browser, gateway, f"#run={failed['run_id']}") as page:
        told = page.locator("#run-facts .told")
        expect(told).to_contain_text("CLONE_FAILED")
        expect(told).to_contain_text("The repository could not be cloned")


def test_a_run_that_nobody_may_see_says_so(browser: Browser, gateway: Gateway) -> None:
    unknown = gateway.runs[0]["run_id"][:-4] + "0000"
    with signed_in(browser, gateway, f"#run={unknown}", expected=[REFUSED]) as page:
        expect(page.locator("#run-note")).to_have_text(
            "There is no such run, or this token is not granted it."
        )
        expect(page.locator("#timeline-part")).to_be_hidden()


# ---- live ----


def test_what_happens_is_shown_in_place(browser: Browser, gateway: Gateway) -> None:
    run_id, other = gateway.runs[0]["run_id"], gateway.runs[1]["run_id"]
    with signed_in(browser, gateway, f"#run={run_id}") as page:
        expect(page.locator("#timeline li")).to_have_count(5)
        mark = "one => { one.marked = true }"
        row(page, run_id).evaluate(mark)
        row(page, other).evaluate(mark)
        page.locator("#timeline li").first.evaluate(mark)
        gateway.push(run_id, "gate_decision", 85, gate="architecture_review", approved=True)
        gateway.push(run_id, "run_completed", 86)
        expect(page.locator("#timeline li")).to_have_count(7)
        assert kinds(page)[:2] == ["run_completed", "gate_decision"]
        expect(row(page, run_id)).to_contain_text("completed")
        expect(page.locator("#run-facts .chip")).to_have_text("completed")
        expect(page.get_by_role("heading", level=1)).to_have_text("A gate awaits a decision")
        expect(part(page, "gates").locator("a")).to_have_count(1)
        kept = "one => one.marked === true"
        assert row(page, run_id).evaluate(kept)
        assert row(page, other).evaluate(kept)
        assert page.locator("#timeline li").nth(2).evaluate(kept)


def test_a_run_that_starts_comes_on_top(browser: Browser, gateway: Gateway) -> None:
    with signed_in(browser, gateway) as page:
        expect(page.locator("#runs-list li")).to_have_count(12)
        run_id = gateway.start_run(50, 100)
        expect(page.locator("#runs-list li")).to_have_count(13)
        assert listed(page)[0] == run_id


def test_a_stream_that_breaks_is_resumed_and_nothing_is_missed_or_told_twice(
    browser: Browser, gateway: Gateway
) -> None:
    run_id = gateway.runs[0]["run_id"]
    with signed_in(browser, gateway, f"#run={run_id}", expected=[REFUSED]) as page:
        expect(page.locator("#timeline li")).to_have_count(5)
        seen = gateway.push(run_id, "milestone_completed", 85, milestone_id="first")
        expect(page.locator("#timeline li")).to_have_count(6)
        gateway.problems["events"] = (503, "The gateway is stopping.", 600)
        gateway.cut()
        expect(connection(page)).to_have_text("Reconnecting in 600 s. The gateway is stopping.")
        expect(page.locator("body")).to_have_attribute("data-connection", "lost")
        for name in ("second", "third"):
            gateway.push(run_id, "milestone_completed", 86, milestone_id=name)
        del gateway.problems["events"]
        page.get_by_role("button", name="Try now").click()
        expect(connection(page)).to_have_text("Live")
        expect(page.locator("#timeline li")).to_have_count(8)
        expect(page.locator("#timeline dd").first).to_have_text("third")
        expect(row(page, run_id)).to_contain_text("Events 8")
        assert ("/events", seen) in gateway.asked


def test_a_gateway_that_is_away_is_waited_for(browser: Browser) -> None:
    gateway = busy()
    with gateway.served(), opened(browser, gateway, expected=[REFUSED, UNREACHABLE]) as page:
        sign_in(page)
        expect(connection(page)).to_have_text("Live")
        page.context.set_offline(True)
        gateway.cut()
        expect(connection(page)).to_contain_text("The gateway does not answer.")
        expect(page.locator("#runs-list li")).to_have_count(12)
        page.context.set_offline(False)
        expect(connection(page)).to_have_text("Live")


def test_a_stream_that_falls_silent_is_opened_anew(browser: Browser, gateway: Gateway) -> None:
    with opened(browser, gateway) as page:
        page.clock.install()
        page.reload()
        sign_in(page)
        expect(connection(page)).to_have_text("Live")
        page.clock.fast_forward(61_000)
        until(lambda: [path for path, _ in gateway.asked].count("/events") == 2)
        expect(connection(page)).to_have_text("Live")


def test_ten_thousand_events_do_not_freeze_the_page(browser: Browser, gateway: Gateway) -> None:
    run_id = gateway.runs[0]["run_id"]
    # The longest that the page does not answer, as its own timer feels it.
    watch = """() => {
      let last = performance.now();
      window.longest = 0;
      setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
      }, 10);
    }"""
    with signed_in(browser, gateway, f"#run={run_id}") as page:
        expect(page.locator("#timeline li")).to_have_count(5)
        page.evaluate(watch)
        gateway.asked.clear()
        gateway.flood(run_id, MANY)
        expect(page.locator("#timeline dd").first).to_have_text(f"step-{MANY - 1}")
        expect(row(page, run_id)).to_contain_text("Events 10,005")
        expect(page.locator("#timeline li")).to_have_count(100)
        expect(page.locator("#timeline-count")).to_have_text("The latest 100 of 10,005 events")
        assert page.evaluate("window.longest") < FREEZE
        assert len(gateway.asked) < 20
        page.get_by_role("button", name="Show 100 earlier").click()
        expect(page.locator("#timeline li")).to_have_count(200)
        names = page.locator("#timeline dd").all_text_contents()
        assert names == [f"step-{MANY - 1 - at}" for at in range(200)]
        # The same events again, by asking.
        page.reload()
        expect(page.locator("#timeline dd").first).to_have_text(f"step-{MANY - 1}")
        expect(page.locator("#timeline-count")).to_have_text("The latest 100 of 10,005 events")


# ---- the parts beside ----


def test_deliveries_and_subscriptions_tell_how_they_are(browser: Browser, gateway: Gateway) -> None:
    with signed_in(browser, gateway) as page:
        deliveries = part(page, "deliveries")
        for text in ("late", "14", "12 min 34 s", "1 active", "1 pending", "1 disabled"):
            expect(deliveries).to_contain_text(text)
        subscriptions = part(page, "subscriptions").locator("li")
        expect(subscriptions).to_have_count(3)
        expect(subscriptions.nth(0)).to_contain_text("n8n.example.com/…")
        expect(subscriptions.nth(0)).to_contain_text("1,204 arrived")
        expect(subscriptions.nth(1)).to_contain_text("disabled")
        expect(subscriptions.nth(1)).to_contain_text("status 503 for 24 hours")
        # The path of a webhook can be a secret.
        expect(part(page, "subscriptions")).not_to_contain_text("4c1")


def test_refusals_tell_rule_and_field_and_lead_to_their_run(
    browser: Browser, gateway: Gateway
) -> None:
    with signed_in(browser, gateway) as page:
        refusals = part(page, "refusals").locator("li")
        expect(refusals).to_have_count(4)
        for text in ("pii/email", "/data/message", "proj_atlas"):
            expect(refusals.first).to_contain_text(text)
        refusals.first.get_by_role("link").click()
        expect(page).to_have_url(f"{gateway.url}#run={gateway.refusals[0]['run_id']}")
        expect(page.locator("#timeline li").first).to_be_visible()


def test_without_anything_each_part_says_so(browser: Browser) -> None:
    gateway = Gateway()
    with gateway.served(), signed_in(browser, gateway) as page:
        expect(page.locator("#runs-note")).to_contain_text("There are no runs yet.")
        expect(page.get_by_role("heading", level=1)).to_have_text("No gate awaits a decision")
        expect(part(page, "gates")).to_contain_text("No gate awaits a decision")
        expect(part(page, "subscriptions")).to_contain_text("This token has no subscriptions.")
        expect(part(page, "refusals")).to_contain_text("Nothing was refused.")
        expect(part(page, "deliveries")).to_contain_text("in time")
        page.get_by_label("Failed", exact=True).check()
        expect(page.locator("#runs-note")).to_have_text("There are no failed runs.")


def test_a_scope_that_lacks_is_named_by_the_part_that_needs_it(
    browser: Browser, gateway: Gateway
) -> None:
    for name in ("runs", "refusals", "deliveries"):
        gateway.problems[name] = (403, "This token may not do that.", 0)
    with signed_in(browser, gateway, expected=[REFUSED]) as page:
        lacks = "This token lacks the scope run:read."
        expect(page.locator("#runs-note")).to_have_text(lacks)
        for name in ("gates", "refusals", "deliveries"):
            expect(part(page, name).locator(".note")).to_have_text(lacks)
        expect(part(page, "subscriptions").locator("li")).to_have_count(3)


def test_without_the_scope_of_live_events_the_page_says_so_and_shows_the_rest(
    browser: Browser, gateway: Gateway
) -> None:
    for name in ("events", "subscriptions"):
        gateway.problems[name] = (403, "This token may not do that.", 0)
    with signed_in(browser, gateway, live=False, expected=[REFUSED]) as page:
        lacks = "This token lacks the scope events:subscribe."
        expect(connection(page)).to_have_text(f"Not live. {lacks}")
        expect(part(page, "subscriptions").locator(".note")).to_have_text(lacks)
        expect(page.locator("#runs-list li")).to_have_count(12)


def test_asked_too_often_the_page_waits_as_long_as_it_is_told(
    browser: Browser, gateway: Gateway
) -> None:
    gateway.problems["runs"] = (429, "Too many requests.", 30)
    gateway.problems["events"] = (429, "Too many streams.", 17)
    with opened(browser, gateway, expected=[REFUSED]) as page:
        page.clock.install()
        page.reload()
        sign_in(page)
        expect(page.locator("#runs-note")).to_have_text(
            "Too many requests. It may be asked again in 30 seconds."
        )
        expect(connection(page)).to_have_text("Reconnecting in 17 s. Too many streams.")
        expect(part(page, "refusals").locator("li")).to_have_count(4)
        page.clock.run_for(16_000)
        paths = [path for path, _ in gateway.asked]
        assert (paths.count("/runs"), paths.count("/events")) == (1, 1)
        del gateway.problems["events"]
        page.clock.run_for(2000)
        expect(connection(page)).to_have_text("Live")
        assert [path for path, _ in gateway.asked].count("/runs") == 1
        del gateway.problems["runs"]
        page.clock.run_for(24_000)
        expect(page.locator("#runs-list li")).to_have_count(12)
        expect(page.locator("#runs-note")).to_be_hidden()


def test_a_run_that_could_not_be_read_is_asked_for_again(
    browser: Browser, gateway: Gateway
) -> None:
    run_id = gateway.runs[0]["run_id"]
    with opened(browser, gateway, f"#run={run_id}", expected=[REFUSED]) as page:
        page.clock.install()
        page.reload()
        gateway.problems["runs"] = (503, "The store is away.", 0)
        sign_in(page)
        expect(page.locator("#run-note")).to_have_text("The store is away.")
        expect(page.locator("#runs-note")).to_have_text("The store is away.")
        del gateway.problems["runs"]
        page.clock.run_for(11_000)
        expect(page.locator("#timeline li")).to_have_count(5)
        expect(page.locator("#run-note")).to_be_hidden()


# ---- whoever sends, whoever reads ----


def test_what_others_wrote_never_becomes_part_of_the_page(browser: Browser) -> None:
    gateway = Gateway()
    run_id = gateway.start_run(
        1, project_id=HOSTILE, repo_url=f"https://{HOSTILE}", branch=HOSTILE, gates=[HOSTILE],
        state="failed", error_code=HOSTILE, message=HOSTILE,
    )  # fmt: skip
    gateway.event(run_id, "run_failed", error_code="E", message=HOSTILE + "x" * 2000)
    hostile: dict[str, Any] = {HOSTILE: {"a": [HOSTILE]}}
    gateway.event(run_id, HOSTILE, **hostile)
    gateway.refusals.append(
        {"refused_at": HOSTILE, "rule": HOSTILE, "field": HOSTILE, "source": HOSTILE,
         "project_id": HOSTILE, "run_id": HOSTILE}
    )  # fmt: skip
    gateway.subscriptions.append(
        {"subscription_id": HOSTILE, "url": HOSTILE, "types": [HOSTILE], "state": "disabled",
         "reason": HOSTILE, "created_at": HOSTILE, "delivered_count": 0, "waiting_count": 0,
         "dead_count": 0, "project_id": HOSTILE}
    )  # fmt: skip
    wide = {"width": 1280, "height": 800}
    with gateway.served(), signed_in(browser, gateway, f"#run={run_id}", viewport=wide) as page:
        expect(page.locator("#timeline li")).to_have_count(3)
        expect(page.locator("#timeline .type").first).to_have_text(SHOWN)
        expect(page.locator("#timeline dt").first).to_have_text(SHOWN)
        expect(page.locator("#run-facts .told p")).to_have_text(SHOWN)
        expect(row(page, run_id).locator(".branch")).to_have_text(SHOWN)
        expect(part(page, "refusals").locator("li")).to_contain_text(SHOWN)
        expect(part(page, "subscriptions").locator(".reason")).to_have_text(SHOWN)
        long = page.locator("#timeline li").nth(1)
        expect(long).not_to_contain_text("x" * 1000)
        long.get_by_role("button", name=re.compile("Show all 2,0.. characters")).click()
        expect(long).to_contain_text(SHOWN + "x" * 2000)
        assert page.title() == "(1) QuantaPilot gateway"
        assert page.locator("img, body script").count() == 0
        assert "\u202e" not in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_all_can_be_done_with_the_keyboard(browser: Browser, gateway: Gateway) -> None:
    runs = [run["run_id"] for run in gateway.runs]
    with opened(browser, gateway) as page:
        expect(page.get_by_label("Token", exact=True)).to_be_focused()
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        expect(connection(page)).to_have_text("Live")
        expect(page.locator("#runs")).to_be_focused()
        page.reload()
        expect(connection(page)).to_have_text("Live")
        page.keyboard.press("Tab")
        expect(page.locator("#skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("All", exact=True)).to_be_focused()
        page.keyboard.press("Tab")
        expect(row(page, runs[0])).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{gateway.url}#run={runs[1]}")
        expect(page.locator("#run")).to_be_focused()
        expect(page.locator("#timeline li")).to_have_count(2)
        page.keyboard.press("Escape")
        expect(row(page, runs[1])).to_be_focused()
        expect(page.locator("#run")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    scheme: str, browser: Browser, gateway: Gateway
) -> None:
    failed = next(run for run in gateway.runs if run["state"] == "failed")
    texts = [
        ".brand", "h1", "#explanation", "#totals dt", "#totals .failed dd", "#totals .paused dd",
        "#connection-text", "#sign-out", "h2", ".count", "#filter span", "#filter :checked + span",
        ".chip.running", ".chip.paused", ".chip.completed", ".chip.failed", ".chip.disabled",
        ".row .repo", ".row .branch", ".row .error-code", ".row .project", ".row .gates",
        ".row[aria-current] .branch", ".row[aria-current] .error-code", ".row[aria-current] .chip",
        ".row[aria-current] .project", "#close", ".facts dt", ".facts dd", ".told .code", ".told p",
        ".when", ".type", ".fields dt", ".fields dd", "#side a", ".muted", ".reason", ".bad dd",
        ".warning dd", ".states", ".states .disabled", ".count.late",
    ]  # fmt: skip
    size = {"width": 1600, "height": 1000}
    with signed_in(
        browser, gateway, f"#run={failed['run_id']}", color_scheme=scheme, viewport=size
    ) as page:
        expect(page.locator("#timeline li")).to_have_count(3)
        expect(page.locator(".figures")).to_be_visible()
        expect(part(page, "subscriptions").locator("li")).to_have_count(3)
        colours = {text: page.locator(text).first.evaluate(COLOURS) for text in texts}
        assert {text: pair for text, pair in colours.items() if contrast(*pair) < 4.5} == {}
        page.get_by_role("button", name="Sign out").click()
        for text in ("#token-form label", "#token-help", "#enter", "#token"):
            assert contrast(*page.locator(text).evaluate(COLOURS)) >= 4.5, text


def test_dark_and_light_are_taken_from_the_reader(browser: Browser, gateway: Gateway) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(browser, gateway, color_scheme=scheme) as page:
            grounds[scheme] = luminance(page.locator("body").evaluate(COLOURS)[1])
    assert grounds["light"] > 0.8
    assert grounds["dark"] < 0.1


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1280, 1600])
def test_nothing_is_cut_off_at_any_width(width: int, browser: Browser, gateway: Gateway) -> None:
    beyond = """width => [...document.querySelectorAll("body *")].filter(one => {
      const { right, width: wide } = one.getBoundingClientRect();
      return wide > 1 && right > width + 0.5;
    }).map(one => one.outerHTML.slice(0, 80))"""
    with opened(browser, gateway, viewport={"width": width, "height": 800}) as page:
        assert page.evaluate(beyond, width) == []
        sign_in(page)
        expect(connection(page)).to_have_text("Live")
        expect(page.locator(".figures")).to_be_visible()
        assert page.evaluate(beyond, width) == []
        row(page, gateway.runs[0]["run_id"]).click()
        expect(page.locator("#timeline li")).to_have_count(5)
        assert page.evaluate(beyond, width) == []
        expect(page.locator("#runs")).to_be_visible(visible=width >= 1024)


def test_what_changes_is_told_to_who_does_not_see_it(browser: Browser, gateway: Gateway) -> None:
    with signed_in(browser, gateway) as page:
        statuses = page.get_by_role("status")
        expect(statuses.filter(has_text="Live")).to_have_count(1)
        expect(statuses.filter(has_text="12 runs shown")).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_attribute("aria-live", "polite")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#token-problem")).to_have_role("alert")
        expect(page.get_by_label("Token", exact=True)).to_have_accessible_description(
            re.compile("kept in this tab only")
        )


def test_without_javascript_the_page_names_the_command(browser: Browser, gateway: Gateway) -> None:
    with opened(browser, gateway, java_script_enabled=False) as page:
        expect(page.locator("noscript p")).to_contain_text("qp status RUN_ID")


# ---- reading an event stream ----

STREAMS = {
    "one event": ("data: a\n\n", ["message a "]),
    "all fields": ("id: 7\nevent: t\ndata: a\n\n", ["t a 7"]),
    "lines of data": ("data: a\ndata\ndata:  b\n\n", ["message a\n\n b "]),
    "carriage returns": ("data: a\r\rdata: b\r\n\r\n", ["message a ", "message b "]),
    "an id stays": ("id: 7\ndata: a\n\ndata: b\n\n", ["message a 7", "message b 7"]),
    "an id ends": ("id: 7\ndata: a\n\nid\ndata: b\n\n", ["message a 7", "message b "]),
    "an id with NUL": ("id: 7\nid: 8\0\ndata: a\n\n", ["message a 7"]),
    "comments": (": hello\n:\ndata: a\n\n", ["message a "]),
    "no data": ("event: t\n\ndata: a\n\n", ["message a "]),
    "empty data": ("data\n\n", ["message  "]),
    "unknown fields": ("Data: b\n data: c\ndata: a\n\n", ["message a "]),
    "cut off": ("data: a\n\ndata: b\n", ["message a "]),
    "other line ends": ("data: a\u2028\x0b\u0085b\n\n", ["message a\u2028\x0b\u0085b "]),
}


def test_an_event_stream_is_read_by_the_book_however_it_is_cut(
    browser: Browser, gateway: Gateway
) -> None:
    parsed = """async (text) => {
      const { EventStreamParser } = await import("/assets/sse.js");
      const read = (...parts) => {
        const parser = new EventStreamParser();
        const events = parts.flatMap((part) => parser.feed(part));
        return events.map(({ type, data, id }) => `${type} ${data} ${id}`);
      };
      const halves = [...text].map((_, at) => read(text.slice(0, at), text.slice(at)));
      return [read(text), read(...text), ...halves];
    }"""
    with opened(browser, gateway) as page:
        for name, (text, events) in STREAMS.items():
            for cut in page.evaluate(parsed, text):
                assert cut == events, name


def test_an_event_stream_tells_how_long_to_wait_and_where_to_resume(
    browser: Browser, gateway: Gateway
) -> None:
    told = """async (text) => {
      const { EventStreamParser } = await import("/assets/sse.js");
      const parser = new EventStreamParser();
      parser.feed(text);
      return [parser.retry, parser.lastId];
    }"""
    with opened(browser, gateway) as page:
        assert page.evaluate(told, "retry: 250\nid: 7\n\n") == [250, "7"]
        assert page.evaluate(told, "retry: 2s\nretry: -1\nretry\nid: 7\n") == [None, ""]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_pictured(
    scheme: str, browser: Browser, gateway: Gateway, tmp_path: Path
) -> None:
    picture = tmp_path / f"{scheme}.png"
    with signed_in(browser, gateway, color_scheme=scheme) as page:
        page.screenshot(path=picture, full_page=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000


# ---- a real gateway ----


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealGateway]:
    with RealGateway(str(tmp_path / "store.db"), tmp_path, ("--allow-private",)) as running:
        running.register()
        yield running


def emit(gateway: RealGateway, token: str, run_id: str, name: str, **data: Any) -> None:
    assert gateway.emit(token, run_id, name, **data).status == 202


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_of_a_real_gateway_is_followed_from_its_start_to_its_end(
    scheme: str, browser: Browser, real: RealGateway, tmp_path: Path
) -> None:
    token = real.token()
    # It takes the challenge, and wants nothing more when the first event comes.
    hook = Hook(status=lambda _: 410)
    with Hooks() as hooks, signed_in(browser, real, token=token, color_scheme=scheme) as page:
        hooks.hooks["gone"] = hook
        subscribed = real.call("POST", "/subscriptions", token, {"url": hooks.url("gone")})
        assert subscribed.status == 201
        address = f"/subscriptions/{subscribed.json['subscription_id']}"
        until(lambda: real.call("GET", address, token).json["state"] == "active")
        expect(page.locator("#runs-note")).to_contain_text("There are no runs yet.")
        run_id = real.run(token)
        row(page, run_id).click()
        expect(page.locator("#timeline li")).to_have_count(1)
        emit(real, token, run_id, "milestone_completed", milestone_id="plan")
        emit(real, token, run_id, "gate_requested", gate="merge", description="Merge it?")
        expect(page.get_by_role("heading", level=1)).to_have_text("A gate awaits a decision")
        expect(part(page, "gates")).to_contain_text("merge")
        refused = real.emit(token, run_id, "milestone_completed", milestone_id=MAIL)
        assert refused.json["error_code"] == "PERSONAL_DATA"
        expect(part(page, "refusals")).to_contain_text("pii/email")
        expect(part(page, "subscriptions")).to_contain_text("disabled")
        expect(part(page, "subscriptions")).to_contain_text("status 410")
        picture = tmp_path / f"{scheme}.png"
        page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size > 20_000
        emit(real, token, run_id, "gate_decision", gate="merge", approved=True)
        emit(real, token, run_id, "run_completed")
        expect(row(page, run_id)).to_contain_text("completed")
        expect(page.get_by_role("heading", level=1)).to_have_text("No gate awaits a decision")
        assert kinds(page) == [
            "run_completed", "gate_decision", "gate_requested", "milestone_completed",
            "run_started",
        ]  # fmt: skip
        # What came live is what is kept.
        page.reload()
        expect(page.locator("#timeline li")).to_have_count(5)
        expect(row(page, run_id)).to_contain_text(REPOSITORY.removeprefix("https://"))
        assert MAIL not in page.locator("body").inner_html()
