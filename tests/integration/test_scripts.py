"""The examples of clients in scripts/, as real programs against a real gateway."""

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
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateways import GENEROUS, Gateway

from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCRIPTS = Path(__file__).parents[2] / "scripts"
BIN = Path(sys.executable).parent
RUN_ID = "3d0ad8cf-0159-466a-846d-7cb2c7de120e"
OTHER_RUN = "01a22659-9d90-7a02-a0af-7558853a5017"
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


PROJECTS = count()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who runs the scripts: a token, and the one project and repository that it is granted."""

    gateway: Gateway
    token: str
    repository: str

    def get(self, path: str) -> Any:
        answer = self.gateway.call("GET", path, self.token)
        assert answer.status == 200, answer.body
        return answer.json

    @property
    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/runs")["runs"]
        return found

    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/subscriptions")["subscriptions"]
        return found

    def first_event(self, run_id: str) -> str:
        found: str = self.get(f"/runs/{run_id}/events")["events"][0]["id"]
        return found

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"QP_URL": self.gateway.url, "QP_TOKEN": self.token}

    def script(self, name: str, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPTS / name, *args],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def trigger(self, branch: str = "main") -> str:
        """Start a run with the script; return its id."""
        done = self.script("trigger.sh", self.repository, branch)
        assert (done.returncode, done.stderr) == (0, "")
        run_id: str = json.loads(done.stdout)["run_id"]
        return run_id


def caller_at(gateway: Gateway) -> Caller:
    project = f"proj_scripts{next(PROJECTS)}"
    repository = f"https://git.example/{project}"
    gateway.register(project, repository)
    return Caller(gateway, gateway.token(project), repository)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("scripts")
    with Gateway(str(folder / "store.db"), folder, ("--allow-private", *GENEROUS)) as running:
        yield running


@pytest.fixture
def caller(gateway: Gateway) -> Caller:
    return caller_at(gateway)


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
def test_a_trigger_starts_a_run_and_prints_its_id(caller: Caller) -> None:
    run_id = caller.trigger()
    (run,) = caller.runs
    assert (run["run_id"], run["repo_url"]) == (run_id, caller.repository)


@needs_curl
def test_a_trigger_sends_what_it_was_given_whatever_stands_in_it(caller: Caller) -> None:
    branch = 'a"b$(d)`e`é'
    caller.trigger(branch)
    assert [run["branch"] for run in caller.runs] == [branch]
    # Good JSON, though no branch can be called so.
    done = caller.script("trigger.sh", caller.repository, 'a\\b"')
    assert json.loads(done.stdout)["error_code"] == "CONTRACT_VIOLATION"


@needs_curl
def test_a_trigger_waits_as_it_is_told_and_starts_one_run(tmp_path: Path) -> None:
    slow = ("--limit=trigger=1 per 4 seconds",)
    with Gateway(str(tmp_path / "store.db"), tmp_path, slow) as gateway:
        caller = caller_at(gateway)
        begin = time.monotonic()
        first = caller.trigger()
        done = caller.script("trigger.sh", caller.repository, "main")
        assert (done.returncode, "429" in done.stderr) == (0, True)
        assert time.monotonic() - begin >= 4
        second = json.loads(done.stdout)["run_id"]
        assert [run["run_id"] for run in caller.runs] == [second, first]


@needs_curl
def test_a_trigger_that_nobody_answers_is_sent_until_one_does(gateway: Gateway) -> None:
    caller = caller_at(gateway)
    gateway.kill()
    command = [str(SCRIPTS / "trigger.sh"), caller.repository, "main"]
    with subprocess.Popen(
        command, env=caller.environment, stdout=subprocess.PIPE, text=True
    ) as waiting:
        gateway.start()
        told, _ = waiting.communicate(timeout=60)
    assert [run["run_id"] for run in caller.runs] == [json.loads(told)["run_id"]]


@needs_curl
def test_a_refused_trigger_says_why_and_shows_no_token(caller: Caller) -> None:
    wrong = caller.token[:-1] + ("y" if caller.token[-1] == "x" else "x")
    done = caller.script("trigger.sh", caller.repository, "main", QP_TOKEN=wrong)
    assert done.returncode == 22
    assert json.loads(done.stdout)["error_code"] == "UNAUTHENTICATED"
    assert wrong not in done.stdout + done.stderr


@needs_curl
@pytest.mark.parametrize(
    ("name", "args"),
    [("trigger.sh", ()), ("subscribe.sh", ("http://127.0.0.1/",)), ("watch.sh", ())],
)
def test_a_script_without_its_arguments_says_how_it_is_called(
    caller: Caller, name: str, args: tuple[str, ...]
) -> None:
    done = caller.script(name, *args)
    assert done.returncode != 0
    assert f"usage: {name}" in done.stderr
    done = caller.script(name, *args, QP_TOKEN="")
    assert (done.returncode != 0, "QP_TOKEN" in done.stderr) == (True, True)


@needs_curl
@each_receiver
def test_a_subscribed_receiver_passes_the_challenge_and_hears_of_a_run(
    caller: Caller, tmp_path: Path, receiver: tuple[str, ...]
) -> None:
    key = tmp_path / "key.txt"
    with program(*receiver, str(key)) as line:
        url = f"http://127.0.0.1:{line().removeprefix('port ').strip()}/"
        done = caller.script("subscribe.sh", url, str(key), STARTED, COMPLETED)
        assert (done.returncode, done.stderr) == (0, "")
        (subscription,) = caller.subscriptions
        assert done.stdout.strip() == subscription["subscription_id"]
        assert set(subscription["types"]) == {STARTED, COMPLETED}
        assert re.fullmatch(r"whsec_\S+\n", key.read_text())
        assert key.stat().st_mode & 0o777 == 0o600
        until(lambda: caller.subscriptions[0]["state"] == "active")
        run_id = caller.trigger()
        told = line()
        while told == "no usable key in KEY_FILE\n":
            told = line()
        assert told == f"{STARTED} {caller.first_event(run_id)} {run_id}\n"


@needs_curl
def test_a_key_never_replaces_a_file_and_a_refusal_leaves_none(
    caller: Caller, tmp_path: Path
) -> None:
    key = tmp_path / "key.txt"
    key.write_text("mine")
    assert caller.script("subscribe.sh", "http://127.0.0.1/", str(key)).returncode != 0
    assert (key.read_text(), caller.subscriptions) == ("mine", [])
    other = tmp_path / "other.txt"
    done = caller.script("subscribe.sh", "http://127.0.0.1/", str(other), QP_TOKEN="qpt_x")
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
        others = event_of(OTHER_RUN)
        assert post(port, Signer([old]).headers("e-1", now, others), others)[0] == 204
        last = event_of().replace(b"e-1", b"e-9")
        assert post(port, Signer([old]).headers("e-9", now, last), last)[0] == 204
        told = [line()]
        while "e-9" not in told[-1]:
            told.append(line())
    assert told[0] == "no usable key in KEY_FILE\n"
    events = [each for each in told[1:] if not each.startswith("refused")]
    assert events == [
        f"{COMPLETED} {event_id} {run_id}\n"
        for event_id, run_id in (("e-1", RUN_ID), ("e-1", OTHER_RUN), ("e-9", RUN_ID))
    ]


@needs_curl
def test_watching_goes_on_where_it_was_after_a_break_and_a_restart(
    gateway: Gateway, tmp_path: Path
) -> None:
    caller, place = caller_at(gateway), tmp_path / "place.txt"
    watch = (str(SCRIPTS / "watch.sh"), str(place), STARTED)

    def heard(line: str) -> str:
        kind, _, event = line.partition(" ")
        assert kind == STARTED
        return str(json.loads(event)["data"]["run_id"])

    counter = gateway.token("*", scopes=["metrics:read"])

    def listens() -> bool:
        return b"\nqp_streams 1.0\n" in gateway.call("GET", "/metrics", counter).body

    with program(*watch, env=caller.environment) as line:
        until(listens)
        first = caller.trigger()
        assert heard(line()) == first
        until(lambda: place.exists() and place.read_text().strip() == caller.first_event(first))
        gateway.kill()
        gateway.start()
        second = caller.trigger()
        assert heard(line()) == second
        until(lambda: place.read_text().strip() == caller.first_event(second))
    third = caller.trigger()
    with program(*watch, env=caller.environment) as line:
        assert heard(line()) == third


@needs_curl
def test_watching_ends_where_it_is_refused(caller: Caller, tmp_path: Path) -> None:
    done = caller.script("watch.sh", str(tmp_path / "place.txt"), QP_TOKEN="qpt_x")
    assert done.returncode == 1
    assert "refused with status 401" in done.stderr
