"""`qp run` and `qp status` against a real server, as scripts and as people use them."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response
from tests.gateway_stub import (
    BRANCH,
    DEADLINE,
    REPO,
    TOKEN,
    GatewayStub,
    dropping,
    gateway_stub,
    is_id,
    problem,
)
from tests.program import call
from tests.repositories import be_alone, commit, environment, git
from tests.waiting import until

from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode
GIVEN = ("--repo", REPO, "--branch", BRANCH)
CORRELATION = "550e8400-e29b-41d4-a716-446655440000"
MAIL = "someone" + "@" + "example.com"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayStub]:
    monkeypatch.chdir(tmp_path)
    be_alone(monkeypatch)
    with gateway_stub() as made:
        monkeypatch.setenv("QP_URL", made.url)
        monkeypatch.setenv("QP_TOKEN", TOKEN)
        monkeypatch.delenv("CI", raising=False)
        yield made


@contextmanager
def later(stub: GatewayStub, *events: tuple[str, dict[str, Any]]) -> Iterator[None]:
    """Have events come, one after the other, once the run is watched."""

    def come() -> None:
        until(lambda: stub.streams)
        (run_id,) = stub.runs
        for name, data in events:
            stub.emit(run_id, name, **data)

    thread = threading.Thread(target=come)
    thread.start()
    yield
    thread.join()


# --- a run is started -------------------------------------------------------------------------


def test_the_id_of_the_run_stands_alone_on_standard_output(stub: GatewayStub) -> None:
    code, out, err = call("run", *GIVEN)
    assert code == CLEAN
    assert is_id(out.removesuffix("\n"))
    assert err == f"qp: accepted; 'qp status {out.strip()} --watch' shows how it goes\n"
    assert json.loads(stub.asked[0].body) == {"repo_url": REPO, "branch": BRANCH}


def test_everything_that_is_given_is_sent(stub: GatewayStub) -> None:
    given = ("--config", "ci/quantapilot.yml", "--correlation-id", CORRELATION)
    code, out, err = call("run", *GIVEN, *given, "--format", "json", "--quiet")
    assert (code, err) == (CLEAN, "")
    assert json.loads(out)["correlation_id"] == CORRELATION
    assert json.loads(stub.asked[0].body) == {
        "repo_url": REPO,
        "branch": BRANCH,
        "quantapilot_yaml_path": "ci/quantapilot.yml",
        "correlation_id": CORRELATION,
    }


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (("--repo", "file:///etc/passwd", "--branch", BRANCH), "contract/pattern"),
        (("--repo", f"https://{MAIL}/team/app", "--branch", BRANCH), "contract/pattern"),
        (("--repo", REPO, "--branch", MAIL), "pii/email"),
        (("--repo", REPO, "--branch", ""), "contract/"),
        (("--repo", REPO, "--branch", "a b"), "contract/pattern"),
        ((*GIVEN, "--config", "../../etc/passwd"), "contract/pattern"),
        ((*GIVEN, "--correlation-id", "mine"), "contract/"),
    ],
)
def test_what_may_not_leave_does_not_leave(
    stub: GatewayStub, given: tuple[str, ...], rule: str
) -> None:
    code, out, err = call("run", *given)
    assert (code, out) == (FOUND, "")
    assert rule in err
    assert MAIL not in err
    assert not stub.asked


def test_bytes_that_are_no_text_are_a_usage_error(stub: GatewayStub) -> None:
    code, _, err = call("run", "--repo", REPO, "--branch", os.fsdecode(b"\xff"))
    assert code == USAGE
    assert "not written as UTF-8" in err
    assert not stub.asked


def test_one_run_comes_of_a_trigger_whose_answer_is_lost(stub: GatewayStub) -> None:
    stub.script["/run"] = [dropping, problem(503, "UNAVAILABLE", "later")]
    code, out, err = call("run", *GIVEN)
    assert code == CLEAN
    assert list(stub.runs) == [out.strip()]
    assert err.count("trying again in") == 2
    keys = {asked.headers["idempotency-key"] for asked in stub.calls("/run")}
    assert len(stub.calls("/run")) == 3
    assert len(keys) == 1
    assert is_id(keys.pop())


def test_a_limit_is_waited_for_and_told(stub: GatewayStub) -> None:
    stub.script["/run"] = [problem(429, "RATE_LIMITED", "slower", retry_after="1")]
    began = time.monotonic()
    code, _, err = call("run", *GIVEN)
    assert code == CLEAN
    assert time.monotonic() - began >= 1
    assert "takes no more from this token just now; trying again in 1 s" in err


def test_a_limit_is_waited_for_in_silence(stub: GatewayStub) -> None:
    stub.script["/run"] = [problem(429, "RATE_LIMITED", "slower", retry_after="1")]
    code, out, err = call("run", *GIVEN, "--quiet")
    assert (code, err) == (CLEAN, "")
    assert is_id(out.strip())


def test_a_limit_that_lasts_longer_than_is_waited_is_told_at_once(stub: GatewayStub) -> None:
    stub.script["/run"] = [problem(429, "RATE_LIMITED", "slower", retry_after="3600")]
    code, out, err = call("run", *GIVEN)
    assert (code, out) == (UNCHECKED, "")
    assert err == "qp: the gateway takes no more from this token just now: again in 60 min\n"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (problem(401, "UNAUTHENTICATED", "x"), UNCHECKED, "'qp token create' makes a new one"),
        (problem(403, "FORBIDDEN", "x"), UNCHECKED, "it needs the scope run:trigger"),
        (problem(404, "NOT_FOUND", "x"), UNCHECKED, "there is no gateway at the address"),
        (problem(422, "REPOSITORY_REFUSED", "x"), FOUND, "refuses it: REPOSITORY_REFUSED: x"),
        (problem(422, "PERSONAL_DATA", HOSTILE), FOUND, "PERSONAL_DATA: \\x1b]0;owned"),
        (Response(b"<html>" + HOSTILE.encode()), UNCHECKED, "check that a gateway is at"),
        (Response(b"", 302, {"location": "https://evil.example"}), UNCHECKED, "redirects"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    stub: GatewayStub, answer: Response, code: ExitCode, words: str
) -> None:
    stub.script["/run"] = [answer]
    got, out, err = call("run", *GIVEN)
    assert (got, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1
    assert err.removesuffix("\n").isprintable()
    assert TOKEN not in err


def test_a_gateway_that_is_not_there_is_told_after_some_tries(
    stub: GatewayStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantapilot.cli.remote._TRIES", 2)
    stub.stop()
    try:
        code, out, err = call("run", *GIVEN)
    finally:
        stub.start()
    assert (code, out) == (UNCHECKED, "")
    assert err.count("trying again in") == 2
    assert err.endswith("nothing listens there; is 'qp serve' running?\n")


def test_no_token_no_run(stub: GatewayStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_TOKEN")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    code, _, err = call("run", *GIVEN)
    assert code == UNCHECKED
    assert "set QP_TOKEN" in err
    assert not stub.asked


def test_a_missing_package_names_the_extra(
    stub: GatewayStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "quantapilot.client.gateway", raising=False)
    monkeypatch.setitem(sys.modules, "httpx", None)
    code, _, err = call("run", *GIVEN)
    assert code == UNCHECKED
    assert "quantapilot-contract[client]" in err
    assert not stub.asked


_OF_EXTRAS = [
    "aiohttp",
    "filelock",
    "httpx",
    "httpx_sse",
    "keyring",
    "limits",
    "prometheus_client",
    "psycopg",
    "redis",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "uvloop",
]


@pytest.mark.parametrize(
    ("given", "heavy"),
    [
        *(
            (given, [*_OF_EXTRAS, "asyncio", "jsonschema_rs", "re2"])
            for given in (
                "--version",
                "--help",
                "run --help",
                "status --help",
                "serve --help",
                "token create --help",
                "project add --help",
            )
        ),
        ("scan notes.txt", _OF_EXTRAS),
    ],
)
def test_a_command_loads_nothing_that_it_has_no_use_for(
    tmp_path: Path, given: str, heavy: list[str]
) -> None:
    (tmp_path / "notes.txt").write_text("a text")
    text = (
        "import sys\nfrom quantapilot.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"loaded = set(sys.modules) & set({heavy})\n"
        "assert not loaded, loaded\n"
    )
    program = [sys.executable, "-c", text, *given.split()]
    subprocess.run(program, check=True, capture_output=True, cwd=tmp_path)


# --- what is missing is asked for -------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), "give --repo and --branch"),
        (("--repo", REPO), "give --branch"),
        (("--branch", BRANCH), "give --repo"),
    ],
)
def test_without_a_terminal_nothing_is_asked_for(
    stub: GatewayStub, given: tuple[str, ...], missing: str
) -> None:
    code, out, err = call("run", *given)
    assert (code, out) == (USAGE, "")
    assert missing in err
    assert not stub.asked


class Terminal:
    """The program on a pseudo-terminal, its standard output apart."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._here, there = pty.openpty()
        program = [sys.executable, "-c", "from quantapilot.cli import main; main()"]
        self.running = subprocess.Popen(
            [*program, *arguments],
            stdin=there,
            stdout=subprocess.PIPE,
            stderr=there,
            env=environment(TERM="xterm-256color", COLUMNS="200", **variables),
        )
        os.close(there)
        self.shown = ""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def sees(self, text: str) -> None:
        """Wait until a text is shown."""
        until(lambda: text in self.shown)

    def type(self, text: str) -> None:
        os.write(self._here, text.encode())

    def end(self) -> tuple[int, str]:
        """Wait for the program, and return its exit code and its standard output."""
        out, _ = self.running.communicate(timeout=DEADLINE)
        self._reading.join(DEADLINE)
        os.close(self._here)
        return self.running.returncode, out.decode()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._here, 65536)
            except OSError:
                return
            self.shown += part.decode()


