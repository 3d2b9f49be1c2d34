"""The command line as its users know it: what it says, in which shape, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from tests.program import call

from quantapilot import __version__
from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LOGS = ROOT.parent / "shared" / "logs"
PROGRAM = Path(sys.executable).with_name("qp")
CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode

RUN_ID = "550e8400-e29b-41d4-a716-446655440000"
ALLOWED = {
    "run_id": RUN_ID,
    "project_id": "proj_123",
    "error_code": "REPO_CLONE_FAILED",
    "message": "Repository clone failed due to authentication error",
}
FORBIDDEN = """{
  "run_id": "550e8400-e29b-41d4-a716-446655440000",
  "user_email": "alice@example.com",
  "operator_name": "Alice Smith",
  "api_token": "ghp_1234567890"
}
"""
FORBIDDEN_VALUES = ("alice@example.com", "Alice", "Smith", "ghp_", "1234567890")
DIRTY = '{"timestamp":"2025-08-19T06:00:11.917Z","level":"info","message":"to alice@example.com"}\n'
TWO_CLASSES = DIRTY.replace("alice@", "call +1 415 555 2671 or alice@")
GOOD = DIRTY.replace("to alice@example.com", "build finished")
CONFIG = 'logs = ["examples/logs/*.jsonl"]\nevents = ["examples/events/*.jsonl"]\n'
ESCAPE = "\x1b["


@dataclass(frozen=True)
class Run:
    """What a run of `qp` left behind."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return the findings of the JSON report."""
        found: list[dict[str, Any]] = json.loads(self.out)["findings"]
        return found

    @property
    def rules(self) -> list[str]:
        """Return the rules of the findings, in order of report."""
        return [finding["rule"] for finding in self.findings]


def qp(*arguments: str, stdin: str = "") -> Run:
    """Run the program in this process, from its entry point to its exit code."""
    return Run(*call(*arguments, stdin=stdin.encode()))


