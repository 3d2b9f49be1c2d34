"""Apache Spark on a cluster of several processes: its findings are those of `qp scan`."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import runpy
import shutil
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from quantapilot.config import Config, load_config
from quantapilot.errors import QuantaPilotError
from quantapilot.findings import Summary
from quantapilot.gate.plan import Plan, plan_for
from quantapilot.gate.project import Project
from quantapilot.gate.runs import Terms, scanned
from quantapilot.inputs.sources import sources
from quantapilot.reports.json_ import finding_fields, summary_fields

pytest.importorskip("pandas", reason="mapInArrow of PySpark asks for it")
pyspark_sql = pytest.importorskip("pyspark.sql")

from quantapilot.scale import parts as cut  # noqa: E402
from quantapilot.scale import spark, spark_worker  # noqa: E402
from quantapilot.scale.spark_rows import row_findings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PART = 1 << 17
WAIT = 60


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("spark")
    environment = {
        # Executors start Python by this name, and find the package where this process does.
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    patched = pytest.MonkeyPatch()
    for name, value in environment.items():
        patched.setenv(name, value)
    # Nothing here runs long enough to be worth much compiling.
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": quick,
        "spark.driver.host": "127.0.0.1",
        "spark.executor.extraJavaOptions": quick,
        "spark.executor.memory": "512m",
        "spark.log.level": "OFF",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = pyspark_sql.SparkSession.builder.master("local-cluster[2,1,512]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    # A cluster of this kind leaves the logs of its executors within the package.
    left = Path(pyspark_sql.__file__).parents[1] / "work" / made.sparkContext.applicationId
    yield made
    made.stop()
    shutil.rmtree(left, ignore_errors=True)
    patched.undo()


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_for(Config())


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A folder of what a lake holds: large, small, packed, empty and broken files."""
    with (tmp_path / "a.jsonl").open("w", encoding="utf-8") as file:
        for number in range(6000):
            told = f"asked by u{number}@corp.example.com" if number % 500 == 7 else "ok"
            file.write(json.dumps({"number": number, "note": told, "text": "é" * 20}) + "\n")
    (tmp_path / "b.jsonl").write_text('{"note": "call +49 30 90182345"}\n\n{"user": 1}\n')
    (tmp_path / "c.txt").write_text("Dear reader,\n\nwrite to jo@corp.example.com\n")
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(b'{"ip": "203.0.113.7"}\n' * 3))
    (tmp_path / "e.txt").write_bytes(b"")
    return tmp_path


