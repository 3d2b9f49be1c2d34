"""The examples of clients in scripts/, as real programs against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import script_gateway

from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.script_gateway import Gateway

SCRIPTS = Path(__file__).parents[2] / "scripts"
BIN = Path(sys.executable).parent
REPOSITORY = "https://git.example/app"
RUN_ID = "3d0ad8cf-0159-466a-846d-7cb2c7de120e"
STARTED, COMPLETED = "quantapilot.run_started", "quantapilot.run_completed"

PYTHON = (sys.executable, str(SCRIPTS / "receive.py"))
NODE = ("node", str(SCRIPTS / "receive.mjs"))


def node_is_new_enough() -> bool:
    if shutil.which("node") is None:
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").split(".")[0]) >= 20


each_receiver = pytest.mark.parametrize(
    "receiver",
    [
        pytest.param(PYTHON, id="python"),
        pytest.param(
            NODE,
            id="node",
            marks=pytest.mark.skipif(not node_is_new_enough(), reason="no Node 20 here"),
        ),
    ],
)
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with script_gateway.running() as running:
        yield running


def environment(gateway: Gateway, **more: str) -> dict[str, str]:
    return os.environ | {"QP_URL": gateway.url, "QP_TOKEN": gateway.token} | more


def script(
    gateway: Gateway, name: str, *args: str, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / name, *args],
        env=environment(gateway, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def program(*command: str, env: dict[str, str] | None = None) -> Iterator[Callable[[], str]]:
    """Run a program, and return what gives its next line, or none where that takes too long."""
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:

        def end() -> None:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)

        late = threading.Timer(120, end)
        late.start()
        assert running.stdout is not None
        try:
            yield running.stdout.readline
        finally:
            late.cancel()
            end()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def post(
    port: int, headers: dict[str, str], body: bytes, length: str | None = None
) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    more = {"Content-Length": str(len(body)) if length is None else length}
    connection.request("POST", "/", body, headers | more)
    with connection.getresponse() as answer:
        found = answer.status, answer.read()
    connection.close()
    return found


def event_of(run_id: str = RUN_ID) -> bytes:
    event = {"specversion": "1.0", "id": "e-1", "type": COMPLETED, "data": {"run_id": run_id}}
    return json.dumps(event).encode()


@pytest.mark.skipif(shutil.which("shellcheck", path=str(BIN)) is None, reason="no shellcheck here")
def test_the_linter_has_nothing_to_say_about_the_shell_scripts() -> None:
    files = sorted(SCRIPTS.glob("*.sh"))
    done = subprocess.run([BIN / "shellcheck", *files], capture_output=True, text=True, check=False)
    assert (len(files), done.returncode, done.stdout) == (3, 0, "")


@needs_curl
def test_a_trigger_starts_a_run_and_prints_its_id(gateway: Gateway) -> None:
    done = script(gateway, "trigger.sh", REPOSITORY, "main")
    assert (done.returncode, done.stderr) == (0, "")
    (run_id,) = gateway.runs
    assert json.loads(done.stdout)["run_id"] == run_id
    assert gateway.runs[run_id]["repo_url"] == REPOSITORY


@needs_curl
def test_a_trigger_sends_what_it_was_given_whatever_stands_in_it(gateway: Gateway) -> None:
    branch = 'a"b\\c$(d)`e`é'
    assert script(gateway, "trigger.sh", REPOSITORY, branch).returncode == 0
    assert [run["branch"] for run in gateway.runs.values()] == [branch]


@needs_curl
def test_a_trigger_waits_as_it_is_told_and_starts_one_run(gateway: Gateway) -> None:
    gateway.refuse, gateway.retry_after = 1, 3
    begin = time.monotonic()
    done = script(gateway, "trigger.sh", REPOSITORY, "main")
    assert time.monotonic() - begin >= 3
    assert json.loads(done.stdout)["run_id"] in gateway.runs
    assert len(gateway.runs) == 1


@needs_curl
def test_a_refused_trigger_says_why_and_shows_no_token(gateway: Gateway) -> None:
    wrong = gateway.token[:-1] + "y"
    done = script(gateway, "trigger.sh", REPOSITORY, "main", QP_TOKEN=wrong)
    assert done.returncode == 22
    assert json.loads(done.stdout)["error_code"] == "UNAUTHENTICATED"
    assert wrong not in done.stdout + done.stderr


@needs_curl
@pytest.mark.parametrize(
    ("name", "args"),
    [("trigger.sh", ()), ("subscribe.sh", ("http://127.0.0.1/",)), ("watch.sh", ())],
)
def test_a_script_without_its_arguments_says_how_it_is_called(
    gateway: Gateway, name: str, args: tuple[str, ...]
) -> None:
    done = script(gateway, name, *args)
    assert done.returncode != 0
    assert f"usage: {name}" in done.stderr
    done = script(gateway, name, *args, QP_TOKEN="")
    assert (done.returncode != 0, "QP_TOKEN" in done.stderr) == (True, True)


@needs_curl
@each_receiver
def test_a_subscribed_receiver_passes_the_challenge_and_hears_of_a_run(
    gateway: Gateway, tmp_path: Path, receiver: tuple[str, ...]
) -> None:
    key = tmp_path / "key.txt"
    with program(*receiver, str(key)) as line:
        url = f"http://127.0.0.1:{line().removeprefix('port ').strip()}/"
        done = script(gateway, "subscribe.sh", url, str(key), STARTED, COMPLETED)
        assert (done.returncode, done.stderr) == (0, "")
        (subscription,) = gateway.subscriptions.values()
        assert done.stdout.strip() == subscription["subscription_id"]
        assert subscription["types"] == [STARTED, COMPLETED]
        assert re.fullmatch(r"whsec_\S+\n", key.read_text())
        assert key.stat().st_mode & 0o777 == 0o600
        until(lambda: subscription["state"] == "active")
        run = json.loads(script(gateway, "trigger.sh", REPOSITORY, "main").stdout)["run_id"]
        told = line()
        while told == "no usable key in KEY_FILE\n":
            told = line()
        assert told == f"{STARTED} {gateway.events[0]['id']} {run}\n"


@needs_curl
def test_a_key_never_replaces_a_file_and_a_refusal_leaves_none(
    gateway: Gateway, tmp_path: Path
) -> None:
    key = tmp_path / "key.txt"
    key.write_text("mine")
    assert script(gateway, "subscribe.sh", "http://127.0.0.1/", str(key)).returncode != 0
    assert (key.read_text(), gateway.subscriptions) == ("mine", {})
    other = tmp_path / "other.txt"
    done = script(gateway, "subscribe.sh", "http://127.0.0.1/", str(other), QP_TOKEN="qpt_x")
    assert (done.returncode, done.stdout) == (22, "")
    assert "UNAUTHENTICATED" in done.stderr
    assert not other.exists()


@each_receiver
def test_a_receiver_without_its_arguments_says_how_it_is_called(receiver: tuple[str, ...]) -> None:
    done = subprocess.run(receiver, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("usage: receive.")


@each_receiver
def test_a_receiver_takes_each_event_once_and_refuses_what_was_changed(
    tmp_path: Path, receiver: tuple[str, ...]
) -> None:
    old, new = new_secret(), new_secret()
    key = tmp_path / "key.txt"
    body, now = event_of(), int(time.time())
    with program(*receiver, str(key)) as line:
        port = int(line().removeprefix("port "))
        good = Signer([old]).headers("e-1", now, body)
        assert post(port, good, body)[0] == 503
        key.write_text(f"{new}\n{old}\n")
        rotated = Signer([new_secret(), new]).headers("e-1", now, body)
        assert [post(port, each, body)[0] for each in (good, good, rotated)] == [204] * 3
        assert post(port, good, body[:-1] + b" ")[0] == 401
        assert post(port, {}, body)[0] == 401
        assert post(port, good | {"webhook-id": "e-2"}, body)[0] == 401
        assert post(port, good | {"webhook-signature": "v1,", "webhook-id": ""}, body)[0] == 401
        for wrong in (
            Signer([new_secret()]).headers("e-1", now, body),
            Signer([old]).headers("e-1", now - 400, body),
            Signer([old]).headers("e-1", now + 400, body),
        ):
            assert post(port, wrong, body)[0] == 401
        assert post(port, good, body, "9" * 12)[0] == 413
        question = {"type": "quantapilot.subscription_challenge", "challenge": "c" * 20}
        asked = json.dumps(question).encode()
        status, answer = post(port, Signer([old]).headers("q", now, asked), asked)
        assert (status, json.loads(answer)) == (200, {"challenge": "c" * 20})
        assert post(port, good, asked)[0] == 401
        last = event_of().replace(b"e-1", b"e-9")
        assert post(port, Signer([old]).headers("e-9", now, last), last)[0] == 204
        told = [line()]
        while "e-9" not in told[-1]:
            told.append(line())
    assert told[0] == "no usable key in KEY_FILE\n"
    events = [each for each in told[1:] if not each.startswith("refused")]
    assert events == [f"{COMPLETED} e-1 {RUN_ID}\n", f"{COMPLETED} e-9 {RUN_ID}\n"]


@needs_curl
def test_watching_goes_on_where_it_was_after_a_break_and_a_restart(
    gateway: Gateway, tmp_path: Path
) -> None:
    place = tmp_path / "place.txt"
    gateway.breaks = 2
    runs = [
        json.loads(script(gateway, "trigger.sh", REPOSITORY, f"b{each}").stdout)["run_id"]
        for each in range(3)
    ]
    watch = (str(SCRIPTS / "watch.sh"), str(place), STARTED)

    def heard(line: str) -> str:
        kind, _, event = line.partition(" ")
        assert kind == STARTED
        return str(json.loads(event)["data"]["run_id"])

    with program(*watch, env=environment(gateway)) as line:
        assert [heard(line()) for _ in runs] == runs
        until(lambda: place.read_text().strip() == gateway.events[2]["id"])
    more = json.loads(script(gateway, "trigger.sh", REPOSITORY, "main").stdout)["run_id"]
    with program(*watch, env=environment(gateway)) as line:
        assert heard(line()) == more


@needs_curl
def test_watching_ends_where_it_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    done = script(gateway, "watch.sh", str(tmp_path / "place.txt"), QP_TOKEN="qpt_x")
    assert done.returncode == 1
    assert "refused with status 401" in done.stderr
