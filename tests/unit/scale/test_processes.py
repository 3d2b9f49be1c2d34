"""Processes: the report of several is that of one, whatever is cut where, and whoever dies."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.config import load_config
from quantapilot.errors import QuantaPilotError
from quantapilot.findings import Finding, Summary
from quantapilot.gate.check import Gate
from quantapilot.gate.plan import Plan
from quantapilot.gate.project import Project
from quantapilot.gate.scanner import Limits, Scanner
from quantapilot.gate.workers import OneProcess
from quantapilot.inputs.sources import Source
from quantapilot.scale import processes, work
from quantapilot.scale.parts import batches, parts
from quantapilot.scale.processes import Processes
from quantapilot.scale.work import gathered, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from quantapilot.gate.excuses import Command
    from quantapilot.gate.workers import Looked, Workers
    from quantapilot.scale.parts import Part
    from quantapilot.scale.work import Seen

    Inputs = Iterable[Source | Finding]

PROJECT = Project(load_config(None))
DETECTOR = PROJECT.detector()
LIMITS = Limits(line=2000)
PLANS = {
    "scan": Plan(DETECTOR.rules, PROJECT.detector_settings(), LIMITS),
    "validate:api": Plan(DETECTOR.rules, PROJECT.detector_settings(), LIMITS, PROJECT.contract()),
}
SCANNERS = {name: plan.scanner() for name, plan in PLANS.items()}
LINES = [
    b'{"message":"all is well","level":"info"}',
    b'{"message":"mail to anna.smith@gmail.com bounced"}',
    b'{"user_email":"anna.smith@gmail.com","n":1}',
    b"call +49 30 901820 # qp:allow[pii/phone] the switchboard of a town hall",
    b"# qp:allow[pii/email] nothing there",
    b"plain text, and more of it",
    b'{"a":1,"a":2}',
    b"\xff\xfe no text",
    b"",
    b"x" * 3000,
]


class Here:
    """Looks at small parts, here, as processes would."""

    def __init__(self, scanner: Scanner, most: int) -> None:
        self._scanner = scanner
        self._most = most

    def looked_at(self, inputs: Inputs, summary: Summary, /) -> Iterator[Looked]:
        def run(found: Iterator[list[Part]]) -> Iterator[list[Seen]]:
            for batch in found:
                yield [look(self._scanner, part) for part in batch]

        return gathered(inputs, summary, self._scanner, self._most, run)


def told(command: Command, workers: Workers, inputs: Inputs) -> tuple[list[Finding], Summary]:
    summary = Summary()
    inspector = PROJECT.inspector(DETECTOR)
    excuses = PROJECT.excuses(command, DETECTOR, summary)
    found = list(Gate(inspector, summary, excuses=excuses, workers=workers).check(inputs))
    summary.consumed = 0
    return found, summary


def told_by_one(command: Command, inputs: Inputs) -> tuple[list[Finding], Summary]:
    scanner = SCANNERS[command]

    class One:
        def looked_at(self, inputs: Inputs, summary: Summary, /) -> Iterator[Looked]:
            scanner.counts = summary
            return OneProcess(scanner).looked_at(inputs, summary)

    return told(command, One(), inputs)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(LINES), max_size=12), min_size=1, max_size=3),
    st.integers(20, 400),
    st.sampled_from(["a.txt", "a.jsonl", "a.log"]),
    st.sampled_from(["scan", "validate:api"]),
)
def test_parts_of_any_size_give_the_report_of_one_process(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[bytes]],
    most: int,
    name: str,
    command: Command,
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    inputs: list[Source | Finding] = []
    for number, lines in enumerate(files):
        file = folder / f"{number}{name}"
        file.write_bytes(b"\n".join(lines))
        inputs.append(Source(str(file), file, named=bool(number % 2)))
    inputs.insert(1, Source("gone", folder / "gone"))
    workers = Here(SCANNERS[command], most)
    assert told(command, workers, inputs) == told_by_one(command, inputs)


@pytest.mark.parametrize("command", ["scan", "validate:api"])
def test_two_processes_report_byte_for_byte_what_one_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.setattr(processes, "PART_BYTES", 5000)
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join(LINES * 12))
    small = [tmp_path / f"{number}.txt" for number in range(20)]
    for each in small:
        each.write_bytes(LINES[1] + b"\n")
    inputs: list[Source | Finding] = [Source(str(each), each) for each in (small[0], file, *small)]
    two = told(command, Processes(PLANS[command], SCANNERS[command], 2), inputs)
    assert two == told_by_one(command, inputs)
    assert len(two[0]) > 40


def test_a_plan_looks_by_the_contract_that_it_carries() -> None:
    assert SCANNERS["validate:api"].judges
    assert not SCANNERS["scan"].judges


def test_an_input_that_kills_its_process_is_told_and_the_others_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(6)]
    for file in files:
        file.write_bytes(LINES[1])
    real = work.look

    def look_or_die(scanner: Scanner, part: Part) -> Seen:
        if part.source.label.endswith("3.txt"):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(scanner, part)

    monkeypatch.setattr(processes, "look", look_or_die)
    inputs: list[Source | Finding] = [Source(str(file), file) for file in files]
    workers = Processes(PLANS["scan"], SCANNERS["scan"], 2)
    found, summary = told("scan", workers, inputs)
    assert [(each.path[-5], each.rule) for each in found] == [
        ("0", "pii/email"),
        ("1", "pii/email"),
        ("2", "pii/email"),
        ("3", "input/worker-lost"),
        ("4", "pii/email"),
        ("5", "pii/email"),
    ]
    assert summary.exit_code == 4
    assert summary.files == 5


def test_a_fault_of_ours_is_told_by_its_place_and_shows_nothing_of_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(LINES[1])

    class UnsentError(Exception):
        __reduce__ = None  # type: ignore[assignment]  # it can't travel

    def fail(*_: object) -> Seen:
        raise UnsentError(LINES[1])

    monkeypatch.setattr(processes, "look", fail)
    with pytest.raises(QuantaPilotError, match=r"^internal fault: UnsentError at test_processes"):
        told("scan", Processes(PLANS["scan"], SCANNERS["scan"], 2), [Source("a.txt", file)])


def test_small_files_travel_together_and_large_ones_are_cut(tmp_path: Path) -> None:
    scanner = SCANNERS["scan"]
    large, small = tmp_path / "large.log", tmp_path / "small.log"
    large.write_bytes(b"a line of text\n" * 1000)
    small.write_bytes(b"a line\n")
    cut = parts(Source("large.log", large), scanner, 4000)
    assert [(part.start, part.stop) for part in cut] == [
        (0, 4000),
        (4000, 8000),
        (8000, 12000),
        (12000, None),
    ]
    together = [*cut, *parts(Source("small.log", small), scanner, 4000) * 3]
    assert [len(batch) for batch in batches(together, 10_000)] == [2, 2, 3]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.json", b"{\n" + b" " * 9000 + b"}"), ("a.bin", b"\0" * 9000), ("a.log", b"\n" * 9000)],
)
def test_what_is_not_made_of_lines_is_one_part(tmp_path: Path, name: str, data: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    assert len(parts(Source(name, file), SCANNERS["scan"], 1000)) == 1


def test_a_process_that_is_killed_in_the_middle_of_its_answer_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, told_before, here = tmp_path / "a.txt", tmp_path / "told", os.getpid()
    file.write_bytes(LINES[1] * 3)
    real = Connection.send

    def half(self: Connection, answer: object) -> None:
        if os.getpid() != here and not told_before.exists():
            told_before.touch()
            os.write(self.fileno(), (1 << 20).to_bytes(4, "big") + b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, answer)

    monkeypatch.setattr(Connection, "send", half)
    found, _ = told("scan", Processes(PLANS["scan"], SCANNERS["scan"], 2), [Source("a", file)])
    assert {each.rule for each in found} == {"pii/email"}
