"""Dask: its workers report what one process reports, and one that is killed changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from distributed import Client, LocalCluster
from tests.scale.corpus import DIRTY, write_lines

from quantapilot.config import load_config
from quantapilot.errors import ClusterError
from quantapilot.findings import Summary
from quantapilot.gate.project import Project
from quantapilot.gate.runs import Terms, scanned
from quantapilot.inputs.sources import Source, sources
from quantapilot.scale import dask_
from quantapilot.scale.dask_ import cluster
from quantapilot.scale.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quantapilot.findings import Finding
    from quantapilot.gate.workers import Workers

    Seen = tuple[list[Finding], Summary]

QP = [sys.executable, "-c", "from quantapilot.cli import main; main()"]


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def told(paths: list[Path], workers: Callable[..., Workers] | None) -> Seen:
    project, summary = Project(load_config(None)), Summary()
    inputs = sources(map(str, paths))
    found = list(scanned(project, summary, inputs, Terms(workers=workers)))
    summary.consumed = 0
    return found, summary


def test_the_command_reports_the_same_on_a_cluster_of_its_own(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", 3000)
    (tmp_path / "b.txt").write_bytes(DIRTY)
    reports = []
    for options in (["--engine", "dask", "--jobs", "2"], ["--jobs", "1"]):
        done = subprocess.run(
            [*QP, "scan", "--format", "json", *options, "a.jsonl", "b.txt"],
            cwd=tmp_path, capture_output=True, timeout=90, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, b"")
        report = json.loads(done.stdout)
        report["summary"].pop("elapsed_s")
        reports.append(report)
    assert reports[0] == reports[1]


def test_a_worker_killed_in_the_middle_changes_no_finding(
    tmp_path: Path, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_, "PARTITION_BYTES", 100_000)
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file in files:
        write_lines(file, 40_000)
    one = told(files, None)
    before = {name: worker["pid"] for name, worker in _workers(local).items()}
    killed: list[int] = []

    def kill() -> None:
        # In the middle: some partitions are done, most are not.
        with Client(local, set_as_default=False) as client:
            while not any(_done(client)):
                time.sleep(0.01)
        killed.append(next(iter(before.values())))
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    two = told(files, cluster(local.scheduler_address, None))
    thread.join()
    assert killed
    assert {worker["pid"] for worker in _workers(local).values()} != set(before.values())
    assert two == one
    assert len(one[0]) > 500


def test_a_stop_in_the_middle_ends_the_cluster_too_and_the_report_says_so(tmp_path: Path) -> None:
    # Eight partitions, of which two are done when the first finding is told.
    (tmp_path / "a.txt").write_bytes(DIRTY)
    write_lines(tmp_path / "b.jsonl", 2_000_000)
    run = subprocess.Popen(
        [*QP, "scan", "--engine", "dask", "--jobs", "2", "--format", "jsonl", "a.txt", "b.jsonl"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    lines = [run.stdout.readline()]
    # As a terminal does: all processes hear of it.
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    lines += out.splitlines()
    assert (run.returncode, err) == (4, b"")
    assert json.loads(lines[0])["path"] == "a.txt"
    assert json.loads(lines[-2])["rule"] == "input/interrupted"
    assert len(lines) < 2_000_000 / 40
    deadline = time.monotonic() + 10
    while _group_lives(run.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_scheduler_that_goes_away_is_told_and_leaves_no_report(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", 2_000_000)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as gone:
        options = ["--engine", f"dask={gone.scheduler_address}", "--format", "jsonl"]
        run = subprocess.Popen(
            [*QP, "scan", *options, "--output", "report.jsonl", "a.jsonl"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with Client(gone, set_as_default=False) as client:
            while not any(_done(client)):
                time.sleep(0.01)
    out, err = run.communicate(timeout=90)
    assert (run.returncode, out) == (4, b"")
    assert err.startswith(b"qp: the Dask cluster could not look at the inputs: ")
    assert err.count(b"\n") == 1
    assert not (tmp_path / "report.jsonl").exists()


def test_no_scheduler_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_, "_CONNECTED_WITHIN", "1s")
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9:"):
        told([], cluster("tcp://127.0.0.1:9", None))


def test_what_fails_on_a_worker_shows_nothing_of_the_input_in_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(DIRTY)

    worker = SimpleNamespace(plugins={"run": SimpleNamespace(scanner=None)})
    monkeypatch.setattr(dask_, "get_worker", lambda: worker)
    monkeypatch.setattr(dask_, "look", fail)
    with pytest.raises(ClusterError, match=r"internal fault: ValueError at test_dask\.py") as told:
        dask_._looked([Part(Source("a.txt", None))], "run")
    assert "anna.smith" not in "".join(traceback.format_exception(told.value))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _workers(local: Any) -> dict[str, Any]:
    with Client(local, set_as_default=False) as client:
        workers: dict[str, Any] = client.run(lambda: {"pid": os.getpid()})
    return workers


def _done(client: Any) -> list[bool]:
    seen = client.run_on_scheduler(
        lambda dask_scheduler: [task.state == "memory" for task in dask_scheduler.tasks.values()]
    )
    return list(seen)
