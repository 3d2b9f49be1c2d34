"""`qp report merge`: the reports of several jobs are as that of one, and none is lost unnoticed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.program import call
from tests.reporting import report, told

from quantapilot.findings import Summary
from quantapilot.gate.merging import merged
from quantapilot.inputs.rules import INPUT_RULES

if TYPE_CHECKING:
    from quantapilot.findings import Finding

EMPTY = told("input/empty", "there is nothing in it", severity="warning")
FORMATS = ["json", "jsonl", "parquet"]
PLANTED = ("alice@example.com", "+1-202-555-0143")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: inputs that are dirty, clean and empty."""
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    lines = [{"message": f"mail to {PLANTED[0]}"}, {"message": f"call {PLANTED[1]}"}]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (tmp_path / "dirty.jsonl").write_text(text, "utf-8")
    (tmp_path / "odd \x1b[31m.txt").write_text(f"mail to {PLANTED[0]}\n", "utf-8")
    (tmp_path / "clean.txt").write_text("all is well\n", "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scanned(name: str, *inputs: str, form: str = "json") -> str:
    """Write the report of a scan, and return its name."""
    call("scan", "--format", form, "--output", name, *inputs)
    return name


def summary_of(*reports: str) -> tuple[int, dict[str, Any]]:
    code, out, err = call("report", "merge", "--format", "json", *reports)
    assert err == ""
    summary: dict[str, Any] = json.loads(out)["summary"]
    return code, summary


@pytest.mark.parametrize("form", FORMATS)
def test_one_report_merged_is_itself_in_every_format(form: str, folder: Path) -> None:
    inputs = ("dirty.jsonl", "odd \x1b[31m.txt", "nowhere")
    name = scanned("a", *inputs, form=form)
    for other in FORMATS:
        assert call("report", "merge", name, "--format", other, "--output", "b")[0] == 4
        assert call("report", "merge", "b", "--format", form, "--output", "c")[0] == 4
        assert (folder / "c").read_bytes() == (folder / "a").read_bytes()
        assert not any(value.encode() in (folder / "b").read_bytes() for value in PLANTED)
    assert list(folder.glob(".*.tmp")) == []


@pytest.mark.parametrize("form", ["junit", "sarif"])
@pytest.mark.usefixtures("folder")
def test_the_reports_of_two_jobs_are_that_of_one(form: str) -> None:
    inputs = ("dirty.jsonl", "clean.txt", "nowhere")
    reports = [scanned(f"{at}", each, form=FORMATS[at]) for at, each in enumerate(inputs)]
    assert call("report", "merge", "--format", form, *reports) == call(
        "scan", "--format", form, *inputs
    )
    code, summary = summary_of(*reports)
    assert code == 4
    assert (summary["files"], summary["documents"], summary["findings"]) == (2, 3, 3)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([["clean.txt"], ["dirty.jsonl"]], 1),
        ([["clean.txt"], ["clean.txt", "empty.txt"]], 0),
        ([["clean.txt"], ["empty.txt"]], 0),
        ([["empty.txt"], ["empty.txt"]], 3),
        ([["clean.txt"], ["none"]], 4),
        ([["dirty.jsonl"], ["none"]], 4),
        ([["clean.txt"], ["*.none"]], 3),
    ],
    ids=str,
)
@pytest.mark.usefixtures("folder")
def test_the_exit_code_is_that_of_one_run(inputs: list[list[str]], code: int) -> None:
    reports = [scanned(f"{at}.json", *each) for at, each in enumerate(inputs)]
    assert summary_of(*reports)[0] == code
    assert call("scan", *dict.fromkeys(each for part in inputs for each in part))[0] == code


