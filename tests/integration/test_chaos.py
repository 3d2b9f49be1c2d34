"""The proof by destruction, a short run of it: killed over and over, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.program import call

from quantapilot.chaos.proof import Plan, Verdict, prove

if TYPE_CHECKING:
    from pathlib import Path


def test_no_acknowledged_event_is_lost_when_the_emitter_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    verdict = prove(Plan(kills=6, seconds=0.8, seed=5), tmp_path, said.append)
    assert verdict.holds, verdict
    assert (verdict.lost, verdict.changed, verdict.leaked, verdict.unverified) == (0, 0, 0, 0)
    assert verdict.kills == 6
    assert verdict.acknowledged > 500
    assert verdict.refused > 5
    assert verdict.failures > 0
    assert said[-1] == "delivering what is left"


def test_the_command_tells_how_it_ended(tmp_path: Path) -> None:
    code, out, err = call("chaos", "--kills", "1", "--seconds", "0.3", "--folder", str(tmp_path))
    assert (code, err) == (0, "")
    assert "1 kills" in out or "1 kill" in out
    assert "nothing was lost" in out
    assert (tmp_path / "chaos.db").exists()


def test_an_earlier_outbox_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "chaos.db").write_bytes(b"")
    code, _, err = call("chaos", "--kills", "1", "--folder", str(tmp_path))
    assert code == 4
    assert "empty folder" in err


@pytest.mark.parametrize("wrong", ["lost", "changed", "leaked", "unverified"])
def test_one_wrong_event_fails_the_proof(wrong: str) -> None:
    verdict = Verdict(kills=1, acknowledged=10, refused=1)
    assert verdict.holds
    setattr(verdict, wrong, 1)
    assert not verdict.holds


def test_a_proof_without_events_proves_nothing() -> None:
    assert not Verdict(kills=1).holds
