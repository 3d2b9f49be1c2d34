"""The receiver that fails on demand, as a plain HTTP client sees it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from quantapilot.chaos.receiver import Receiver, ReceiverError
from quantapilot.chaos.server import MODES, Behaviour
from quantapilot.errors import SecretError, UnknownNameError
from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from pathlib import Path

SECRET = new_secret()


def post(receiver: Receiver, headers: dict[str, str], body: bytes = b"{}") -> int | str:
    with closing(http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=5)) as client:
        try:
            client.request("POST", "/events", body, headers)
            return client.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__


def test_it_runs_in_a_process_of_its_own_and_remembers_what_it_was_sent() -> None:
    signer = Signer([SECRET])
    with Receiver(Behaviour(secrets=(SECRET,), script=("500",))) as receiver:
        signed = signer.headers("event-1", int(time.time()), b"{}")
        assert [post(receiver, signed) for _ in range(3)] == [500, 204, 204]
        assert post(receiver, signed, b"[]") == 401
        assert post(receiver, {"webhook-id": "event-2"}) == 401
        receiver.behave(Behaviour())
        assert post(receiver, signed, b"[]") == 204
        assert post(receiver, {}) == 400
        first, second = receiver.heard(["event-1", "event-2"])
        assert second is None
        assert first is not None
        assert (first.seen, first.accepted, first.differed) == (4, 3, True)
        totals = receiver.totals()
    assert (totals.requests, totals.unverified, totals.unnamed) == (7, 2, 1)
    assert (totals.ids, totals.accepted, totals.repeated, totals.differed) == (1, 1, 1, 1)
    assert totals.modes == {"ok": 6, "500": 1}


def test_equal_seeds_are_equal_failures() -> None:
    weights = {"ok": 3.0, "500": 1.0, "404": 1.0, "reset": 1.0}

    def answers(receiver: Receiver, seed: int) -> list[int | str]:
        receiver.behave(Behaviour(script=("410",), weights=weights, seed=seed))  # type: ignore[arg-type]
        return [post(receiver, {"webhook-id": f"event-{each}"}) for each in range(30)]

    with Receiver(own_process=False) as receiver:
        first, again, other = (answers(receiver, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first[0] == 410
    assert set(first[1:]) == {204, 500, 404, "ConnectionResetError"}


def test_a_closed_port_opens_again_by_itself() -> None:
    with Receiver(Behaviour(script=("closed",), slowness=0.1), own_process=False) as receiver:
        assert post(receiver, {"webhook-id": "a"}) == "ConnectionResetError"
        answers = [post(receiver, {"webhook-id": "b"})]
        end = time.monotonic() + 10
        while answers[-1] != 204 and time.monotonic() < end:
            time.sleep(0.02)
            answers.append(post(receiver, {"webhook-id": "b"}))
        assert answers[0] == "ConnectionRefusedError"
        assert answers[-1] == 204


def test_what_makes_no_sense_is_refused_before_it_starts() -> None:
    with pytest.raises(UnknownNameError, match="slow-headers"):
        Behaviour(script=("slow",))  # type: ignore[arg-type]
    with pytest.raises(SecretError):
        Behaviour(secrets=("whsec_x",))
    assert len(MODES) == 12


def test_a_port_that_is_taken_and_a_receiver_that_is_gone_are_told(tmp_path: Path) -> None:
    with Receiver(own_process=False) as receiver:
        with pytest.raises(ReceiverError, match="can't listen"), Receiver(port=receiver.port):
            pass
        with pytest.raises(ReceiverError, match="can't listen"):
            Receiver(certificate=tmp_path / "none.pem", own_process=False).__enter__()
    with pytest.raises(ReceiverError, match="does not run"):
        receiver.totals()
    with Receiver() as receiver:
        os.kill(receiver._runs.pid, signal.SIGKILL)
        with pytest.raises(ReceiverError, match="has ended"):
            receiver.totals()


PARENT = """
import sys, time
from quantapilot.chaos.receiver import Receiver
if __name__ == "__main__":
    with Receiver() as receiver:
        print(receiver._runs.pid, flush=True)
        time.sleep(60)
"""


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("the receiver outlived its parent")