def program(*arguments: str, **environment: str) -> Run:
    """Run the installed program as a process of its own."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True, text=True, timeout=120, check=False, env=clean_env(**environment),
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def clean_env(**environment: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "TERM"}}
    return {**kept, "TERM": "xterm-256color", **environment}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a copy of this repository's contract and examples."""
    for name in ("_schemas", "generated", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "quantapilot.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: the schemas alone, a clean and a dirty log."""
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    (tmp_path / "dirty.jsonl").write_text(DIRTY, "utf-8")
    (tmp_path / "clean.jsonl").write_text(GOOD, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def about(run: Run, path: str) -> list[dict[str, Any]]:
    return [finding for finding in run.findings if finding["path"] == path]


# --- the examples of the seed page ------------------------------------------------------------


@pytest.mark.usefixtures("project")
def test_the_project_as_it_stands_is_clean() -> None:
    run = qp("validate:api")
    assert run.out.splitlines()[-1] == "clean"
    assert run.code == CLEAN


@pytest.mark.usefixtures("project")
def test_the_allowed_example_passes() -> None:
    Path("allowed.json").write_text(json.dumps(ALLOWED, indent=2), "utf-8")
    assert qp("validate:api", "allowed.json").code == CLEAN
    assert qp("scan", "allowed.json").code == CLEAN


@pytest.mark.parametrize("command", ["scan", "validate:api"])
@pytest.mark.usefixtures("project")
def test_the_forbidden_example_is_refused_field_by_field(command: str) -> None:
    Path("forbidden.json").write_text(FORBIDDEN, "utf-8")
    run = qp(command, "--format", "json", "forbidden.json")
    assert run.code == FOUND
    places = {
        (f["pointer"], f["class"], f["line"], f["column"]) for f in run.findings if f["class"]
    }
    assert places == {
        ("/user_email", "email", 3, 18),
        ("/operator_name", "name", 4, 21),
        ("/api_token", "token", 5, 17),
    }


@pytest.mark.parametrize("command", ["scan", "validate:api"])
@pytest.mark.parametrize("shape", ["text", "json"])
@pytest.mark.usefixtures("project")
def test_no_forbidden_value_stands_in_any_report(command: str, shape: str) -> None:
    Path("forbidden.json").write_text(FORBIDDEN, "utf-8")
    run = qp(command, "--format", shape, "forbidden.json")
    for value in FORBIDDEN_VALUES:
        assert value not in run.out + run.err


@pytest.mark.usefixtures("project")
def test_the_text_report_names_place_rule_and_repair() -> None:
    Path("forbidden.json").write_text(FORBIDDEN, "utf-8")
    run = qp("scan", "forbidden.json")
    assert "forbidden.json:3:18  error  pii/email  /user_email\n" in run.out
    assert "    | user_email: <email>\n" in run.out
    assert "    = Drop the address" in run.out
    assert run.out.splitlines()[-1] == "3 errors, 0 warnings"


# --- what a document is -----------------------------------------------------------------------

FAILED = {"run_id": RUN_ID, "error_code": "TESTS_FAILED", "message": "two tests failed"}


@pytest.mark.parametrize("name", ["RunFailed", "run_failed", "run-failed", "RUN_FAILED"])
@pytest.mark.usefixtures("small")
def test_as_takes_every_spelling_of_a_definition(name: str) -> None:
    Path("payload.json").write_text(json.dumps(FAILED), "utf-8")
    run = qp("validate:api", "--as", name, "--select", "contract/type", "payload.json")
    assert run.code == CLEAN
    Path("payload.json").write_text(json.dumps({**FAILED, "message": 5}), "utf-8")
    run = qp("validate:api", "--format", "json", "--as", name, "payload.json")
    found = about(run, "payload.json")
    assert [(f["rule"], f["pointer"]) for f in found] == [("contract/type", "/message")]


@pytest.mark.usefixtures("small")
def test_as_judges_every_line_by_its_definition() -> None:
    run = qp("validate:api", "--format", "json", "--as", "RunCompleted", "clean.jsonl")
    rules = {finding["rule"] for finding in about(run, "clean.jsonl")}
    assert rules == {"contract/unknown-field", "contract/missing-field"}


@pytest.mark.usefixtures("small")
def test_as_event_still_follows_the_type_of_each_event() -> None:
    events = ROOT / "examples" / "events" / "events.jsonl"
    run = qp("validate:api", "--format", "json", "--as", "Event", str(events))
    assert about(run, str(events)) == []


@pytest.mark.parametrize(
    ("kind", "rules"),
    [("logs", set()), ("auto", set()), ("events", {"contract/missing-field"})],
)
@pytest.mark.usefixtures("small")
def test_kind_says_what_documents_are_held_to(kind: str, rules: set[str]) -> None:
    run = qp("validate:api", "--format", "json", "--kind", kind, "clean.jsonl")
    assert {finding["rule"] for finding in about(run, "clean.jsonl")} == rules


def test_kind_alone_checks_only_the_configured_files_of_that_kind(project: Path) -> None:
    (project / "examples" / "events" / "more.jsonl").write_text(DIRTY, "utf-8")
    assert qp("validate:api", "--kind", "logs").code == CLEAN
    assert qp("validate:api", "--kind", "events").code == FOUND
    assert qp("validate:api").code == FOUND


@pytest.mark.usefixtures("small")
def test_a_project_adds_fields_of_its_own_to_log_records() -> None:
    record = GOOD.replace('"level"', '"tenant":"t-1","level"')
    Path("own.jsonl").write_text(record, "utf-8")
    refused = qp("validate:api", "--format", "json", "own.jsonl")
    assert [f["rule"] for f in about(refused, "own.jsonl")] == ["contract/unknown-field"]
    Path("quantapilot.toml").write_text('[fields]\ntenant = "technical"\n', "utf-8")
    assert about(qp("validate:api", "--format", "json", "own.jsonl"), "own.jsonl") == []
    Path("own.jsonl").write_text(record.replace("t-1", "bob@example.com"), "utf-8")
    dirty = qp("validate:api", "--format", "json", "own.jsonl")
    assert [f["rule"] for f in about(dirty, "own.jsonl")] == ["pii/email"]


# --- standard input and output ----------------------------------------------------------------


@pytest.mark.parametrize("command", ["scan", "validate:api"])
@pytest.mark.usefixtures("small")
def test_a_dash_reads_standard_input(command: str) -> None:
    run = qp(command, "--format", "json", "-", stdin=GOOD + DIRTY)
    found = about(run, "<stdin>")
    assert [(f["rule"], f["line"], f["pointer"]) for f in found] == [("pii/email", 2, "/message")]


@pytest.mark.usefixtures("small")
def test_empty_standard_input_is_not_clean() -> None:
    assert qp("scan", "-").code == NOTHING


@pytest.mark.usefixtures("small")
def test_a_scan_without_a_path_takes_the_current_folder() -> None:
    run = qp("scan", "--format", "json")
    assert [f["path"] for f in run.findings if f["path"].endswith("dirty.jsonl")] == ["dirty.jsonl"]


@pytest.mark.parametrize("shape", ["text", "json"])
@pytest.mark.usefixtures("small")
def test_output_writes_what_standard_output_would_show(shape: str) -> None:
    shown = qp("scan", "--format", shape, "dirty.jsonl")
    run = qp("scan", "--format", shape, "--output", "report", "dirty.jsonl")
    assert run.code == shown.code == FOUND
    assert run.out == ""
    assert timeless(Path("report").read_text("utf-8")) == timeless(shown.out)


def timeless(report: str) -> str:
    return re.sub(r'in [0-9.]+ s|"elapsed_s":[0-9.]+', "<time>", report)


@pytest.mark.usefixtures("small")
def test_a_report_file_is_complete_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from quantapilot.gate.inspector import Inspector

    Path("report").write_text("the report of yesterday", "utf-8")
    before = sorted(Path().iterdir())

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("alice@example.com")

    monkeypatch.setattr(Inspector, "search", breaks)
    run = qp("scan", "--output", "report", "clean.jsonl", "dirty.jsonl")
    assert run.code == UNCHECKED
    assert Path("report").read_text("utf-8") == "the report of yesterday"
    assert sorted(Path().iterdir()) == before


@pytest.mark.usefixtures("small")
def test_an_internal_fault_shows_its_place_and_no_checked_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from quantapilot.gate.inspector import Inspector

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("alice@example.com")

    monkeypatch.setattr(Inspector, "search", breaks)
    run = qp("scan", "dirty.jsonl")
    assert run.code == UNCHECKED
    assert re.fullmatch(
        r"qp: internal fault: RuntimeError at [\w.]+:\d+; please report it\n", run.err
    )
    assert "alice" not in run.out + run.err


@pytest.mark.usefixtures("small")
def test_quiet_says_nothing_when_clean_and_everything_when_not() -> None:
    assert qp("scan", "--quiet", "clean.jsonl") == Run(CLEAN, "", "")
    assert "pii/email" in qp("scan", "-q", "dirty.jsonl").out


# --- colours ----------------------------------------------------------------------------------


def in_terminal(*arguments: str, **environment: str) -> str:
    """Return what the program shows on a terminal."""
    here, there = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, *arguments], stdin=there, stdout=there, stderr=there, env=clean_env(**environment)
    ) as running:
        os.close(there)
        shown = b""
        while True:
            try:
                part = os.read(here, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        running.wait(60)
    os.close(here)
    return shown.decode()


@pytest.mark.usefixtures("small")
def test_a_terminal_shows_colours() -> None:
    shown = in_terminal("scan", "dirty.jsonl")
    assert f"{ESCAPE}31;1merror{ESCAPE}0m" in shown
    assert "alice" not in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.usefixtures("small")
def test_a_terminal_without_colours_gets_none(environment: dict[str, str]) -> None:
    shown = in_terminal("scan", "dirty.jsonl", **environment)
    assert "pii/email" in shown
    assert ESCAPE not in shown


@pytest.mark.usefixtures("small")
def test_a_pipe_or_a_file_gets_no_colours() -> None:
    assert "pii/email" in (piped := program("scan", "dirty.jsonl").out)
    assert ESCAPE not in piped
    in_terminal("scan", "--output", "report.txt", "dirty.jsonl")
    assert "pii/email" in (filed := Path("report.txt").read_text("utf-8"))
    assert ESCAPE not in filed


# --- selection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ((), ["pii/phone", "pii/email"]),
        (("--select", "pii/email"), ["pii/email"]),
        (("--select", "pii/*"), ["pii/phone", "pii/email"]),
        (("--select", "pii/phone", "--select", "pii/email"), ["pii/phone", "pii/email"]),
        (("--select", "contract/*"), []),
        (("--ignore", "pii/email"), ["pii/phone"]),
        (("--ignore", "pii/*"), []),
        (("--select", "pii/*", "--ignore", "pii/phone"), ["pii/email"]),
    ],
    ids=str,
)
@pytest.mark.usefixtures("small")
def test_select_and_ignore_say_which_rules_are_reported(
    options: tuple[str, ...], rules: list[str]
) -> None:
    Path("two.jsonl").write_text(TWO_CLASSES, "utf-8")
    run = qp("scan", "--format", "json", *options, "two.jsonl")
    assert run.rules == rules
    assert run.code == (FOUND if rules else CLEAN)
    assert json.loads(run.out)["summary"]["findings"] == len(rules)


