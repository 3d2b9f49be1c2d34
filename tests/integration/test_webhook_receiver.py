"""The receiver that docs/webhooks.md shows: a real server, asked over a real connection."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook

from quantapilot.signing import Signer, new_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET, OTHER = new_secret(), new_secret()
BODY = '{"id": "café"}'.encode()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    shown = re.search(r"```python file=receiver\.py\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    program = tmp_path / "receiver.py"
    program.write_text(shown[1], "utf-8")
    with subprocess.Popen(
        [sys.executable, program],
        env=os.environ | {"QP_WEBHOOK_SECRETS": f"{OTHER} {SECRET}"},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def post(port: int, headers: list[tuple[str, str]], body: bytes = BODY) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/hook")
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body)
    with connection.getresponse() as answer:
        status = answer.status
    connection.close()
    return status


def test_it_takes_each_event_once_and_refuses_what_was_changed(
    receiver: subprocess.Popen[str],
) -> None:
    assert receiver.stdout is not None
    port = int(receiver.stdout.readline().removeprefix("port "))
    length = ("Content-Length", str(len(BODY)))
    now = int(time.time())
    ours = Signer([SECRET]).headers("one", now, BODY)
    theirs = dict(ours) | {"webhook-id": "two"}
    theirs["webhook-signature"] = Webhook(SECRET).sign(
        "two", datetime.fromtimestamp(now, UTC), BODY.decode()
    )
    good = [length, *ours.items()]
    assert post(port, good) == 204
    assert post(port, [(name.upper(), value) for name, value in good]) == 204
    assert post(port, [length, *theirs.items()]) == 204
    assert post(port, good, BODY[:-1] + b" ") == 401
    assert post(port, [*good, ("Webhook-Id", "one")]) == 401
    assert post(port, [length]) == 401
    old = Signer([SECRET]).headers("three", now - 400, BODY)
    assert post(port, [length, *old.items()]) == 401
    for bad in ("", "-1", "x", "9" * 5000):
        assert post(port, [("Content-Length", bad), *ours.items()]) == 413
    assert [receiver.stdout.readline() for _ in range(6)] == [
        "event one\n",
        "event two\n",
        "refused: no-match\n",
        "refused: duplicate-header\n",
        "refused: missing-id\n",
        "refused: too-old\n",
    ]