@pytest.mark.parametrize(("findings", "code"), [((), 0), ((EMPTY,), 3)], ids=["alone", "beside"])
def test_a_contract_is_clean_alone_and_nothing_beside_empty_inputs(
    findings: tuple[Finding, ...], code: int, folder: Path
) -> None:
    text = report("json", findings, documents=278, bytes=0)
    (folder / "a.json").write_text(text, "utf-8")
    assert summary_of("a.json")[0] == code


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_that_was_cut_off_is_told_and_the_others_are_merged(
    form: str, folder: Path
) -> None:
    cut = folder / scanned("cut", "dirty.jsonl", form=form)
    cut.write_bytes(cut.read_bytes()[:-5])
    whole = scanned("whole", "dirty.jsonl")
    code, out, _ = call("report", "merge", "cut", whole)
    assert code == 4
    assert INPUT_RULES["input/interrupted"].fix in out
    assert out.count("pii/phone  ") == (1 if form == "parquet" else 2)


@pytest.mark.usefixtures("folder")
def test_what_is_no_report_is_told_and_never_shown(folder: Path) -> None:
    (folder / "a.txt").write_text(f"{PLANTED[0]}\n", "utf-8")
    (folder / "b.parquet").write_bytes(f"PAR1 {PLANTED[0]} PAR1".encode())
    code, out, err = call("report", "merge", "a.txt", "dirty.jsonl", "b.parquet", "none", ".")
    assert (code, err) == (4, "")
    assert [line.split("  ")[::2] for line in out.splitlines() if "  error  " in line] == [
        ["a.txt", "input/not-a-report"],
        ["dirty.jsonl", "input/not-a-report"],
        ["b.parquet", "input/not-a-report"],
        ["none", "input/missing-file"],
        [".", "input/unreadable"],
    ]
    assert not any(value in out for value in PLANTED)


def test_what_a_report_says_can_neither_steer_a_terminal_nor_end_in_a_clean_run(
    folder: Path,
) -> None:
    name = folder / scanned("a.json", "nowhere")
    held = json.loads(name.read_bytes())
    held["findings"][0] |= {"rule": "input/later", "help": "\x1b[2J\n::warning::x"}
    held["summary"]["by_rule"] = {"input/later": 1}
    name.write_text(json.dumps(held), "utf-8")
    for form in ("text", "github", "junit"):
        code, out, _ = call("report", "merge", "--format", form, "a.json")
        assert code == 4
        assert "\x1b" not in out
        assert not any(line.startswith("::warning") for line in out.splitlines())


@pytest.mark.usefixtures("folder")
def test_names_that_would_count_twice_are_refused() -> None:
    name = scanned("a.json", "dirty.jsonl")
    before = Path(name).read_bytes()
    for arguments in ([name, f"./{name}"], [name, "--output", name], []):
        code, out, err = call("report", "merge", *arguments)
        assert (code, out) == (2, "")
        assert "Error: " in err
    assert Path(name).read_bytes() == before
    code, _, err = call("report", "merge", "https://me:SECRET@host/a.json")
    assert (code, "SECRET" in err) == (2, False)
    assert "https://host/a.json is an address, and only files are merged" in err


@pytest.mark.usefixtures("folder")
def test_a_table_goes_to_a_pipe_and_to_no_terminal() -> None:
    program = str(Path(sys.executable).with_name("qp"))
    command = [program, "scan", "--format", "parquet", "dirty.jsonl"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 1
    rows = pq.read_table(pa.BufferReader(done.stdout))
    assert rows["rule"].to_pylist() == ["pii/email", "pii/phone"]
    ours, theirs = pty.openpty()
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"--output FILE" in done.stderr


@pytest.mark.usefixtures("folder")
def test_a_missing_extra_is_told_before_and_while_reports_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = scanned("a.parquet", "dirty.jsonl", form="parquet")
    monkeypatch.delitem(sys.modules, "quantapilot.reports.parquet", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = call("scan", "--format", "parquet", "--output", "b.parquet", "dirty.jsonl")
    assert (code, out, Path("b.parquet").exists()) == (4, "", False)
    assert "quantapilot-contract[parquet]" in err
    (found,) = merged([Path(name)], Summary())
    assert found.rule == "input/needs-extra"
