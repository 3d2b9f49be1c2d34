"""`--jobs`: whatever a check is asked, several processes report what one does, byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.program import call
from tests.repositories import be_alone, commit, git, stage

if TYPE_CHECKING:
    from pathlib import Path

MAIL = "anna.berg@firma-nord.de"
QUIET = "2025-08-19T06:00:11Z INFO step done\n"
DIRTY = f"2025-08-19T06:00:12Z INFO mail of {MAIL}\n"
OTHER = "2025-08-19T06:00:12Z INFO from +49 30 901820 at 10.1.2.3\n"
EXCUSED = f"2025-08-19T06:00:12Z INFO to {MAIL}  qp:allow[pii/email] -- a test of excuses\n"
# A report tells how long the check took.
_TIME = re.compile(r'"elapsed_s": ?[0-9.]+|\b[0-9.]+ m?s\b|[0-9.]+ [kMG]?i?B/s')


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    be_alone(monkeypatch)
    monkeypatch.setattr("quantapilot.scale.processes.PART_BYTES", 4096)
    git("init", "--quiet")
    before = QUIET * 300 + DIRTY + QUIET * 200
    commit({"a.log": before, "b.log": DIRTY * 3, "c.txt": QUIET * 9})
    stage({"a.log": before + EXCUSED + QUIET * 300 + DIRTY + OTHER * 2, "b.log": DIRTY * 5})


def told(*arguments: str) -> tuple[int, str]:
    """Return how a check ended and its report, without times."""
    code, out, err = call(*arguments)
    return code, _TIME.sub("…", out + err)


@pytest.mark.parametrize("form", ["text", "sarif"])
@pytest.mark.parametrize(
    "asked",
    [
        (".",),
        ("--staged",),
        ("--since", "HEAD"),
        ("--fix-hint", "a.log"),
        ("--baseline", "accepted.json", "."),
        ("a.log", "missing.log", "b.log"),
    ],
    ids=" ".join,
)
def test_processes_report_what_one_reports(asked: tuple[str, ...], form: str) -> None:
    if "--baseline" in asked:
        assert call("baseline", "create", "--baseline", "accepted.json", "b.log")[0] == 0
    one, two = (told("scan", "--format", form, "--jobs", jobs, *asked) for jobs in ("1", "3"))
    assert two == one
    assert one[0] == (4 if "missing.log" in asked else 1)
