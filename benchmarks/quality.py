"""Who finds what: recall and false alarms of each tool on the labelled set, class by class."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import baseline
from benchmarks.labelled import CLASSES, ORDINARY
from benchmarks.measure import MeasureError
from benchmarks.peers import PEERS, Environment
from benchmarks.speed import SCAN, SEVEN, qp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from benchmarks.labelled import Line

STACK = ("Presidio", "gitleaks")
EVERYTHING = frozenset(CLASSES)


@dataclass(frozen=True, slots=True)
class Score:
    """What a tool made of some lines: found and flagged, of how many."""

    plain: tuple[int, int]
    disguised: tuple[int, int]
    clean: tuple[int, int]

    @property
    def recall(self) -> float:
        """Return the share of the dirty lines that were found, plain and disguised."""
        return share((self.plain[0] + self.disguised[0], self.plain[1] + self.disguised[1]))


@dataclass(frozen=True, slots=True)
class Quality:
    """The scores of a tool by class; `fault` says why there are none."""

    name: str
    covers: frozenset[str]
    scores: dict[str, Score]
    fault: str = ""

    @property
    def whole(self) -> Score:
        """Return the score over every class that the tool covers, and over ordinary lines."""
        parts = [self.scores[name] for name in (*CLASSES, ORDINARY) if name in self.scores]
        return Score(
            _sum(each.plain for each in parts),
            _sum(each.disguised for each in parts),
            _sum(each.clean for each in parts),
        )


def share(part: tuple[int, int]) -> float:
    """Return a part of a whole."""
    return part[0] / part[1] if part[1] else 0.0


def qualities(lines: Sequence[Line], file: Path, env: Environment) -> Iterator[Quality]:
    """Yield the scores of every tool, ours first; `file` holds the lines."""
    yield _quality(SCAN, EVERYTHING, lines, ours(file))
    said: dict[str, frozenset[int]] = {}
    for peer in PEERS:
        try:
            said[peer.name] = peer.flagged(env, file, file.with_name("report"))
        except MeasureError as error:
            yield Quality(peer.name, peer.covers, {}, str(error))
        else:
            yield _quality(peer.name, peer.covers, lines, said[peer.name])
    name = " + ".join(STACK)
    if all(part in said for part in STACK):
        yield _quality(name, EVERYTHING, lines, frozenset[int]().union(*(said[p] for p in STACK)))
    else:
        yield Quality(name, EVERYTHING, {}, "one of the two is missing")
    yield _quality(SEVEN, EVERYTHING, lines, baseline.flagged(line.text for line in lines))


def ours(file: Path) -> set[int]:
    """Return the lines in which our scan finds an error, as opposed to a warning."""
    report = file.with_name("found.json")
    qp("scan", "--format", "json", "--output", report, file)
    findings = json.loads(report.read_bytes())["findings"]
    return {each["line"] for each in findings if each["severity"] == "error"}


def misses(lines: Sequence[Line], flagged: Collection[int]) -> list[tuple[int, Line]]:
    """Return the lines that were judged wrongly, with their numbers, by class."""
    wrong = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if (line.kind != "clean") != (number in flagged)
    ]
    return sorted(wrong, key=lambda each: (each[1].pii_class, each[1].kind, each[1].how))


def _quality(
    name: str, covers: frozenset[str], lines: Sequence[Line], flagged: Collection[int]
) -> Quality:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, line in enumerate(lines, 1):
        counts[line.pii_class][line.kind] += 1
        counts[line.pii_class][f"{line.kind} flagged"] += number in flagged
    return Quality(
        name, covers, {each: _score(counts[each]) for each in (*CLASSES, ORDINARY)
                       if each in covers or each == ORDINARY},
    )  # fmt: skip


def _score(count: Counter[str]) -> Score:
    plain, disguised, clean = (
        (count[f"{kind} flagged"], count[kind]) for kind in ("plain", "disguised", "clean")
    )
    return Score(plain, disguised, clean)


def _sum(parts: Iterator[tuple[int, int]]) -> tuple[int, int]:
    several = list(parts)
    return sum(part[0] for part in several), sum(part[1] for part in several)
