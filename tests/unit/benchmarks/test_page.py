"""The page tells losses as plainly as wins, and a tool that is missing is told, not fatal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from benchmarks.baseline import flagged
from benchmarks.events import EventCost
from benchmarks.gateway import GatewayCost, Load
from benchmarks.hostile import Full, Hostile, plain_line, record_line
from benchmarks.install import PINS, entries
from benchmarks.labelled import CLASSES, ORDINARY, Line
from benchmarks.order import OrderCost
from benchmarks.page import figures, page
from benchmarks.quality import EVERYTHING, Quality, Score, misses
from benchmarks.results import Memory, Results, goals, losses, ratio, worst_of
from benchmarks.runtime import Runtime
from benchmarks.speed import GATE, LOOP, RIPGREP, SCAN, Speed, Start
from benchmarks.streams import Cost


def quality(name: str, found: int, flagged: int) -> Quality:
    score = Score((found, 100), (found // 2, 50), (flagged, 200))
    scores = dict.fromkeys(CLASSES, score) | {ORDINARY: Score((0, 0), (0, 0), (flagged, 100))}
    return Quality(name, EVERYTHING, scores)


@pytest.fixture
def results() -> Results:
    return Results(
        speeds=[
            Speed(GATE, 10**8, 120, 1.0, 60),
            Speed(SCAN, 10**8, 150, 1.0, 50),
            Speed(RIPGREP, 10**8, 300, 1.0, 10),
            Speed(LOOP, 10**6, 2),
            Speed("Presidio", 10**5, 0.01, 1.0, 300),
            Speed("betterleaks", 10**7, 40, 1.8, 90),
        ],
        memory=Memory(10**9, 70, 60),
        starts=[
            Start("qp --version", 0.05),
            Start("qp scan, one event", 0.09),
            Start("Presidio, one event", 3),
        ],
        event=EventCost(4, 6, 0.99),
        runtime=Runtime(8, 1_000, 31_000, 2_000, 9_000, 5, 10),
        order=OrderCost(1_000_000, 50_000, 20, 20, 430 * 10**6, 8, 90, 4, 60),
        gateway=GatewayCost(Load(16_000, 8), Load(9_000, 12), Cost(1000, 30, 60, 0.2)),
        hostile=[Hostile("dots", 0.5, 1.5)],
        hostile_bytes=10**7,
        full=[Full("names", 1000, 90)],
        qualities=[quality(SCAN, 100, 0), quality("Presidio", 80, 40)],
        labelled_lines=1960,
        corpus_bytes=2 * 10**8,
        times=3,
        versions={"presidio-analyzer": "1.0"},
    )


def test_reached_goals_are_told(results: Results) -> None:
    assert [goal for goal in goals(results) if not goal.met] == []


def test_a_missed_goal_is_told(results: Results) -> None:
    slow = replace(results, event=EventCost(9, 9, 1))
    assert "Not reached: one clean event in process, 9.0 µs where ≤ 5 µs is the goal." in set(
        losses(slow)
    )
    assert "| one clean event in process | 9.0 µs | ≤ 5 µs | **no** |" in page(slow)


def test_whoever_is_faster_smaller_or_finds_more_is_told(results: Results) -> None:
    said = list(losses(results))
    assert "ripgrep is 2.00 times as fast as `qp scan`." in said
    assert "ripgrep takes 10 MiB, `qp scan` 50 MiB." in said
    worse = replace(results, qualities=[quality(SCAN, 90, 9), quality("Presidio", 95, 4)])
    found = [line for line in losses(worse) if line.startswith("Presidio")]
    assert "Presidio finds 0.95 of the plain lines of `email`, `qp scan` 0.90." in found
    assert "Presidio flags 0.02 of the clean lines of `ip`, `qp scan` 0.04." in found


def test_a_tool_that_could_not_be_measured_is_a_line_of_the_table(results: Results) -> None:
    gone = Speed("Presidio", fault="not installed")
    speeds = [gone if each.name == "Presidio" else each for each in results.speeds]
    lost = Quality("Presidio", EVERYTHING, {}, "not installed")
    without = replace(results, speeds=speeds, qualities=[results.qualities[0], lost])
    text = page(without)
    assert "| Presidio | left out: not installed |" in text
    assert "| `qp scan` against Presidio | not measured | ≥ 100x | **no** |" in text
    assert [bar["name"] for bar in figures(without)["speed"]].count("Presidio") == 0


def test_the_page_is_filled_and_its_tables_are_whole(results: Results) -> None:
    text = page(results)
    assert "$" not in text
    for block in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.strip().splitlines()}) == 1


def test_a_scan_that_gave_up_has_no_worst_cost() -> None:
    assert worst_of([Hostile("dots", 1, 4.5), Hostile("at signs", 2, 3)]) == 4.5
    assert worst_of([Hostile("dots", 1, None)]) is None


def test_ratios_are_shown_with_the_digits_that_count() -> None:
    assert [ratio(number) for number in (0.0034, 0.35, 1.04, 47.6)] == [
        "0.0034x",
        "0.35x",
        "1.0x",
        "48x",
    ]


@pytest.mark.parametrize("unit", [".", '"', "\u200b", "ab "])
def test_a_hostile_line_is_one_line_of_the_size(unit: str) -> None:
    for line in (plain_line(unit, 3000), record_line(unit, 3000)):
        assert line.count(b"\n") == 1
        assert 2900 < len(line) < 3200


def test_wrong_judgements_are_listed_by_class() -> None:
    lines = [
        Line("a", "phone", "clean", "x"),
        Line("b", "email", "plain", "y"),
        Line("c", "email", "clean", "z"),
    ]
    assert misses(lines, {1}) == [(2, lines[1]), (1, lines[0])]
    assert misses(lines, {2}) == []


def test_seven_regexes_find_what_anyone_would() -> None:
    assert flagged(["ok", "mail to ann@example.com", "10 of 20", "ssn 123-45-6789"]) == {2, 4}


def test_every_pin_can_be_installed_by_itself() -> None:
    text = PINS.read_text("utf-8")
    found = entries(text)
    assert "\n".join(found) == text.strip()
    assert all(entry.count("==") >= 1 and "--hash=sha256:" in entry for entry in found)
