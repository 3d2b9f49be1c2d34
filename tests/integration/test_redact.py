"""`qp redact` as its users know it: a filter, a file, a pipe that never ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("qp")
CLEAN, _, USAGE, _, UNCHECKED = ExitCode
MAIL = "zoe.quux@example.org"
KEY = "QP_FINGERPRINT_KEY"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_standard_input_comes_out_without_what_was_found_in_it() -> None:
    given = f"ok\r\ncall +1 415 555 2671 or {MAIL}\r\nend"
    assert call("redact", stdin=given.encode()) == (
        CLEAN,
        "ok\r\ncall <phone> or <email>\r\nend",
        "redacted 2 values in 1 line: email 1, phone 1\n",
    )


def test_quiet_says_nothing_of_what_was_replaced() -> None:
    assert call("redact", "-q", "-", stdin=MAIL.encode()) == (CLEAN, "<email>", "")


def test_nothing_to_replace_is_said() -> None:
    assert call("redact", stdin=b"ok\n") == (CLEAN, "ok\n", "redacted nothing\n")
    assert call("redact", stdin=b"") == (CLEAN, "", "redacted nothing\n")


def test_json_keeps_its_order_its_blanks_and_its_numbers() -> None:
    line = '{ "b" : 1.50,"a":"to\\t%s \\u00e9", "n":1e5 , "phone":4155552671}\n'
    code, out, _ = call("redact", stdin=(line % MAIL).encode())
    assert code == CLEAN
    assert out == line.replace("4155552671", '"<phone>"') % "<email>"


def test_keys_that_are_personal_data_are_replaced_and_stay_different() -> None:
    line = f'{{"{MAIL}": 1, "bob@example.com": {{"{MAIL}": "é"}}, "<email-key>": 3}}'
    _, out, _ = call("redact", stdin=line.encode())
    assert json.loads(out) == {
        "<email-key>": 1, "<email-key-2>": {"<email-key>": "é"}, "<email-key-3>": 3
    }  # fmt: skip


def test_what_a_duplicate_key_hides_is_replaced_too() -> None:
    _, out, _ = call("redact", stdin=f'{{"to": "{MAIL}", "to": "nobody"}}\n'.encode())
    assert out == '{"to": "<email>", "to": "nobody"}\n'


def test_json_in_a_string_stays_json() -> None:
    inner = json.dumps({"to": MAIL, "phone": 4155552671, "more": json.dumps([f"an {MAIL}"])})
    _, out, _ = call("redact", stdin=json.dumps({"body": inner}).encode())
    body = json.loads(json.loads(out)["body"])
    assert body == {"to": "<email>", "phone": "<phone>", "more": '["an <email>"]'}


def test_a_document_of_many_lines_keeps_its_layout() -> None:
    text = (ROOT / "examples" / "dirty" / "forbidden.json").read_text("utf-8")
    _, out, err = call("redact", stdin=text.encode())
    assert out.splitlines()[0:2] == text.splitlines()[0:2]
    assert json.loads(out)["user_email"] == "<email>"
    assert err == "redacted 3 values in 3 lines: email 1, name 1, token 1\n"


def test_only_what_the_selected_rules_find_is_replaced() -> None:
    given = f"call +1 415 555 2671 or {MAIL}"
    _, out, _ = call("redact", "--select", "pii/phone", stdin=given.encode())
    assert out == f"call <phone> or {MAIL}"
    _, out, _ = call("redact", "--ignore", "pii/phone", stdin=given.encode())
    assert out == "call +1 415 555 2671 or <email>"


def test_the_dirty_examples_come_out_clean(tmp_path: Path) -> None:
    for file in sorted((ROOT / "examples" / "dirty").iterdir()):
        code, _, _ = call("redact", str(file), "--output", file.name)
        assert code == CLEAN
        assert call("scan", file.name)[0] == CLEAN
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".tmp") == []


# --- pseudonyms -------------------------------------------------------------------------------


def test_equal_values_get_equal_pseudonyms_however_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY, "a long secret")
    lines = [MAIL, MAIL.upper(), MAIL.replace("@", "%40"), "bob@example.com"]
    _, out, _ = call("redact", "--hash", stdin="\n".join(lines).encode())
    first, second, third, other = out.splitlines()
    assert first == second == third != other
    assert first.startswith("<email#")
    assert len(first) == len("<email#>") + 20
    _, again, _ = call("redact", "--hash", stdin=json.dumps({"x": MAIL}).encode())
    assert json.loads(again)["x"] == first
    monkeypatch.setenv(KEY, "another secret")
    assert call("redact", "--hash", stdin=MAIL.encode())[1] != first


def test_numbers_are_alike_whatever_stands_between_their_digits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY, "a long secret")
    _, out, _ = call("redact", "--hash", stdin=b"+1 415 555 2671\n+1-415-555-2671\n")
    first, second = out.splitlines()
    assert first == second


def test_pseudonyms_without_a_key_are_refused_with_how_to_set_one() -> None:
    code, out, err = call("redact", "--hash", stdin=MAIL.encode())
    assert (code, out) == (USAGE, "")
    assert "set QP_FINGERPRINT_KEY to a long random text" in err


# --- what can't be searched -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("around", "stands"), [("", "<redacted>"), ('{"a":1}\n', '{"redacted":"<redacted>"}')]
)
def test_a_line_over_the_limit_never_comes_out(around: str, stands: str) -> None:
    Path("quantapilot.toml").write_text("max_line_bytes = 1024\n", "utf-8")
    given = f"{around}{'x' * 2_000_000} {MAIL}\nnext {MAIL}\n"
    code, out, err = call("redact", stdin=given.encode())
    assert code == UNCHECKED
    assert out == f"{around}{stands}\nnext <email>\n"
    number = around.count("\n") + 1
    assert f"qp: <stdin>: line {number}: 2,000,022 bytes, the limit is 1,024" in err


def test_a_document_over_the_limit_is_not_written() -> None:
    Path("quantapilot.toml").write_text("max_document_bytes = 1024\n", "utf-8")
    given = json.dumps({"a": "x" * 2000, "b": MAIL}, indent=1)
    code, out, err = call("redact", stdin=given.encode())
    assert (code, out) == (UNCHECKED, "")
    assert err.startswith("qp: <stdin>: one JSON document of over")
    call("redact", "--output", "out.json", stdin=given.encode())
    assert not Path("out.json").exists()


def test_binary_input_is_not_written() -> None:
    code, out, err = call("redact", stdin=b"\x00\x01" + MAIL.encode())
    assert (code, out) == (UNCHECKED, "")
    assert "not UTF-8 text" in err


def test_json_nested_too_deep_to_be_read_is_dropped_where_something_is_in_it() -> None:
    deep = "[" * 1100 + f'"{MAIL}", 4155552671' + "]" * 1100
    code, out, _ = call("redact", stdin=f'{{"a":1}}\n{deep}\n'.encode())
    assert code == CLEAN
    assert out == '{"a":1}\n["<redacted>"]\n'


def test_a_rule_that_does_not_finish_drops_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from quantapilot.errors import RuleTimeoutError
    from quantapilot.pii.detector import Detector

    def late(*_: object, **__: object) -> None:
        raise RuleTimeoutError("rule 'x' took too long")

    monkeypatch.setattr(Detector, "find", late)
    code, out, err = call("redact", stdin=f"ok\n{MAIL}\n".encode())
    assert (code, out) == (UNCHECKED, "ok\n<redacted>\n")
    assert "line 2: rule 'x' took too long" in err
    assert MAIL not in err


@pytest.mark.parametrize("name", ["none.txt", "folder", "/proc/self/mem"])
def test_an_input_that_can_not_be_read_is_named(name: str) -> None:
    Path("folder").mkdir()
    code, out, err = call("redact", name)
    assert (code, out) == (UNCHECKED, "")
    assert err.startswith(f"qp: {name}: ")


def test_the_input_is_never_the_output() -> None:
    Path("a.txt").write_text(MAIL, "utf-8")
    code, _, err = call("redact", "a.txt", "--output", "a.txt")
    assert code == USAGE
    assert "is the file that is read" in err
    assert Path("a.txt").read_text("utf-8") == MAIL


def test_an_output_file_is_complete_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quantapilot.pii.detector import Detector

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(MAIL)

    Path("a.txt").write_text(f"ok\n{MAIL}\n", "utf-8")
    monkeypatch.setattr(Detector, "find", breaks)
    code, _, err = call("redact", "a.txt", "--output", "out.txt")
    assert code == UNCHECKED
    assert MAIL not in err
    assert sorted(p.name for p in tmp_path.iterdir() if "out" in p.name) == []


# --- pipes ------------------------------------------------------------------------------------


def test_a_line_comes_out_before_the_next_one_comes_in() -> None:
    with subprocess.Popen(
        [PROGRAM, "redact"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=dict(os.environ),
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        for number in range(3):
            running.stdin.write(f"{number} {MAIL}\n".encode())
            running.stdin.flush()
            assert running.stdout.readline() == f"{number} <email>\n".encode()
        running.stdin.close()
        assert running.wait(60) == CLEAN


def test_a_line_that_comes_in_pieces_is_one_line() -> None:
    with subprocess.Popen(
        [PROGRAM, "redact", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=dict(os.environ),
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        for piece in ('{"a"', ': "zoe.quux@', 'example.org"', "}\n{}\n"):
            running.stdin.write(piece.encode())
            running.stdin.flush()
        running.stdin.close()
        assert running.stdout.read() == b'{"a": "<email>"}\n{}\n'
        assert running.wait(60) == CLEAN