def test_a_terminal_is_asked_and_git_makes_the_offers(stub: GatewayStub) -> None:
    git("init", "--quiet", "--initial-branch", "work")
    commit({"file": "text"})
    git("remote", "add", "origin", "https://someone:hunter2@git.example/team/app")
    terminal = Terminal("run")
    terminal.sees("Repository [https://git.example/team/app]:")
    terminal.type("\n")
    terminal.sees("Branch [work]:")
    terminal.type("feature/x\n")
    code, out = terminal.end()
    assert code == CLEAN, terminal.shown
    assert is_id(out.removesuffix("\n"))
    assert "hunter2" not in terminal.shown
    assert json.loads(stub.asked[0].body) == {"repo_url": REPO, "branch": "feature/x"}


def test_ci_is_not_asked_even_on_a_terminal(stub: GatewayStub) -> None:
    terminal = Terminal("run", CI="true")
    code, out = terminal.end()
    assert (code, out) == (USAGE, "")
    assert "give --repo and --branch" in terminal.shown
    assert not stub.asked


def test_nothing_is_offered_outside_of_a_repository(stub: GatewayStub) -> None:
    terminal = Terminal("run", CI="false")
    terminal.sees("Repository:")
    terminal.type(f"{REPO}\n")
    terminal.sees("Branch:")
    terminal.type("main\n")
    code, out = terminal.end()
    assert code == CLEAN, terminal.shown
    assert list(stub.runs) == [out.strip()]


