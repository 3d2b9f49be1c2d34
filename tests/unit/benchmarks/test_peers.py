"""Other tools: their reports are read right; one that is missing or fails is told, not fatal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.measure import MB, MeasureError, Run, best, run
from benchmarks.peers import PEERS, Environment, Peer, Report, rate

if TYPE_CHECKING:
    from pathlib import Path

REPORTS: dict[str, Any] = {
    "Presidio": {"lines": [2, 5], "bytes": 10, "seconds": 0.5},
    "DataFog": {"lines": [2, 5], "bytes": 10, "seconds": 0.5},
    "gitleaks": [{"StartLine": 2}, {"StartLine": 5}, {"StartLine": 5}],
    "betterleaks": {
        "findings": [{"location": {"start_line": 2}}, {"location": {"start_line": 5}}],
    },
    "kingfisher": {"findings": [{"finding": {"line": 2}}, {"finding": {"line": 5}}]},
    "detect-secrets": {"results": {"file": [{"line_number": 2}, {"line_number": 5}]}},
}


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_the_flagged_lines_are_read_from_a_report(peer: Peer, tmp_path: Path) -> None:
    report = tmp_path / ("report.json" if peer.name == "betterleaks" else "report")
    report.write_text(json.dumps(REPORTS[peer.name]), "utf-8")
    assert peer.read(tmp_path / "report").lines == {2, 5}


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_a_tool_that_is_not_installed_is_told(peer: Peer, tmp_path: Path) -> None:
    env = Environment(tmp_path / "no such environment")
    assert not peer.installed(env)
    with pytest.raises(MeasureError, match="not installed"):
        peer.flagged(env, tmp_path / "file", tmp_path / "report")


def test_the_version_of_a_package_is_read_from_its_environment(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3" / "site-packages"
    metadata = packages / "some_tool-1.2.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: some_tool\nVersion: 1.2\n", "utf-8")
    env = Environment(tmp_path)
    assert env.version("some-tool") == "1.2"
    assert env.version("another") is None


def peer_that(runs: str, **more: Any) -> Peer:
    return Peer(
        "fake",
        "fake",
        "fake.py",
        frozenset({"token"}),
        lambda _env, _file, report, _seconds: [sys.executable, "-c", runs, str(report)],
        lambda report: Report(frozenset(json.loads(report.read_bytes()))),
        **more,
    )


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    packages = tmp_path / "lib" / "site-packages"
    (packages / "fake-1.dist-info").mkdir(parents=True)
    (packages / "fake-1.dist-info" / "METADATA").write_text("Name: fake\nVersion: 1\n", "utf-8")
    (packages / "fake.py").touch()
    return Environment(tmp_path)


def test_a_tool_that_fails_says_why(env: Environment, tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="code 3: no disk"):
        peer_that("import sys; print('no disk', file=sys.stderr); sys.exit(3)").flagged(
            env, tmp_path / "file", tmp_path / "report"
        )


def test_a_report_that_makes_no_sense_is_told(env: Environment, tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="report can't be read"):
        peer_that("pass").flagged(env, tmp_path / "file", tmp_path / "report")


def test_a_code_that_means_findings_is_no_fault(env: Environment, tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write('[7]'); sys.exit(205)"
    peer = peer_that(script, exits=(0, 205))
    assert peer.flagged(env, tmp_path / "file", tmp_path / "report") == {7}


def test_a_tool_that_times_itself_is_believed() -> None:
    took = Run(10, 10, 1)
    assert rate(took, Report(frozenset(), 4 * MB, 2), 99 * MB) == 2
    assert rate(took, Report(frozenset()), 50 * MB) == 5


def test_a_command_is_measured_in_time_processor_time_and_memory() -> None:
    took = run([sys.executable, "-c", "x = bytearray(60_000_000); sum(range(10**6))"])
    assert took.seconds > 0
    assert took.cpu_seconds > 0
    assert took.peak_mib > 60


def test_the_memory_of_the_one_who_measures_does_not_count() -> None:
    ballast = bytearray(200_000_000)
    took = run([sys.executable, "-c", "pass"])
    assert took.peak_mib < 100
    assert ballast


def test_a_command_that_takes_too_long_is_ended() -> None:
    with pytest.raises(MeasureError, match="took over"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="can't be started"):
        run([tmp_path / "nothing"])


def test_the_best_run_is_the_quickest_with_the_most_memory_of_all() -> None:
    assert best([Run(2, 2, 5), Run(1, 1, 3)]) == Run(1, 1, 5)
