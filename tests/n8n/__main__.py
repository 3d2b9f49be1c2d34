"""`make test-n8n`: real n8n, with the workflows of integrations/n8n, and a gateway, both ways.

It writes what was sent and what came of it, a line each, and ends with 1 where that was not as it
should be.
"""

from __future__ import annotations

import json
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from tests import script_gateway
from tests.n8n import server
from tests.n8n.install import N8N, NODE, install
from tests.n8n.listener import listening

from quantapilot.signing import Signer, new_secret, secret_text

if TYPE_CHECKING:
    from tests.n8n.listener import Listener
    from tests.script_gateway import Gateway

WORKFLOWS = Path(__file__).parents[2] / "integrations" / "n8n"
REPOSITORY, BRANCH = "https://git.example/app", "main"
STARTED, COMPLETED = "quantapilot.run_started", "quantapilot.run_completed"
_CLOUDEVENT: dict[str, Any] = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
_CALLER = "X-Caller"
# With what an encoding that is guessed, or a template that is filled in twice, would change.
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": str(uuid4()),
    "type": COMPLETED,
    "data": {"note": "café € 😀 {{ 1 + 1 }} $& \\u0041", "number": 1.50},
}


@dataclass
class Transcript:
    """Writes what was done and what came of it, and counts what should not be."""

    wrong: int = 0
    begun: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Write a line."""
        sys.stdout.write(f"{time.monotonic() - self.begun:6.1f} s  {text}\n")
        sys.stdout.flush()

    def check(self, text: str, got: object, expected: object) -> None:
        """Write what was done with what came of it, and what was expected where that differs."""
        if got == expected:
            self.tell(f"ok     {text}: {got}")
        else:
            self.wrong += 1
            self.tell(f"WRONG  {text}: {got}, expected {expected}")


@dataclass(frozen=True)
class Setup:
    """What runs: a gateway, n8n beside it, and what n8n knows of both.

    Attributes:
        hook: The webhook of the workflow that receives events.
        run: The webhook of the workflow that starts runs.
        key: The key of the subscription.
        caller: What a caller of `run` sends in its header.
        listener: Hears each event that the workflow goes on with.
    """

    gateway: Gateway
    subscription: str
    hook: str
    run: str
    key: str
    caller: str
    listener: Listener
    http: httpx.Client
    told: Transcript


def read(name: str) -> dict[str, Any]:
    """Return a workflow of the integrations."""
    found: dict[str, Any] = json.loads((WORKFLOWS / name).read_text("utf-8"))
    return found


def receiving(listener: Listener) -> dict[str, Any]:
    """Return the workflow that receives events; behind its end it tells the listener of them."""
    workflow = read("receive-events.json")
    tell = {
        "id": "tell",
        "name": "Tell",
        "type": "n8n-nodes-base.httpRequest",
        "typeVersion": 4.2,
        "position": [1980, 0],
        "parameters": {
            "method": "POST",
            "url": listener.url,
            "sendBody": True,
            "specifyBody": "json",
            "jsonBody": "={{ JSON.stringify($json) }}",
            "options": {},
        },
    }
    workflow["nodes"].append(tell)
    workflow["connections"]["Continue here"] = {
        "main": [[{"node": tell["name"], "type": "main", "index": 0}]]
    }
    return workflow


def starting(gateway: Gateway) -> dict[str, Any]:
    """Return the workflow that starts runs, with the address of the gateway in it."""
    workflow = read("start-run.json")
    for node in workflow["nodes"]:
        if node["name"] == "POST run":
            node["parameters"]["url"] = f"{gateway.url}/run"
    return workflow


def credentials(
    workflows: list[dict[str, Any]], data: dict[str, dict[str, str]]
) -> list[dict[str, Any]]:
    """Return the credentials that workflows name, with the data of each type."""
    return [
        {"id": named["id"], "name": named["name"], "type": kind, "data": data[kind]}
        for workflow in workflows
        for node in workflow["nodes"]
        for kind, named in node.get("credentials", {}).items()
    ]


def main() -> None:
    """Install n8n where it is not there yet, and try the workflows."""
    told = Transcript()
    try:
        install()
        told.tell(f"n8n {N8N} on {NODE}, {platform.system()} {platform.machine()}")
        with (
            tempfile.TemporaryDirectory() as folder,
            listening() as listener,
            script_gateway.running() as gateway,
            httpx.Client(timeout=120, trust_env=False) as http,
        ):
            try_out(Path(folder), listener, gateway, http, told)
    except (OSError, subprocess.CalledProcessError, server.NoN8nError) as error:
        sys.exit(f"no n8n: {error}; what it said: {server.log_file()}")
    told.tell("all as it should be" if not told.wrong else f"{told.wrong} WRONG")
    sys.exit(bool(told.wrong))


def try_out(
    folder: Path, listener: Listener, gateway: Gateway, http: httpx.Client, told: Transcript
) -> None:
    """Start n8n with what it has to know, and try both directions."""
    port = server.free_port()
    url = f"http://127.0.0.1:{port}"
    hook = f"{url}/webhook/quantapilot-events"
    authorization = {"Authorization": f"Bearer {gateway.token}"}
    answer = http.post(f"{gateway.url}/subscriptions", json={"url": hook}, headers=authorization)
    told.check("POST /subscriptions, before n8n runs", answer.status_code, 201)
    key, caller = answer.json()["key"], secrets.token_hex(16)
    workflows = [receiving(listener), starting(gateway)]
    data = {
        "crypto": {"hmacSecret": secret_text(key)},
        "httpBearerAuth": {"token": gateway.token},
        "httpHeaderAuth": {"name": _CALLER, "value": caller},
    }
    with server.running(folder, port, workflows, credentials(workflows, data)):
        told.tell("n8n runs: workflows and credentials are imported, its webhooks answer")
        setup = Setup(
            gateway=gateway,
            subscription=answer.json()["subscription_id"],
            hook=hook,
            run=f"{url}/webhook/quantapilot-run",
            key=key,
            caller=caller,
            listener=listener,
            http=http,
            told=told,
        )
        challenged(setup)
        receives(setup)
        starts(setup)
        waits(setup)
        went_on(setup)


def challenged(setup: Setup) -> None:
    """The subscription becomes active: n8n answered the challenge."""
    end = time.monotonic() + 180
    while (state := _get(setup, f"/subscriptions/{setup.subscription}")["state"]) != "active":
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    setup.told.check("the subscription, once n8n answered its challenge", state, "active")


def receives(setup: Setup) -> None:
    """n8n takes what is signed, and refuses everything else."""
    now = int(time.time())
    body, id_ = json.dumps(EVENT, ensure_ascii=False).encode(), str(EVENT["id"])
    good = Signer([setup.key]).headers(id_, now, body)
    both = Signer([new_secret(), setup.key]).headers(id_, now, body)
    changed = body.replace(b"completed", b"paused")
    deliveries = [
        ("event, signed", good, body, 202),
        ("the same event again", good, body, 202),
        ("the same, signed by two keys while they rotate", both, body, 202),
        ("event that was tampered with", good, changed, 401),
        ("event under another id", good | {"webhook-id": str(uuid4())}, body, 401),
        ("event with another key", Signer([new_secret()]).headers(id_, now, body), body, 401),
        ("event of ten minutes ago", Signer([setup.key]).headers(id_, now - 600, body), body, 401),
        ("event from the future", Signer([setup.key]).headers(id_, now + 600, body), body, 401),
        ("event without a signature", {}, body, 401),
        ("nothing at all", {}, b"", 401),
    ]
    for text, headers, sent, expected in deliveries:
        answer = setup.http.post(setup.hook, content=sent, headers=headers | _CLOUDEVENT)
        setup.told.check(f"gateway → n8n, {text}", answer.status_code, expected)


def went_on(setup: Setup) -> None:
    """The workflow went on with all that was taken, with nothing else, and with each once."""
    came = setup.listener.came
    setup.told.check("that event went on as it was sent", EVENT in came, True)
    ids = [each["id"] for each in came]
    setup.told.check("events that went on twice", len(ids) - len(set(ids)), 0)
    runs = [run["run_id"] for run in _get(setup, "/runs")["runs"]]
    emitted = [each for run in runs for each in _get(setup, f"/runs/{run}/events")["events"]]
    known = {EVENT["id"], *(each["id"] for each in emitted)}
    setup.told.check("events that went on though nobody sent them", len(set(ids) - known), 0)


def starts(setup: Setup) -> None:
    """A caller of n8n starts a run, and n8n hears of that run."""
    answer = _call(setup)
    setup.told.check("n8n → gateway, POST /run", answer.status_code, 202)
    run = answer.json()["run_id"]
    state = _get(setup, f"/runs/{run}")
    setup.told.check("the run of that id", (state["state"], state["branch"]), ("running", BRANCH))
    setup.told.check(
        "its run_started: gateway → n8n, verified, workflow went on",
        setup.listener.wait(lambda came: _is(came, STARTED, run)),
        True,
    )
    emitted = setup.http.post(
        f"{setup.gateway.url}/runs/{run}/events",
        json={"type": COMPLETED, "data": {"run_id": run}},
        headers=_authorization(setup),
    )
    setup.told.check("POST /runs/{run_id}/events", emitted.status_code, 202)
    setup.told.check(
        "its run_completed: gateway → n8n, verified, workflow went on",
        setup.listener.wait(lambda came: _is(came, COMPLETED, run)),
        True,
    )
    key = str(uuid4())
    same = {_call(setup, key=key).json()["run_id"] for _ in range(2)}
    setup.told.check("n8n → gateway, twice with one Idempotency-Key: runs", len(same), 1)
    refused = _call(setup, branch=None)
    setup.told.check("n8n → gateway, POST /run without a branch", refused.status_code, 422)
    kind = refused.headers["content-type"].partition(";")[0]
    setup.told.check("its answer is passed on", kind, "application/problem+json")
    stranger = setup.http.post(setup.run, json={"repo_url": REPOSITORY, "branch": BRANCH})
    setup.told.check("caller whom n8n does not know", stranger.status_code, 403)


def waits(setup: Setup) -> None:
    """n8n tries again what the gateway refuses for a while, and starts one run."""
    before = len(_get(setup, "/runs")["runs"])
    # Longer than the workflow would wait by itself.
    setup.gateway.refuse, setup.gateway.retry_after = 1, 7
    begin = time.monotonic()
    answer = _call(setup)
    setup.told.check("n8n → gateway, POST /run, first 429, Retry-After: 7", answer.status_code, 202)
    setup.told.check("it waited 7 s", time.monotonic() - begin >= 7, True)
    setup.told.check("runs that were started", len(_get(setup, "/runs")["runs"]) - before, 1)
    setup.gateway.refuse, setup.gateway.retry_after = 99, 1
    answer = _call(setup)
    setup.told.check("n8n → gateway, always 429", answer.status_code, 429)
    setup.told.check("tries of n8n", 99 - setup.gateway.refuse, 6)
    setup.gateway.refuse = 0


def _call(setup: Setup, *, branch: str | None = BRANCH, key: str | None = None) -> httpx.Response:
    body = {"repo_url": REPOSITORY} | ({} if branch is None else {"branch": branch})
    headers = {_CALLER: setup.caller} | ({} if key is None else {"Idempotency-Key": key})
    return setup.http.post(setup.run, json=body, headers=headers)


def _get(setup: Setup, path: str) -> dict[str, Any]:
    answer = setup.http.get(f"{setup.gateway.url}{path}", headers=_authorization(setup))
    found: dict[str, Any] = answer.json()
    return found


def _authorization(setup: Setup) -> dict[str, str]:
    return {"Authorization": f"Bearer {setup.gateway.token}"}


def _is(came: dict[str, Any], type_: str, run: str) -> bool:
    return bool(came["type"] == type_ and came["data"].get("run_id") == run)


if __name__ == "__main__":
    main()