def test_a_shell_is_offered_the_repository_and_its_branches(
    stub: GatewayStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", "--initial-branch", "work")
    commit({"file": "text"})
    git("branch", "feature/x")
    git("remote", "add", "origin", REPO)
    monkeypatch.setenv("_QP_COMPLETE", "fish_complete")
    for option, offered in (("--repo", [REPO]), ("--branch", ["feature/x", "work"])):
        monkeypatch.setenv("COMP_WORDS", f"qp run {option} ")
        monkeypatch.setenv("COMP_CWORD", "")
        code, out, _ = call()
        assert code == CLEAN
        assert [line.partition(",")[2] for line in out.splitlines()] == offered
    assert not stub.asked


# --- a run is watched -------------------------------------------------------------------------


def test_a_watched_run_ends_by_its_result(stub: GatewayStub) -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("gate_requested", {"gate": "anchor", "description": "the plan"}),
        ("gate_decision", {"gate": "anchor", "approved": True}),
        ("run_completed", {}),
    ]
    with later(stub, *events):
        code, out, err = call("run", *GIVEN, "--watch")
    assert code == CLEAN
    assert is_id(out.removesuffix("\n"))
    assert [re.sub(r"^\d\d:\d\d:\d\d", "TIME", line) for line in err.splitlines()] == [
        f"TIME  run_started  repo_url={REPO}  branch={BRANCH}",
        "TIME  gate_requested  gate=anchor  description=the plan",
        "TIME  gate_decision  gate=anchor  approved=true",
        "TIME  run_completed",
        f"qp: run {out.strip()} is completed",
    ]


