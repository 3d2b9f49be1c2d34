"""A gateway that is killed under load: what it accepted is there, and is delivered afterwards."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from tests.gateways import GENEROUS, REPOSITORY, Gateway
from tests.subscriptions import Hook, Hooks
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

_KILLS = 3
_CLIENTS = 8
_EACH = 60


def test_every_accepted_run_survives_a_kill_and_its_start_is_delivered(tmp_path: Path) -> None:
    options = ("--allow-private", *GENEROUS)
    with Hooks() as hooks, Gateway(str(tmp_path / "store.db"), tmp_path, options) as gateway:
        hook = hooks.hooks["all"] = Hook()
        gateway.register()
        token = gateway.token()
        made = gateway.call("POST", "/subscriptions", token, {"url": hooks.url("all")})
        assert made.status == 201
        accepted: set[str] = set()
        for _ in range(_KILLS):
            clients = [
                threading.Thread(target=_trigger, args=(gateway.port, token, accepted))
                for _ in range(_CLIENTS)
            ]
            before = len(accepted)
            for client in clients:
                client.start()
            until(lambda: len(accepted) >= before + _EACH, 60)  # noqa: B023 - called at once
            gateway.kill()
            for client in clients:
                client.join(30)
            gateway.start()
        for run in sorted(accepted):
            answer = gateway.call("GET", f"/runs/{run}", token)
            assert answer.status == 200, run
            assert answer.json["events_count"] == 1
        until(lambda: accepted <= hook.runs, 60)
        # What was stored and not answered is a run too; nothing else is delivered.
        listed: set[str] = set()
        query = "?limit=500"
        while query:
            page = gateway.call("GET", f"/runs{query}", token).json
            listed |= {each["run_id"] for each in page["runs"]}
            query = f"?limit=500&before={page['next']}" if "next" in page else ""
        assert hook.runs <= listed
        assert len(listed) - len(accepted) <= _KILLS * _CLIENTS


def _trigger(port: int, token: str, accepted: set[str]) -> None:
    """Start runs until the gateway is gone, and keep those that were accepted."""
    body = json.dumps({"repo_url": REPOSITORY, "branch": "main"})
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        while True:
            connection.request("POST", "/run", body, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status == 202:
                accepted.add(json.loads(told)["run_id"])
    except (OSError, HTTPException, ValueError):
        return
    finally:
        connection.close()
