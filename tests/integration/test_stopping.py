"""A check that is asked to end reports what it found, says so, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DIRTY = '{"message":"mail to anna.smith@gmail.com bounced"}\n'
QP = [sys.executable, "-c", "from quantapilot.cli import main; main()"]


def begun(folder: Path, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*QP, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def waiting_input(folder: Path) -> Path:
    """Make an input that nobody has written to its end yet."""
    os.mkfifo(folder / "b.jsonl")
    (folder / "a.jsonl").write_text(DIRTY)
    return folder / "b.jsonl"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_stopped_check_ends_at_once_with_a_report_that_says_so(
    tmp_path: Path, jobs: str, number: signal.Signals
) -> None:
    fifo = waiting_input(tmp_path)
    report = tmp_path / "report.json"
    options = ["--format", "json", "--output", str(report), "--jobs", jobs]
    run = begun(tmp_path, "scan", *options, "a.jsonl", "b.jsonl")
    with fifo.open("w"):
        # It has opened the second input, so the first one is checked.
        time.sleep(0.2)
        run.send_signal(number)
        assert run.wait(20) == 4
    found = json.loads(report.read_text())["findings"]
    assert [(each["path"], each["rule"]) for each in found] == [
        ("a.jsonl", "pii/email"),
        (found[-1]["path"], "input/interrupted"),
    ]
    assert number.name in found[-1]["message"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl", "report.json"]
    assert run.communicate()[1] == b""


def test_processes_end_when_the_one_that_reports_is_killed(tmp_path: Path) -> None:
    fifo = waiting_input(tmp_path)
    run = begun(tmp_path, "scan", "--jobs", "2", "b.jsonl", "a.jsonl")
    with fifo.open("w"):
        children = [int(each) for each in _children(run.pid)]
        assert len(children) == 2
        run.kill()
        run.wait()
        deadline = time.monotonic() + 20
        while any(_alive(each) for each in children):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    run.communicate()


def test_findings_in_a_followed_log_come_at_once_and_a_stop_is_its_normal_end(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    log.write_text("clean\n")
    run = begun(tmp_path, "scan", "--follow", "--format", "jsonl", "app.log")
    assert run.stdout is not None
    with log.open("a", buffering=1) as out:
        out.write("mail to anna.smith@gmail.com\n")
        assert json.loads(run.stdout.readline())["line"] == 2
        log.rename(tmp_path / "app.log.1")
        log.write_text("call +49 30 901820\n")
        first = json.loads(run.stdout.readline())
        assert (first["rule"], first["line"]) == ("pii/phone", 1)
    run.send_signal(signal.SIGTERM)
    out_, errors = run.communicate(timeout=20)
    summary = json.loads(out_)
    assert (run.returncode, errors) == (1, b"")
    assert (summary["files"], summary["documents"], summary["findings"]) == (2, 3, 2)


def test_a_long_check_shows_how_far_it_is_on_a_terminal_and_takes_it_away(tmp_path: Path) -> None:
    fifo = waiting_input(tmp_path)
    (tmp_path / "c.jsonl").write_text(DIRTY)
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    run = subprocess.Popen(
        [*QP, "scan", "a.jsonl", "b.jsonl", "c.jsonl"],
        cwd=tmp_path, env=environment, stdout=slave, stderr=slave, stdin=slave,
    )  # fmt: skip
    os.close(slave)
    seen = b""
    with fifo.open("w"):
        while b"%" not in seen:
            seen += os.read(master, 1000)
    while True:
        try:
            seen += os.read(master, 1000)
        except OSError:
            break
    assert run.wait(20) == 1
    os.close(master)
    # The bar's line is cleared before the report goes on.
    bar, _, rest = seen.rpartition(b"\x1b[2K")
    assert b"a.jsonl:1:" in seen
    assert b"c.jsonl:1:" in rest
    assert b"%" in bar
    assert b"%" not in rest


def _children(pid: int) -> list[str]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
            children = file.read().split()
        if len(children) == 2:
            return children
        time.sleep(0.05)
    return []


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