def test_a_run_that_fails_ends_with_1(stub: GatewayStub) -> None:
    with later(stub, ("run_failed", {"error_code": "TESTS_FAILED", "message": "two failed"})):
        code, out, err = call("run", *GIVEN, "--watch", "--quiet")
    assert code == FOUND
    assert err == f"qp: run {out.strip()} has failed: TESTS_FAILED: two failed\n"


def test_events_are_put_out_as_json_lines(stub: GatewayStub) -> None:
    with later(stub, ("run_paused", {"reason": HOSTILE}), ("run_completed", {})):
        code, out, err = call("run", *GIVEN, "--watch", "--format", "json")
    assert code == CLEAN
    assert "run_paused" not in err
    accepted, *events = map(json.loads, out.splitlines())
    assert events == stub.runs[accepted["run_id"]]
    assert out.replace("\n", "").isprintable()
    assert out.isascii()


def test_events_can_not_draw_on_a_terminal(stub: GatewayStub) -> None:
    with later(stub, ("run_failed", {"error_code": HOSTILE, HOSTILE: HOSTILE})):
        code, _, err = call("run", *GIVEN, "--watch")
    assert code == FOUND
    assert err.replace("\n", "").isprintable()


def test_a_watch_outlives_a_restart_of_the_gateway(stub: GatewayStub) -> None:
    def restart() -> None:
        until(lambda: stub.streams)
        (run_id,) = stub.runs
        stub.stop()
        stub.emit(run_id, "run_completed")
        stub.start()

    thread = threading.Thread(target=restart)
    thread.start()
    code, _, err = call("run", *GIVEN, "--watch")
    thread.join()
    assert code == CLEAN
    assert "trying again in" in err
    assert err.count("run_started") == err.count("run_completed") == 1


def test_a_gateway_that_does_not_come_back_leaves_the_result_unknown(stub: GatewayStub) -> None:
    run_id = stub.new_run()

    def leave() -> None:
        until(lambda: stub.streams)
        stub.stop()

    thread = threading.Thread(target=leave)
    thread.start()
    code, _, err = call("status", run_id, "--watch", "--wait", "1")
    thread.join()
    stub.start()
    assert code == UNCHECKED
    assert err.endswith(f"; 'qp status {run_id} --watch' watches it again\n")


def test_a_terminal_shows_how_far_the_run_is(stub: GatewayStub) -> None:
    terminal = Terminal("run", *GIVEN, "--watch")
    until(lambda: stub.streams)
    (run_id,) = stub.runs
    stub.emit(run_id, "milestone_completed", milestone_id="m1")
    stub.emit(run_id, "gate_requested", gate="anchor", description=f"[bold]{HOSTILE}")
    terminal.sees("3 events  1 milestone  awaits anchor")
    stub.emit(run_id, "run_completed")
    code, out = terminal.end()
    assert (code, out) == (CLEAN, f"{run_id}\n")
    assert "description=[bold]\\x1b]0;owned" in terminal.shown
    assert "\x1b]0;owned" not in terminal.shown
    assert "\x1b[2J" not in terminal.shown
    assert f"qp: run {run_id} is completed" in terminal.shown


