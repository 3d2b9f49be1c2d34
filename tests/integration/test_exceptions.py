"""Exceptions with a reason: comments in text and code, allowances for JSON in the configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.program import call

from quantapilot.errors import ExitCode

CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode
MAIL = "alice@corp.example.com"
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": f"to {MAIL}"}
OPEN = "qp:allow["


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def scanned(*arguments: str, command: str = "scan") -> list[tuple[str, str, Any]]:
    """Return rule, path and line of what a run reports."""
    report = json.loads(call(command, "--format", "json", *arguments)[1])
    return [(each["rule"], each["path"], each["line"]) for each in report["findings"]]


def write(name: str, *lines: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def allow(**keys: str) -> str:
    given = {"path": "a.json", "rule": "pii/email", "reason": "a role"} | keys
    lines = [f'{key} = {value if key == "expires" else json.dumps(value)}'
             for key, value in given.items()]  # fmt: skip
    return "\n".join(["[[allow]]", *lines, ""])


def configure(*tables: str, top: str = "") -> None:
    write("quantapilot.toml", top, *tables)


# --- comments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.py", "notes.txt", "README.md", "Makefile", "app.toml"])
@pytest.mark.parametrize(
    "lines",
    [
        (f"to {MAIL}  # {OPEN}pii/email] our own address",),
        (f"# {OPEN}pii/email] our own address", f"to {MAIL}"),
        (f"    // {OPEN}pii/email]   our own address", f"to {MAIL}"),
        (f"<!-- {OPEN}pii/email] our own address -->", f"to {MAIL}"),
        (f"REM {OPEN}pii/email] our own address", f"to {MAIL}"),
        (f"to {MAIL} from 9.9.9.9  -- {OPEN}pii/email, pii/ip-v4] our own",),
        (f"to {MAIL} 9.9.9.9 {OPEN}pii/email] our own {OPEN}pii/ip-v4] too",),
        ("x" * 70_000, f"to {MAIL} # {OPEN}pii/email] адреса"),
    ],
    ids=["behind", "above", "slashes", "markup", "word", "two rules", "two comments", "far"],
)
def test_a_comment_with_a_reason_excuses_its_line_or_the_next(
    name: str, lines: tuple[str, ...]
) -> None:
    write(name, *lines)
    code, out, _ = call("scan", ".")
    assert code == CLEAN
    assert "; allowed " in out
    assert out.endswith("\nclean\n")
    assert json.loads(call("scan", "--format", "json")[1])["summary"]["allowed"] >= 1


@pytest.mark.parametrize(
    "lines",
    [
        (f"# {OPEN}pii/email] our own address", "", f"to {MAIL}"),
        (f"to {MAIL}", f"# {OPEN}pii/email] our own address"),
        (f"x = 1  # {OPEN}pii/email] our own address", f"to {MAIL}"),
        (f"# {OPEN}pii/email] ask {MAIL}",),
        (f"x = 1  # {OPEN}pii/email] ask {MAIL}",),
        (f"# {OPEN}pii/ip-v4] not this", f"to {MAIL}"),
        (f'["{OPEN}pii/email] said so"]', f"to {MAIL}"),
    ],
    ids=["a line between", "below", "behind code", "itself above", "itself", "other rule", "json"],
)
def test_a_comment_excuses_nothing_else(lines: tuple[str, ...]) -> None:
    write("a.txt", *lines)
    rules = [rule for rule, _, _ in scanned()]
    assert "pii/email" in rules
    assert call("scan")[0] == FOUND


def test_a_log_cannot_excuse_itself() -> None:
    excused = f"to {MAIL} {OPEN}pii/email] said so"
    lines = (json.dumps({**RECORD, "message": excused}), json.dumps({"a": 1}))
    write("a.jsonl", *lines)
    write("b.json", *lines)
    write("c.txt", *lines)
    write("d.txt", "text", *lines)
    write("e.log", "text", excused)
    write("f.log.1", "text", excused)
    write("logs/g.txt", "text", excused)
    configure(top='logs = ["logs/*"]')
    found = scanned()
    assert {path for rule, path, _ in found if rule == "pii/email"} == {
        "a.jsonl", "b.json", "c.txt", "d.txt", "e.log", "f.log.1", "logs/g.txt",
    }  # fmt: skip
    code, out, _ = call("scan", "-", stdin=f"text\n{excused}\n".encode())
    assert code == FOUND
    assert "pii/email" in out
    write("h.txt", "text", excused)
    assert scanned("h.txt") == []
    assert "pii/email" in {rule for rule, _, _ in scanned("h.txt", command="validate:api")}


@pytest.mark.parametrize(
    ("comment", "rule", "told"),
    [
        (f"{OPEN}pii/email]", "allow-reason", "says no reason"),
        (f"{OPEN}pii/email] -->", "allow-reason", "says no reason"),
        (f"{OPEN}pii/emial] own", "allow-unknown-rule", "did you mean 'pii/email'?"),
        (f"{OPEN}email] own", "allow-unknown-rule", "did you mean 'pii/email'?"),
        (f"{OPEN}] own", "allow-unknown-rule", "names no rule"),
        (f"{OPEN}pii/email own", "allow-unknown-rule", "no ']' ends its rules"),
        (f"{OPEN}pii/*] own", "allow-overbroad", "a pattern stands for rules"),
        (f"{OPEN}*] own", "allow-overbroad", "a pattern stands for rules"),
        (f"{OPEN}input/unreadable] own", "allow-overbroad", "can't be excused"),
        (f"{OPEN}input/allow-reason] own", "allow-overbroad", "can't be excused"),
    ],
)
def test_a_faulty_comment_is_an_error_at_its_place_and_excuses_nothing(
    comment: str, rule: str, told: str
) -> None:
    write("a.txt", "text", f"to {MAIL}  # {comment}")
    report = json.loads(call("scan", "--format", "json")[1])["findings"]
    (fault,) = [each for each in report if each["rule"] != "pii/email"]
    assert (fault["rule"], fault["line"]) == (f"input/{rule}", 2)
    assert fault["column"] == len(f"to {MAIL}  # {OPEN}") + 1
    assert told in fault["message"]
    assert fault["severity"] == "error"
    assert len(report) == 2
    assert call("scan")[0] == FOUND


def test_a_fault_shows_nothing_of_what_was_written() -> None:
    write("a.txt", f"{OPEN}123-45-6789, Alice Smith] {MAIL}")
    _, out, _ = call("scan")
    assert "allow-unknown-rule" in out
    for value in ("123-45-6789", "Alice", MAIL):
        assert value not in out


def test_a_comment_that_excuses_nothing_is_told_where_its_rule_was_looked_for() -> None:
    write("a.txt", "text", f"nothing  # {OPEN}pii/email] our own", f"# {OPEN}pii/ip-v4] own", "x")
    assert scanned() == [
        ("input/allow-unused", "a.txt", 2),
        ("input/allow-unused", "a.txt", 3),
    ]
    assert call("scan")[0] == CLEAN
    only = scanned("--select", "pii/email", "--select", "input/*")
    assert only == [("input/allow-unused", "a.txt", 2)]
    assert scanned("--ignore", "input/allow-unused") == []


def test_what_only_looks_like_a_comment_is_text() -> None:
    write("a.txt", f'text = b"{OPEN}"', f"written {OPEN}…] reason", f"{OPEN}<rule>] reason")
    assert scanned() == []


def test_comments_are_found_across_blocks() -> None:
    lines = ["x" * 99] * 10_000 + ["y" * 75, f"# {OPEN}pii/email] own", f"to {MAIL}"] * 400
    write("a.txt", *lines)
    assert Path("a.txt").stat().st_size > 1 << 20
    assert scanned() == []
    write("a.txt", *lines, f"to {MAIL}")
    assert scanned() == [("pii/email", "a.txt", len(lines) + 1)]


# --- allowances of the configuration ----------------------------------------------------------


def test_an_allowance_excuses_a_place_in_json() -> None:
    write("a.json", json.dumps({"users": [{"mail": MAIL}, {"mail": MAIL}], "note": MAIL}))
    configure(allow(pointer="/users/*/mail"))
    report = json.loads(call("scan", "--format", "json")[1])
    assert [each["pointer"] for each in report["findings"]] == ["/note"]
    assert report["summary"]["allowed"] == 2
    configure(allow(pointer="/users/0/mail"), allow(pointer="/note"))
    report = json.loads(call("scan", "--format", "json")[1])
    assert [each["pointer"] for each in report["findings"]] == ["/users/1/mail"]


@pytest.mark.parametrize("path", ["data/a.jsonl", "/data/", "*.jsonl", "data/**"])
def test_an_allowance_names_files_as_gitignore_does(path: str, project: Path) -> None:
    write("data/a.jsonl", json.dumps(RECORD))
    configure(allow(path=path))
    assert call("scan")[0] == CLEAN
    assert call("scan", str(project / "data" / "a.jsonl"))[0] == CLEAN
    assert call("validate:api", "data/a.jsonl")[0] == CLEAN
    write("b.txt", MAIL)
    assert scanned() == [("pii/email", "b.txt", 1)]


def test_an_allowance_holds_through_its_last_day() -> None:
    write("a.json", json.dumps({"m": MAIL}))
    configure(allow(expires="9999-12-31"))
    assert call("scan")[0] == CLEAN
    configure(allow(expires="2001-01-01"))
    assert scanned() == [("pii/email", "a.json", 1), ("input/allow-expired", "quantapilot.toml", 2)]
    assert "held until 2001-01-01" in call("scan")[1]


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"reason": ""}, "allow-reason"),
        ({"reason": " - "}, "allow-reason"),
        ({"rule": "pii/e-mail"}, "allow-unknown-rule"),
        ({"rule": "pii/*"}, "allow-overbroad"),
        ({"path": "**"}, "allow-overbroad"),
        ({"path": "*"}, "allow-overbroad"),
        ({"path": "/**/*"}, "allow-overbroad"),
        ({"rule": "input/too-deep"}, "allow-overbroad"),
    ],
)
def test_a_faulty_allowance_is_an_error_and_excuses_nothing(
    keys: dict[str, str], rule: str
) -> None:
    write("a.json", json.dumps({"m": MAIL}))
    configure("", allow(**keys))
    assert scanned() == [("pii/email", "a.json", 1), (f"input/{rule}", "quantapilot.toml", 3)]
    assert call("scan")[0] == FOUND


def test_all_files_may_be_named_where_a_pointer_narrows_them() -> None:
    write("a.json", json.dumps({"m": MAIL, "n": MAIL}))
    configure(allow(path="**", pointer="/m"))
    assert [rule for rule, _, _ in scanned()] == ["pii/email"]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[[allow]]\npath = "a"\nrule = "pii/email"', ":1: 'allow' has no 'reason'"),
        (allow(pointr="/a"), ":5: 'allow' has the unknown key 'pointr', did you mean 'pointer'?"),
        (allow(expires='"2030-01-01"'), ":5: 'allow' needs as 'expires' a date such as"),
        (allow(pointer="a"), ":5: 'allow' needs as 'pointer' an RFC 6901 pointer"),
        (allow(path="!a"), ":2: 'allow' needs as 'path' a pattern"),
        (allow() + allow(), ":5: 'allow' says this twice"),
        ('allow = "pii/email"', ":1: 'allow' must be tables"),
    ],
)
def test_an_allowance_that_cannot_be_read_stops_the_run(table: str, told: str) -> None:
    write("a.json", json.dumps({"m": MAIL}))
    Path("quantapilot.toml").write_text(table, "utf-8")
    code, out, err = call("scan")
    assert (code, out) == (UNCHECKED, "")
    assert err.startswith(f"qp: quantapilot.toml{told}")


def test_an_allowance_that_excuses_nothing_is_told_by_a_run_over_the_whole_project() -> None:
    write("a.json", json.dumps({"m": "nothing"}))
    write("sub/b.txt", "nothing")
    configure(allow(), allow(path="nowhere.json"))
    assert scanned() == [
        ("input/allow-unused", "quantapilot.toml", 2),
        ("input/allow-unused", "quantapilot.toml", 7),
    ]
    assert call("scan")[0] == CLEAN
    assert scanned("a.json") == scanned("sub") == []
    assert scanned("--select", "pii/ip-v4", "--select", "input/*") == []


def test_an_allowance_for_logs_that_git_ignores_is_not_called_unused() -> None:
    Path(".git").mkdir()
    write(".gitignore", "/logs/")
    write("logs/a.jsonl", json.dumps(RECORD))
    configure(allow(path="logs/*.jsonl"), top='logs = ["logs/*.jsonl"]')
    assert scanned() == scanned(command="validate:api") == []
    assert call("validate:api")[0] == CLEAN


def test_an_allowance_for_the_contract_is_judged_by_the_gate() -> None:
    write("logs/a.jsonl", json.dumps({**RECORD, "message": "hi", "colour": "red"}))
    top = 'logs = ["logs/*.jsonl"]'
    configure(allow(path="logs/", rule="contract/unknown-field", pointer="/colour"), top=top)
    assert scanned() == scanned(command="validate:api") == []
    write("logs/a.jsonl", json.dumps({**RECORD, "message": "hi"}))
    assert scanned() == []
    assert [rule for rule, _, _ in scanned(command="validate:api")] == ["input/allow-unused"]


def test_standard_input_is_excused_by_no_path() -> None:
    configure(allow(path="*", pointer="/m"))
    assert call("scan", "-", stdin=json.dumps({"m": MAIL}).encode())[0] == FOUND


def test_what_is_allowed_is_not_accepted_by_the_baseline_as_well() -> None:
    write("a.txt", f"to {MAIL}  # {OPEN}pii/email] our own", f"to {MAIL}")
    code, out, _ = call("baseline", "create")
    assert (code, out.splitlines()[0]) == (
        CLEAN,
        ".quantapilot-baseline.json: accepted 1 finding in 1 file",
    )
    assert (
        "; allowed 1 with a reason; accepted 1 by the baseline"
        in call("scan", "--baseline", ".quantapilot-baseline.json")[1]
    )


def test_a_faulty_comment_is_not_accepted_by_a_baseline() -> None:
    write("a.txt", f"to {MAIL}  # {OPEN}pii/email]")
    code, _, err = call("baseline", "create")
    assert code == FOUND
    assert "input/allow-reason" in err
    assert "input/" not in Path(".quantapilot-baseline.json").read_text("utf-8")
