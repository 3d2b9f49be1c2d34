"""Shell completion: what the real bash offers, and what zsh and fish are given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode
from quantapilot.outbox.outbox import Outbox

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("qp")
BASH = shutil.which("bash")
# Bash splits words at colons and equals signs before a completion sees them.
SCRIPT = r"""
eval "$(qp completion bash)"
compopt() { local IFS=" "; echo "compopt $*"; }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_qp_completion qp
printf '%s\n' "${COMPREPLY[@]}"
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}", **more}


def completed(*words: str) -> list[str]:
    """Return what bash would offer for words as it splits them, the last one unfinished."""
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--norc", "-c", SCRIPT, "bash", *words],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.skipif(BASH is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("qp", "ex"), ["explain"]),
        (("qp", "val"), ["validate:api"]),
        (("qp", "validate", ":", "a"), ["api"]),
        (("qp", "validate", ":"), ["api"]),
        (("qp", "scan", "--f"), ["--format"]),
        (("qp", "scan", "--format", "js"), ["json"]),
        (("qp", "explain", "pii/ema"), ["pii/email"]),
        (("qp", "explain", "contract/unknown-"),
         ["contract/unknown-document", "contract/unknown-event", "contract/unknown-field"]),
        (("qp", "scan", "--ignore", "pii/em"), ["pii/email"]),
        (("qp", "redact", "--select", "pii/*"), ["pii/*"]),
        (("qp", "validate", ":", "api", "--as", "run_f"), ["run_failed", "run_failed_event"]),
        (("qp", "validate", ":", "api", "--as", "RunF"), ["RunFailed", "RunFailedEvent"]),
        (("qp", "validate", ":", "api", "--kind", "l"), ["logs"]),
        (("qp", "completion", ""), ["bash", "zsh", "fish"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_bash_offers_what_may_stand_there(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words)[: len(offered)] == offered


@pytest.mark.skipif(BASH is None, reason="no bash")
@pytest.mark.parametrize(
    "words", [("qp", "scan", "exa"), ("qp", "redact", ""), ("qp", "scan", "--config", "py")]
)
def test_bash_completes_files_itself(words: tuple[str, ...]) -> None:
    assert "compopt -o default" in completed(*words)


def test_the_names_of_a_project_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = r"""[[rules]]
id = "pii/staff-number"
class = "national_id"
severity = "error"
data_classes = ["text"]
description = "Staff number"
why = "It names a person."
fix = "Drop it."
pattern = '(?<!\w)STAFF-[0-9]{6}(?!\w)'
match = ["STAFF-123456"]
no_match = ["STAFF-1"]
"""
    (tmp_path / "own.toml").write_text(rule, "utf-8")
    (tmp_path / "quantapilot.toml").write_text('rules = ["own.toml"]\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    assert offered("fish", "qp explain pii/staff", "pii/staff") == ["plain,pii/staff-number"]


def test_a_broken_project_offers_what_is_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quantapilot.toml").write_text("wrong = [", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert offered("fish", "qp explain pii/ema", "pii/ema")[0] == "plain,pii/email"
    assert offered("fish", "qp validate:api --as run", "run") == []


def offered(shell: str, words: str, at: str) -> list[str]:
    asked = environment(COMP_WORDS=words, COMP_CWORD=at, _QP_COMPLETE=f"{shell}_complete")
    done = subprocess.run([PROGRAM], env=asked, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_zsh_and_fish_are_offered_commands_with_what_they_do() -> None:
    assert offered("zsh", "qp exp", "1")[:2] == ["plain", "explain"]
    assert offered("fish", "qp val", "val")[0].startswith("plain,validate:api\tCheck contract")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_reads_the_script_without_complaint(shell: str) -> None:
    code, script, _ = call("completion", shell)
    assert code == ExitCode.CLEAN
    assert f"_QP_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program is not None:
        done = subprocess.run(
            [program, "-n", "-c", script] if shell != "fish" else [program, "-n"],
            input=script, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def test_help_tells_where_each_script_belongs() -> None:
    _, out, _ = call("completion", "--help")
    for line in (
        'eval "$(qp completion bash)"',
        'eval "$(qp completion zsh)"',
        "qp completion fish > ~/.config/fish/completions/qp.fish",
    ):
        assert line in out


def test_another_shell_is_a_usage_error() -> None:
    assert call("completion", "tcsh")[0] == ExitCode.USAGE


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_sinks_are_offered_by_the_names_that_the_outbox_has(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db") as outbox:
        outbox.register("nats://hub/EVENTS")
    given = ("qp", "outbox", "list", "--outbox", str(tmp_path / "o.db"), "--sink")
    assert completed(*given, "") == ["nats://hub/EVENTS"]
    assert completed(*given, "nats", ":", "//h") == ["//hub/EVENTS"]
    none = str(tmp_path / "none.db")
    assert completed("qp", "outbox", "list", "--outbox", none, "--sink", "") == [""]
    assert completed("qp", "outbox", "list", "--sink", "") == [""]