def one_process(*paths: str) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Return what `qp scan` reports in one process."""
    summary = Summary()
    found = scanned(Project(Config()), summary, sources(paths), Terms())
    fields = [finding_fields(finding) for finding in found]
    return sorted(fields, key=str), summary_fields(summary)


def cluster(session: Any, plan: Plan, *paths: str) -> tuple[list[dict[str, object]], Summary]:
    """Return what a cluster finds, in one pass over the inputs."""
    seen = spark.look(spark.parts(session, sources(paths), plan, PART), plan).persist()
    fields = [row.asDict() for row in spark.findings(seen).collect()]
    summary = spark.summary(seen)
    seen.unpersist()
    return sorted(fields, key=str), summary


def test_a_cluster_finds_what_one_process_finds_at_the_same_places(
    session: Any, plan: Plan, lake: Path
) -> None:
    paths = (str(lake), str(lake / "missing.jsonl"), str(lake / "b.jsonl"))
    found, summary = one_process(*paths)

    got, counted = cluster(session, plan, *paths)

    assert got == found
    assert len({each["path"] for each in got}) == 5
    assert summary_fields(counted) == summary
    assert counted.exit_code == 4


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("victim", ["executor", "python worker"])
def test_what_a_killed_worker_had_is_looked_at_again_and_counted_once(
    session: Any, plan: Plan, lake: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    found, summary = one_process(str(lake / "a.jsonl"), str(lake / "b.jsonl"), str(lake / "c.txt"))
    # A pipe holds up whoever reads it, until this test has killed it. Else no pipe would travel.
    monkeypatch.setattr(cut, "portable", lambda _: True)
    pipe = lake / "b.jsonl"
    content = pipe.read_bytes()
    pipe.unlink()
    os.mkfifo(pipe)
    paths = [str(lake / name) for name in ("a.jsonl", "b.jsonl", "c.txt")]

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(cluster, session, plan, *paths)
        held = to_reader(pipe, running)
        reader = reader_of(pipe)
        os.kill(executor_of(reader) if victim == "executor" else reader, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{reader}/fd").exists() or not open_in(reader, pipe))
        os.close(held)
        again = to_reader(pipe, running)
        assert reader_of(pipe) != reader
        os.write(again, content)
        os.close(again)
        got, counted = running.result(WAIT)

    assert got == found
    assert summary_fields(counted) == summary


def test_rows_are_told_by_column_and_key_and_a_key_that_is_personal_data_is_not(
    session: Any, plan: Plan
) -> None:
    rows = [
        (1, "clean", {"mail": "x"}, b"ok", "k1"),
        (2, "asked by u2@corp.example.com", {"mail": "u3@corp.example.com"}, b"ok", "k2"),
        (3, "fine", {"mail": "x"}, b"u4@corp.example.com", "u5@corp.example.com"),
    ]
    frame = session.createDataFrame(
        rows, "id int, note string, `who.is` struct<mail: string>, raw binary, tag string"
    )

    found = row_findings(
        frame, plan, ["id", "note", "who.is", "raw"], ["id", "tag"], name="lake.people"
    ).collect()

    told = [(row["key"]["id"], row["key"]["tag"], row["pointer"]) for row in found]
    assert sorted(told, key=str) == [
        (2, "k2", "/note"),
        (2, "k2", "/who.is/mail"),
        (3, None, "/raw"),
        (3, None, "/tag"),
    ]
    assert {row["path"] for row in found} == {"lake.people"}
    assert {row["line"] for row in found} == {None}
    assert "u5@" not in str(found)


def test_rows_are_held_to_the_contract(session: Any) -> None:
    plan = plan_for(load_config(ROOT / "pyproject.toml"), contract=True)
    events = session.read.json(str(ROOT / "examples/events/events.jsonl"))
    one = events.limit(1).withColumn("note", events["type"])

    rules = {row["rule"] for row in row_findings(one, plan, kind="events").collect()}

    assert "contract/unknown-field" in rules


def test_the_example_writes_findings_and_summary_and_ends_as_qp_scan_does(
    session: Any, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session is not None
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["scan_lake.py", str(out), str(lake / "c.txt")])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "examples/spark/scan_lake.py"), run_name="__main__")

    assert ended.value.code == 1
    assert json.loads((out / "summary.json").read_text())["findings"] == 1
    lines = [
        json.loads(line)
        for part in (out / "findings").glob("part-*.json")
        for line in part.read_text().splitlines()
    ]
    assert lines == one_process(str(lake / "c.txt"))[0]


def test_what_the_programs_of_the_page_import_is_there() -> None:
    page = (ROOT / "docs/spark.md").read_text("utf-8")
    imports = re.findall(r"^from .* import .*$", page, re.MULTILINE)
    assert len(imports) == 6
    exec("\n".join(imports), {})


def test_an_executor_with_another_version_says_so(plan: Plan) -> None:
    with pytest.raises(QuantaPilotError, match=r"the driver has 0\.0\.1: install the same"):
        spark_worker.scanner_of(pickle.dumps(replace(plan, version="0.0.1")))


def test_an_error_within_a_worker_shows_no_value() -> None:
    def look() -> None:
        raise ValueError("u6@corp.example.com")

    with pytest.raises(QuantaPilotError, match=r"^internal fault: ValueError at test_spark") as got:
        spark_worker.telling(look)
    assert got.value.__cause__ is None
    assert got.value.__context__ is None


def to_reader(pipe: Path, running: Future[Any]) -> int:
    """Open a pipe for writing as soon as the job that runs reads it."""
    opened: list[int] = []

    def tried() -> bool:
        assert not running.done() or running.result() is None
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    until(tried)
    return opened[0]


def reader_of(pipe: Path) -> int:
    """Return the other process that has a pipe open."""
    found: list[int] = []

    def looked() -> bool:
        pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        found.extend(pid for pid in pids if pid != os.getpid() and open_in(pid, pipe))
        return bool(found)

    until(looked)
    return found[0]


def open_in(pid: int, file: Path) -> bool:
    try:
        return any(each.readlink() == file for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def executor_of(pid: int) -> int:
    """Return the executor that a Python worker belongs to."""
    while b"CoarseGrainedExecutorBackend" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        assert pid > 1
    return pid


def until(holds: Any) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