@pytest.mark.usefixtures("small")
def test_the_configuration_ignores_rules_too() -> None:
    Path("two.jsonl").write_text(TWO_CLASSES, "utf-8")
    Path("quantapilot.toml").write_text('ignore = ["pii/email"]\n', "utf-8")
    assert qp("scan", "--format", "json", "two.jsonl").rules == ["pii/phone"]


@pytest.mark.parametrize(
    "options",
    [("--ignore", "input/*"), ("--ignore", "*"), ("--select", "pii/*")],
    ids=str,
)
@pytest.mark.parametrize(
    ("argument", "rule"),
    [("none.jsonl", "input/missing-file"), ("/proc/self/mem", "input/unreadable")],
)
@pytest.mark.usefixtures("small")
def test_what_could_not_be_checked_cannot_be_ignored(
    options: tuple[str, str], argument: str, rule: str
) -> None:
    run = qp("scan", "--format", "json", *options, argument, "clean.jsonl")
    assert run.rules == [rule]
    assert run.code == UNCHECKED


@pytest.mark.usefixtures("small")
def test_a_warning_is_told_and_blocks_nothing() -> None:
    Path("bom.jsonl").write_text("\ufeff" + GOOD, "utf-8")
    run = qp("scan", "bom.jsonl")
    assert "bom.jsonl:1:1  warning  input/bom" in run.out
    assert run.out.splitlines()[-1] == "clean; 0 errors, 1 warning"
    assert run.code == CLEAN


