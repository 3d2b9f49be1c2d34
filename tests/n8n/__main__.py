"""`make test-n8n`: real n8n, with the workflows of integrations/n8n, and a real gateway, both ways.

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
from tests.gateways import GENEROUS, REPOSITORY, Gateway
from tests.n8n import server
from tests.n8n.install import N8N, NODE, install
from tests.n8n.listener import listening
from tests.n8n.refusing import refusing

from quantapilot.signing import Signer, new_secret, secret_text

if TYPE_CHECKING:
    from tests.n8n.listener import Listener

WORKFLOWS = Path(__file__).parents[2] / "integrations" / "n8n"
BRANCH = "main"
STARTED, COMPLETED = "quantapilot.run_started", "quantapilot.run_completed"
_CLOUDEVENT: dict[str, Any] = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
_CALLER = "X-Caller"
# n8n listens on loopback.
_OPTIONS = ("--allow-private", *GENEROUS)
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
        token: A token of the gateway that may do everything.
        hook: The webhook of the workflow that receives events.
        run: The webhook of the workflow that starts runs.
        key: The key of the subscription.
        caller: What a caller of `run` sends in its header.
        listener: Hears each event that the workflow goes on with.
    """

    gateway: Gateway
    token: str
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
            Gateway(f"{folder}/store.db", Path(folder), _OPTIONS) as gateway,
            httpx.Client(timeout=120, trust_env=False) as http,
        ):
            gateway.register()
            try_out(Path(folder, "n8n"), listener, gateway, http, told)
    except (OSError, subprocess.CalledProcessError, server.NoN8nError) as error:
        sys.exit(f"no n8n: {error}; what it said: {server.log_file()}")
    told.tell("all as it should be" if not told.wrong else f"{told.wrong} WRONG")
    sys.exit(bool(told.wrong))


def try_out(
    folder: Path, listener: Listener, gateway: Gateway, http: httpx.Client, told: Transcript
) -> None:
    """Start n8n with what it has to know, and try both directions."""
    folder.mkdir()
    port, token = server.free_port(), gateway.token()
    url = f"http://127.0.0.1:{port}"
    hook = f"{url}/webhook/quantapilot-events"
    answer = gateway.call("POST", "/subscriptions", token, {"url": hook})
    told.check("POST /subscriptions, before n8n runs", answer.status, 201)
    key, caller = answer.json["key"], secrets.token_hex(16)
    workflows = [receiving(listener), starting(gateway)]
    data = {
        "crypto": {"hmacSecret": secret_text(key)},
        "httpBearerAuth": {"token": token},
        "httpHeaderAuth": {"name": _CALLER, "value": caller},
    }
    with server.running(folder, port, workflows, credentials(workflows, data)):
        told.tell("n8n runs: workflows and credentials are imported, its webhooks answer")
        setup = Setup(
            gateway=gateway,
            token=token,
            subscription=answer.json["subscription_id"],
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
        signed(setup)
        waits(setup)
        gives_up(setup)
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
    heard(setup, STARTED, run)
    emitted = setup.gateway.emit(setup.token, run, "run_completed")
    setup.told.check("POST /runs/{run_id}/events", emitted.status, 202)
    heard(setup, COMPLETED, run)
    key = str(uuid4())
    same = {_call(setup, key=key).json()["run_id"] for _ in range(2)}
    setup.told.check("n8n → gateway, twice with one Idempotency-Key: runs", len(same), 1)
    refused = _call(setup, branch=None)
    setup.told.check("n8n → gateway, POST /run without a branch", refused.status_code, 422)
    kind = refused.headers["content-type"].partition(";")[0]
    setup.told.check("its answer is passed on", kind, "application/problem+json")
    stranger = setup.http.post(setup.run, json={"repo_url": REPOSITORY, "branch": BRANCH})
    setup.told.check("caller whom n8n does not know", stranger.status_code, 403)


def signed(setup: Setup) -> None:
    """A trigger that is signed, and has no token, starts a run too, and n8n hears of it."""
    key_id, secret = setup.gateway.signing_key()
    body = json.dumps({"repo_url": REPOSITORY, "branch": BRANCH}).encode()
    headers = Signer([secret]).headers(str(uuid4()), int(time.time()), body)
    answers = [
        setup.gateway.call("POST", f"/run?key={key_id}", body=body, headers=headers)
        for _ in range(2)
    ]
    setup.told.check(
        "POST /run, signed, twice the same", [each.status for each in answers], [202, 202]
    )
    first, again = (each.json["run_id"] for each in answers)
    setup.told.check("it is one run", first == again, True)
    heard(setup, STARTED, first)


def heard(setup: Setup, type_: str, run: str) -> None:
    """The workflow goes on with an event of a run."""
    setup.told.check(
        f"its {type_.rpartition('.')[2]}: gateway → n8n, verified, workflow went on",
        setup.listener.wait(lambda came: _is(came, type_, run)),
        True,
    )


def waits(setup: Setup) -> None:
    """n8n tries again what the gateway refuses for a while, and starts one run."""
    # Longer than the workflow would wait by itself.
    _again(setup, "--limit=trigger=1 per 7 seconds")
    before = len(_get(setup, "/runs")["runs"])
    setup.gateway.run(setup.token)
    begin = time.monotonic()
    answer = _call(setup)
    setup.told.check("n8n → gateway, POST /run, first 429, Retry-After: 7", answer.status_code, 202)
    # Of the seven, a little was over.
    setup.told.check("it waited 7 s", time.monotonic() - begin > 6, True)
    setup.told.check("runs of n8n", len(_get(setup, "/runs")["runs"]) - before - 1, 1)
    setup.told.check("429 that the gateway counted", _refused(setup), 1)


def gives_up(setup: Setup) -> None:
    """n8n passes a refusal on that does not end."""
    setup.told.check("the gateway is stopped: its exit code", setup.gateway.stop(), 0)
    with refusing(setup.gateway.port) as refused:
        answer = _call(setup)
    setup.told.check("n8n → stub in its place, always 429", answer.status_code, 429)
    setup.told.check("tries of n8n", refused.count, 6)
    setup.gateway.start()
    setup.told.check("once it runs again: n8n → gateway", _call(setup).status_code, 202)


def _again(setup: Setup, *options: str) -> None:
    """Start the gateway anew where it was, with more options."""
    setup.told.check("the gateway is stopped: its exit code", setup.gateway.stop(), 0)
    setup.gateway.options = (*setup.gateway.options, *options)
    setup.gateway.start()


def _refused(setup: Setup) -> int:
    counter = setup.gateway.token("*", scopes=["metrics:read"])
    told = setup.gateway.call("GET", "/metrics", counter).body.decode()
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in told.splitlines()
        if line.startswith("qp_requests_total") and 'status="429"' in line
    )


def _call(setup: Setup, *, branch: str | None = BRANCH, key: str | None = None) -> httpx.Response:
    body = {"repo_url": REPOSITORY} | ({} if branch is None else {"branch": branch})
    headers = {_CALLER: setup.caller} | ({} if key is None else {"Idempotency-Key": key})
    return setup.http.post(setup.run, json=body, headers=headers)


def _get(setup: Setup, path: str) -> dict[str, Any]:
    found: dict[str, Any] = setup.gateway.call("GET", path, setup.token).json
    return found


def _is(came: dict[str, Any], type_: str, run: str) -> bool:
    return bool(came["type"] == type_ and came["data"].get("run_id") == run)


if __name__ == "__main__":
    main()
