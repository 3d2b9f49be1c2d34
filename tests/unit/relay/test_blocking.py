"""The relay's thread for what blocks: in order, with errors, and until the very end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from quantapilot.relay.blocking import OneThread

AT_EXIT = """
import atexit
from tests.delivering import MemoryLedger, ScriptedSink
from quantapilot.relay.relay import Relay, RelayThread
ledger = MemoryLedger(3)
thread = RelayThread(Relay(ledger, [ScriptedSink()]))
thread.start()
atexit.register(lambda: print(thread.stop(linger=5), ledger.told("sink", "delivered")))
"""


def test_calls_run_one_after_another_and_give_what_they_return_or_raise() -> None:
    seen: list[int] = []
    with OneThread("one") as pool:
        futures = [pool.submit(seen.append, number) for number in range(100)]
        broken = pool.submit(int, "x")
        assert pool.submit(len, seen).result(10) == 100
    assert seen == list(range(100))
    assert all(future.done() for future in futures)
    with pytest.raises(ValueError, match="invalid literal"):
        broken.result()


def test_an_application_may_close_what_it_opened_at_its_exit() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr) == ("True [1, 2, 3]\n", "")