# --- engines and reports ----------------------------------------------------------------------


@pytest.mark.usefixtures("project")
def test_both_engines_report_the_same_findings() -> None:
    dirty = str(ROOT / "examples" / "dirty")
    fast = qp("validate:api", "--format", "json", dirty)
    reference = qp("validate:api", "--format", "json", "--engine", "reference", dirty)
    assert {finding["category"] for finding in fast.findings} >= {"pii", "contract"}
    assert reference.findings == fast.findings
    assert reference.code == fast.code == FOUND


@pytest.mark.parametrize("command", ["scan", "validate:api"])
@pytest.mark.usefixtures("project")
def test_the_json_report_keeps_its_own_schema(command: str) -> None:
    schema = json.loads((ROOT / "_schemas" / "report.schema.json").read_bytes())
    conforms = jsonschema_rs.Draft202012Validator(
        {"$ref": f"{schema['$id']}#/$defs/Report"},
        registry=jsonschema_rs.Registry([(schema["$id"], schema)]),
        validate_formats=True,
    )
    for argument in ("examples/dirty", "examples/allowed.json", "nowhere"):
        report = json.loads(qp(command, "--format", "json", argument).out)
        assert [error.message for error in conforms.iter_errors(report)] == []
        assert not conforms.is_valid({**report, "schema_version": "2"})


@pytest.mark.usefixtures("small")
def test_the_summary_counts_what_was_checked() -> None:
    Path("many.jsonl").write_text(GOOD * 9 + TWO_CLASSES, "utf-8")
    body = json.loads(qp("scan", "--format", "json", "many.jsonl", "dirty.jsonl").out)
    summary = body["summary"]
    assert (summary["files"], summary["documents"], summary["findings"]) == (2, 11, 3)
    assert summary["bytes"] == len(GOOD * 9 + TWO_CLASSES + DIRTY)
    assert summary["by_rule"] == {"pii/email": 2, "pii/phone": 1}
    assert summary["by_class"] == {"email": 2, "phone": 1}