def test_an_interrupt_ends_the_watch_and_not_the_run(stub: GatewayStub) -> None:
    terminal = Terminal("run", *GIVEN, "--watch")
    terminal.sees("run_started")
    until(lambda: stub.streams)
    terminal.running.send_signal(signal.SIGINT)
    code, out = terminal.end()
    assert code == UNCHECKED
    assert f"qp: the run goes on; 'qp status {out.strip()} --watch' watches" in terminal.shown
    # The terminal's cursor is there again.
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")


def test_an_interrupt_ends_a_wait(stub: GatewayStub) -> None:
    stub.script["/run"] = [problem(429, "RATE_LIMITED", "slower", retry_after="200")]
    terminal = Terminal("run", *GIVEN)
    terminal.sees("trying again in 3 min 20 s")
    terminal.running.send_signal(signal.SIGINT)
    code, out = terminal.end()
    assert (code, out) == (UNCHECKED, "")
    assert "interrupted before the end" in terminal.shown


# --- how far a run is -------------------------------------------------------------------------


def test_the_status_of_a_run_is_aligned_lines(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    code, out, err = call("status", run_id.upper())
    assert (code, err) == (CLEAN, "")
    assert out.splitlines()[:5] == [
        f"run          {run_id}",
        "project      proj_123",
        "state        running",
        f"repository   {REPO}",
        f"branch       {BRANCH}",
    ]


def test_the_status_of_a_run_is_json(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    stub.emit(run_id, "run_failed", error_code="TESTS_FAILED", message="two failed")
    code, out, _ = call("status", run_id, "--format", "json")
    assert code == FOUND
    assert json.loads(out)["state"] == "failed"
    assert out.count("\n") == 1


def test_a_run_that_is_not_there_ends_with_3(stub: GatewayStub) -> None:
    assert not stub.runs
    code, out, err = call("status", CORRELATION)
    assert (code, out) == (NOTHING, "")
    assert err == "qp: there is no such run, or the token is not granted its project\n"


@pytest.mark.parametrize("run_id", ["7", "../healthz", f"{CORRELATION}/events", f"{CORRELATION}\n"])
def test_what_is_no_id_of_a_run_is_not_asked_for(stub: GatewayStub, run_id: str) -> None:
    assert call("status", run_id)[0] == USAGE
    assert not stub.asked


def test_a_run_that_has_ended_is_told_from_its_first_event(stub: GatewayStub) -> None:
    run_id = stub.new_run()
    stub.emit(run_id, "run_completed")
    code, _, err = call("status", run_id, "--watch")
    assert code == CLEAN
    assert [line.split("  ")[1] for line in err.splitlines()[:2]] == [
        "run_started",
        "run_completed",
    ]
    assert not stub.calls("/events")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"run_id": CORRELATION},
        {"run_id": CORRELATION, "state": "dancing"},
        {"run_id": CORRELATION, "state": ["running"]},
    ],
)
def test_a_state_that_is_none_is_not_shown(stub: GatewayStub, state: dict[str, Any]) -> None:
    stub.script[f"/runs/{CORRELATION}"] = [Response(json.dumps(state))]
    code, out, _ = call("status", CORRELATION)
    assert (code, out) == (UNCHECKED, "")


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_state_can_not_draw_on_a_terminal(stub: GatewayStub, shape: str) -> None:
    state = {"run_id": CORRELATION, "state": "paused", "gates": [HOSTILE], "branch": {"a": HOSTILE}}
    stub.script[f"/runs/{CORRELATION}"] = [Response(json.dumps(state))]
    code, out, _ = call("status", CORRELATION, "--format", shape)
    assert code == CLEAN
    assert out.replace("\n", "").isprintable()
