"""A developer with a payload: what is wrong with it, what was meant, what to write instead."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode

ROOT = Path(__file__).parents[2]
MAIL = "zoe.quux@example.org"
RUN_ID = "550e8400-e29b-41d4-a716-446655440000"
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": f"to {MAIL}"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "_schemas", tmp_path / "_schemas")
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)


def hints(*arguments: str) -> list[str]:
    """Return the hints that a report shows, without their mark."""
    _, out, err = call(*arguments, "--fix-hint")
    assert err == ""
    assert MAIL not in out
    return [line.removeprefix("    > ") for line in out.splitlines() if line.startswith("    > ")]


def test_a_log_line_is_answered_with_what_to_write_instead() -> None:
    Path("a.jsonl").write_text(json.dumps({**RECORD, "run_id": RUN_ID}), "utf-8")
    shown = hints("validate:api", "--kind", "logs", "--select", "pii/*", "a.jsonl")
    assert shown == [
        'write   "message": "to <email>"',
        "or send an opaque id in project_id, correlation_id, trace_id, span_id, commit",
        "read    qp explain pii/email",
        "excuse  [[tool.quantapilot.allow]]",
        '        path = "a.jsonl"',
        '        pointer = "/message"',
        '        rule = "pii/email"',
        '        reason = "why it may stand here"',
    ]


def test_a_line_of_text_is_excused_by_a_comment() -> None:
    Path("a.py").write_text(f'ADMIN = "{MAIL}"\n', "utf-8")
    assert hints("scan", "a.py") == [
        'write   ADMIN = "<email>"',
        "read    qp explain pii/email",
        "excuse  qp:allow[pii/email] why it may stand here (a comment on this line)",
    ]


def test_what_came_through_a_pipe_can_not_be_excused() -> None:
    _, out, _ = call("scan", "--fix-hint", "-", stdin=MAIL.encode())
    assert "    > write   <email>\n    > read    qp explain pii/email\n\n" in out


def test_a_key_and_a_place_that_are_masked_are_shown_nowhere() -> None:
    Path("a.json").write_text(json.dumps({"x": {MAIL: [f"{MAIL} and more"]}}), "utf-8")
    shown = hints("scan", "a.json")
    assert 'write   "<email> and more"' in shown
    assert not [line for line in shown if "pointer" in line]


def test_a_long_text_is_cut_around_the_value() -> None:
    Path("a.txt").write_text(f"{'word ' * 50}{MAIL}{' word' * 50}\n", "utf-8")
    written = hints("scan", "a.txt")[0]
    assert "<email>" in written
    assert len(written) < 120


def test_an_error_of_the_contract_is_answered_with_where_to_read() -> None:
    Path("a.json").write_text(json.dumps({"run_id": RUN_ID}), "utf-8")
    shown = hints("validate:api", "--as", "run_failed", "--select", "contract/missing-*", "a.json")
    assert shown == ["read    qp explain contract/missing-field"] * 2


def test_without_the_option_and_in_other_formats_nothing_changes() -> None:
    Path("a.jsonl").write_text(json.dumps(RECORD), "utf-8")
    assert "    > " not in call("scan", "a.jsonl")[1]
    plain = json.loads(call("scan", "--format", "json", "a.jsonl")[1])
    asked = json.loads(call("scan", "--format", "json", "--fix-hint", "a.jsonl")[1])
    assert asked["findings"] == plain["findings"]


def test_a_payload_from_a_pipe_is_shown_with_a_caret_and_the_nearest_name() -> None:
    payload = {"run_id": RUN_ID, "eror_code": "TESTS_FAILED", "message": "two tests failed"}
    code, out, _ = call(
        "validate:api", "--as", "run_failed", "-", stdin=json.dumps(payload).encode()
    )
    assert code == ExitCode.FINDINGS
    assert (
        "    not an allowed field, did you mean 'error_code'?\n"
        '    | {"run_id": <string>, "eror_code": <string>, "message": <string>}\n'
        "    |                       ^^^^^^^^^\n"
    ) in out
    assert "required field 'error_code' is missing; expected a string of at most 64" in out
    assert "TESTS_FAILED" not in out


def test_no_name_is_suggested_for_a_key_that_is_personal_data() -> None:
    payload = {"run_id": RUN_ID, "error_code zoe.quux@a.example": "x", "message": "hi"}
    _, out, _ = call("validate:api", "--as", "run_failed", "-", stdin=json.dumps(payload).encode())
    assert "did you mean" not in out
    assert "zoe" not in out


@pytest.mark.parametrize(
    ("given", "meant"), [("run_fialed", "run_failed"), ("RunFialed", "RunFailed")]
)
def test_a_misspelt_definition_is_answered_with_the_nearest(given: str, meant: str) -> None:
    code, _, err = call("validate:api", "--as", given, "-", stdin=b"{}")
    assert code == ExitCode.USAGE
    assert f"no definition '{given}', did you mean '{meant}'?" in err