@pytest.mark.usefixtures("small")
def test_fingerprints_tell_equal_values_apart_only_with_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fingerprint(value: str) -> str:
        Path("one.jsonl").write_text(DIRTY.replace("alice", value), "utf-8")
        found = qp("scan", "--format", "json", "one.jsonl").findings
        text: str = found[0]["fingerprint"]
        return text

    monkeypatch.delenv("QP_FINGERPRINT_KEY", raising=False)
    assert fingerprint("alice") == fingerprint("bob")
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "a secret of the project")
    assert fingerprint("alice") == fingerprint("alice") != fingerprint("bob")


# --- rules, explain, version ------------------------------------------------------------------


def test_rules_lists_every_rule_with_severity_and_description() -> None:
    run = qp("rules")
    assert run.code == CLEAN
    table = {line.split()[0]: line.split(maxsplit=2)[1:] for line in run.out.splitlines()}
    assert table["pii/email"] == ["error", "E-mail address"]
    assert table["input/bom"][0] == "warning"
    assert {name.partition("/")[0] for name in table} == {"pii", "contract", "input"}
    assert list(table) == sorted(table)


def test_rules_are_listed_for_programs_too() -> None:
    listed = json.loads(qp("rules", "--format", "json").out)
    assert [rule["id"] for rule in listed] == [
        line.split()[0] for line in qp("rules").out.splitlines()
    ]
    email = next(rule for rule in listed if rule["id"] == "pii/email")
    assert email == {
        "id": "pii/email",
        "category": "pii",
        "class": "email",
        "severity": "error",
        "description": "E-mail address",
    }


def test_every_rule_has_an_explanation() -> None:
    from quantapilot.gate.catalogue import all_rules

    for rule in all_rules():
        assert rule.description
        assert rule.why.endswith(".")
        assert rule.fix.endswith(".")
        assert rule.category != "pii" or (rule.match and rule.no_match)


@pytest.mark.parametrize("rule", ["pii/email", "contract/drift", "input/bom"])
def test_explain_tells_why_and_what_to_do(rule: str) -> None:
    run = qp("explain", rule)
    assert run.code == CLEAN
    assert run.out.startswith(rule)
    assert "\nWhy\n  " in run.out
    assert "\nWhat to do\n  " in run.out


def test_explain_shows_examples_of_both_sides() -> None:
    out = qp("explain", "email").out
    assert out.startswith("pii/email (error)")
    finds, _, passes = out.partition("\nFinds (synthetic examples)\n")[2].partition("\nPasses ")
    assert "@" in finds
    assert passes.strip()


@pytest.mark.parametrize(
    ("given", "meant"),
    [("pii/emial", "pii/email"), ("contract/drfit", "contract/drift"), ("input/bomb", "input/bom")],
)
def test_a_misspelt_rule_is_answered_with_the_nearest(given: str, meant: str) -> None:
    run = qp("explain", given)
    assert run.code == USAGE
    assert f"did you mean '{meant}'?" in run.err


def test_a_rule_like_no_other_is_answered_with_where_to_look() -> None:
    run = qp("explain", "zzz")
    assert run.code == USAGE
    assert "no rule 'zzz'; 'qp rules' lists them" in run.err


@pytest.mark.usefixtures("small")
def test_a_misspelt_field_is_answered_with_the_nearest() -> None:
    Path("typo.jsonl").write_text(GOOD.replace('"message"', '"mesage"'), "utf-8")
    run = qp("validate:api", "typo.jsonl")
    assert "/mesage\n    not an allowed field, did you mean 'message'?" in run.out


@pytest.mark.usefixtures("small")
def test_a_misspelt_event_is_answered_with_the_nearest() -> None:
    event = {"specversion": "1.0", "type": "quantapilot.run_startd"}
    Path("event.json").write_text(json.dumps(event), "utf-8")
    run = qp("validate:api", "event.json")
    assert "did you mean 'quantapilot.run_started'?" in run.out


def test_the_version_is_answered_by_both_ways_in() -> None:
    assert qp("--version") == Run(CLEAN, f"qp {__version__}\n", "")
    assert program("--version") == Run(CLEAN, f"qp {__version__}\n", "")


def test_help_names_the_commands_and_the_exit_codes() -> None:
    out = qp("--help").out
    for word in ("validate:api", "scan", "rules", "explain", "generate", "0 clean", "4 could not"):
        assert word in out


def test_an_unknown_command_is_a_usage_error() -> None:
    run = qp("scna")
    assert run.code == USAGE
    assert "scna" in run.err


# --- the contract keeps its own law -----------------------------------------------------------


def one_letter(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(text.replace("e", "f", 1), "utf-8")


def change_json(name: str, change: Callable[[Any], object]) -> Callable[[], None]:
    def make() -> None:
        path = Path("_schemas") / name
        body = json.loads(path.read_bytes())
        change(body)
        path.write_text(json.dumps(body, indent=2), "utf-8")

    return make


def undescribed(schema: Any) -> None:
    del schema["$defs"]["RunStarted"]["properties"]["branch"]["description"]
    del schema["$defs"]["BranchName"]["description"]


def asks_for_email(schema: Any) -> None:
    schema["$defs"]["RunStarted"]["properties"]["user_email"] = {
        "description": "Who started it.", "type": "string", "x-data-class": "text",
    }  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change to the contract, and what the gate must say of it."""

    name: str
    make: Callable[[], None]
    rule: str
    path: str
    pointer: str | None = None


CHANGES = (
    Change("one letter in a generated file",
           lambda: one_letter(Path("generated/quantapilot_models/api.py")),
           "contract/drift", "generated/quantapilot_models/api.py"),
    Change("a generated file that is gone",
           lambda: Path("generated/quantapilot_models/error.py").unlink(),
           "contract/drift", "generated/quantapilot_models/error.py"),
    Change("a schema that changed without its models",
           change_json("api.schema.json", lambda s: s.update(title="Other")),
           "contract/drift", "_schemas/api.schema.json"),
    Change("an undescribed property", change_json("api.schema.json", undescribed),
           "contract/undescribed", "_schemas/api.schema.json",
           "/$defs/RunStarted/properties/branch"),
    Change("a property named user_email", change_json("api.schema.json", asks_for_email),
           "contract/pii-property", "_schemas/api.schema.json",
           "/$defs/RunStarted/properties/user_email"),
    Change("a property without a class",
           change_json("api.schema.json", lambda s: s["$defs"]["Text"].pop("x-data-class")),
           "contract/class-missing", "_schemas/api.schema.json",
           "/$defs/RunFailed/properties/message"),
    Change("an object that is open",
           change_json("api.schema.json",
                       lambda s: s["$defs"]["RunAccepted"].pop("additionalProperties")),
           "contract/open-object", "_schemas/api.schema.json", "/$defs/RunAccepted"),
    Change("a valid example turned invalid",
           change_json("api.examples.json",
                       lambda e: e["RunFailed"]["valid"][0].update(message="by bob@example.com")),
           "contract/example-refused", "_schemas/api.examples.json", "/RunFailed/valid/0"),
    Change("an invalid example turned valid",
           change_json("api.examples.json",
                       lambda e: e["RunId"]["invalid"][0].update(value=RUN_ID)),
           "contract/example-accepted", "_schemas/api.examples.json", "/RunId/invalid/0"),
    Change("a definition without examples",
           change_json("api.examples.json", lambda e: e.pop("RunFailed")),
           "contract/example-missing", "_schemas/api.schema.json", "/$defs/RunFailed"),
    Change("examples of nothing",
           change_json("api.examples.json", lambda e: e.update(Nothing={"valid": [1]})),
           "contract/example-unknown", "_schemas/api.examples.json", "/Nothing"),
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
@pytest.mark.usefixtures("project")
def test_a_contract_that_breaks_its_law_is_refused_and_the_gate_says_which(change: Change) -> None:
    change.make()
    run = qp("validate:api", "--format", "json")
    found = {(f["rule"], f["path"], f["pointer"]) for f in run.findings}
    assert (change.rule, change.path, change.pointer) in found
    assert run.code == FOUND
    assert change.path in qp("validate:api").out
    assert "bob@example.com" not in run.out


# --- real logs --------------------------------------------------------------------------------

OPENSSH = (
    "Dec 10 06:55:46 LabSZ sshd[24200]: reverse mapping checking getaddrinfo for "
    "ns.example.com [173.234.31.186] failed - POSSIBLE BREAK-IN ATTEMPT!\n"
    "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186\n"
    "Dec 10 06:55:46 LabSZ sshd[24200]: pam_unix(sshd:auth): check pass; user unknown\n"
    "Dec 10 06:55:48 LabSZ sshd[24200]: Failed password for invalid user webmaster from "
    "173.234.31.186 port 38926 ssh2\n"
    "Dec 10 06:55:48 LabSZ sshd[24200]: Connection closed by 173.234.31.186 [preauth]\n"
)
HDFS = (
    "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block "
    "blk_38865049064139660 terminating\n"
    "081109 204005 35 INFO dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: "
    "10.251.73.220:50010 is added to blk_7128370237687728475 size 67108864\n"
    "081109 205931 13 INFO dfs.DataBlockScanner: Verification succeeded for "
    "blk_-4980916519894289629\n"
    "081110 103514 24 INFO dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: "
    "/user/root/rand/_temporary/_task_200811101024_0001_m_001649_0/part-01649. "
    "blk_-8775602795571523802\n"
)
OPENSTACK = (
    "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO "
    "nova.osapi_compute.wsgi.server [req-38101a0b-2096-447d-96ea-a692162415ae "
    "113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] 10.11.10.1 "
    '"GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail HTTP/1.1" status: 200 len: 1893 '
    "time: 0.2477829\n"
    "nova-compute.log.1.2017-05-16_13:55:31 2017-05-16 00:00:04.500 2931 INFO "
    "nova.compute.manager [req-3ea4052c-895d-4b64-9e2d-04d64c4d94ab - - - - -] "
    "[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Started (Lifecycle Event)\n"
    "nova-compute.log.1.2017-05-16_13:55:31 2017-05-16 00:00:10.296 2931 INFO "
    "nova.virt.libvirt.imagecache [req-addc1839-2ed5-4778-b57e-5854eb7b8b09 - - - - -] image "
    "0673dd71-34c5-4fbb-86c4-40623fbe45b4 at (/var/lib/nova/instances/_base/"
    "a489c868f0c37da93b76227c91bb03908ac0e742): in use: on this node 1 local, 0 on other nodes\n"
)


def real(name: str, else_lines: str, folder: Path) -> str:
    """Return a real log where this machine has one, else a file of lines of the same shape."""
    path = LOGS / name
    if not path.is_file():
        path = folder / name
        path.write_text(else_lines, "utf-8")
    return str(path)


def test_public_addresses_in_a_real_ssh_log_are_reported(tmp_path: Path) -> None:
    log = real("OpenSSH_2k.log", OPENSSH, tmp_path)
    run = qp("scan", "--format", "json", log)
    assert run.code == FOUND
    addresses = [finding for finding in run.findings if finding["class"] == "ip"]
    assert len(addresses) >= 4
    assert "173.234.31.186" not in run.out
    lines = Path(log).read_text("utf-8", "replace").splitlines()
    for finding in addresses:
        assert re.match(r"\d+(?:[.-]\d+){3}", lines[finding["line"] - 1][finding["column"] - 1 :])


@pytest.mark.parametrize(
    ("name", "else_lines"), [("HDFS_2k.log", HDFS), ("OpenStack_2k.log", OPENSTACK)]
)
def test_the_numbers_of_real_server_logs_are_taken_for_nothing_else(
    name: str, else_lines: str, tmp_path: Path
) -> None:
    run = qp("scan", "--format", "json", real(name, else_lines, tmp_path))
    wrong = [f for f in run.findings if f["class"] in {"phone", "token", "national_id"}]
    assert [(f["rule"], f["line"]) for f in wrong] == []
    assert json.loads(run.out)["summary"]["documents"] >= 3


@pytest.mark.parametrize("name", ["web.log", "web.txt", "web"])
def test_a_text_log_that_opens_with_a_bracket_is_no_broken_json(name: str, tmp_path: Path) -> None:
    line = (
        "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/workers2.properties\n"
    )
    log = tmp_path / name
    log.write_text(
        line * 3 + "[Sun Dec 04 05:15:09 2005] [error] [client 222.166.160.184] no\n", "utf-8"
    )
    run = qp("scan", "--format", "json", str(log))
    assert [(f["rule"], f["line"]) for f in run.findings] == [("pii/ip-v4", 4)]
    assert json.loads(run.out)["summary"]["documents"] == 4
