"""The gateway over real HTTP: what callers of each kind see."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.emitting import CONTRACT, MAIL
from tests.gateways import PROJECT, REPOSITORY, Gateway
from tests.waiting import until

from quantapilot.client.gateway import Gateway as Client
from quantapilot.contract.validator import Validator
from quantapilot.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateways import Answer

REQUEST = {"repo_url": REPOSITORY, "branch": "main"}
VALIDATOR = Validator(CONTRACT)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    options = tuple(f"--limit={each}=100000/second" for each in ("refused", "subscribe", "trigger"))
    with Gateway(str(folder / "store.db"), folder, ("--allow-private", *options)) as running:
        running.register()
        yield running


@pytest.fixture(scope="module")
def token(gateway: Gateway) -> str:
    return gateway.token()


def conforms(answer: Answer, name: str) -> bool:
    return VALIDATOR.is_valid(CONTRACT.definitions[name], answer.json)


def told(answer: Answer, status: int, code: str) -> str:
    """Hold an answer to be a problem of a kind, and return its message."""
    assert (answer.status, answer.json["error_code"]) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert conforms(answer, "ErrorResponse")
    message: str = answer.json["message"]
    return message


def test_a_trigger_starts_a_run_that_can_be_looked_at(gateway: Gateway, token: str) -> None:
    answer = gateway.call("POST", "/run", token, REQUEST)
    assert answer.status == 202
    assert conforms(answer, "RunAccepted")
    assert answer.headers["location"] == f"/runs/{answer.json['run_id']}"
    state = gateway.call("GET", answer.headers["location"], token)
    assert conforms(state, "RunState")
    assert state.json["state"] == "running"
    assert state.json["correlation_id"] == answer.json["correlation_id"]
    events = gateway.call("GET", f"{answer.headers['location']}/events", token)
    assert conforms(events, "EventList")
    assert [each["type"] for each in events.json["events"]] == ["quantapilot.run_started"]


def test_the_callers_correlation_id_is_kept(gateway: Gateway, token: str) -> None:
    given = "9b2d7c1e-5f3a-4c8b-8e1d-6a7b8c9d0e1f"
    answer = gateway.call("POST", "/run", token, {**REQUEST, "correlation_id": given})
    assert answer.json["correlation_id"] == given


def test_a_trigger_that_is_sent_again_under_its_key_starts_nothing_more(
    gateway: Gateway, token: str
) -> None:
    key = {"idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
    first = gateway.call("POST", "/run", token, REQUEST, key)
    again = gateway.call("POST", "/run", token, REQUEST, key)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["location"] == first.headers["location"]
    other = gateway.call("POST", "/run", token, {**REQUEST, "branch": "next"}, key)
    told(other, 422, "IDEMPOTENCY_KEY_REUSED")
    # Another caller's key of the same text is another key.
    theirs = gateway.call("POST", "/run", gateway.token(), REQUEST, key)
    assert theirs.json["run_id"] != first.json["run_id"]


def test_a_run_goes_from_its_start_to_its_end_in_order(gateway: Gateway, token: str) -> None:
    run = gateway.run(token)
    asked = gateway.emit(token, run, "gate_requested", gate="anchor", description="Approve it")
    assert asked.status == 202
    assert conforms(asked, "EventAccepted")
    assert gateway.call("GET", f"/runs/{run}", token).json["gates"] == ["anchor"]
    early = gateway.emit(token, run, "gate_decision", gate="other", approved=True, reason="Fine")
    assert told(early, 409, "OUT_OF_ORDER") == "gate_decision needs a gate_requested before it"
    gateway.emit(token, run, "gate_decision", gate="anchor", approved=True, reason="Fine")
    assert gateway.emit(token, run, "run_completed").status == 202
    assert gateway.call("GET", f"/runs/{run}", token).json["state"] == "completed"
    late = gateway.emit(token, run, "run_paused", reason="Budget")
    assert told(late, 409, "OUT_OF_ORDER") == "the run has ended: it is completed"


def test_a_run_that_has_ended_awaits_no_decision(gateway: Gateway, token: str) -> None:
    run = gateway.run(token)
    gateway.emit(token, run, "gate_requested", gate="anchor", description="Approve it")
    assert gateway.emit(token, run, "run_failed", error_code="BUDGET", message="No").status == 202
    state = gateway.call("GET", f"/runs/{run}", token).json
    assert (state["state"], state["gates"]) == ("failed", [])


def test_an_event_with_personal_data_is_refused_and_only_rule_and_field_are_kept(
    gateway: Gateway, token: str
) -> None:
    run = gateway.run(token)
    answer = gateway.emit(token, run, "run_paused", reason=f"asked by {MAIL}")
    assert told(answer, 422, "PERSONAL_DATA") == "pii/email at /data/reason: E-mail address"
    deadline = time.monotonic() + 10
    refusals = gateway.call("GET", "/refusals", token)
    while run.encode() not in refusals.body and time.monotonic() < deadline:
        refusals = gateway.call("GET", "/refusals", token)
    found = [each for each in refusals.json["refusals"] if each.get("run_id") == run]
    assert conforms(refusals, "RefusalList")
    assert (found[0]["rule"], found[0]["field"]) == ("pii/email", "/data/reason")
    assert MAIL.encode() not in refusals.body


def test_an_event_that_is_sent_twice_counts_once(gateway: Gateway, token: str) -> None:
    run = gateway.run(token)
    event = {
        "specversion": "1.0",
        "id": "7d9f8a35-6d0f-4f0c-9d53-0a4a3a0c5b11",
        "source": "/pipeline",
        "type": "quantapilot.milestone_completed",
        "time": "2026-01-01T00:00:00Z",
        "subject": run,
        "data": {"run_id": run, "milestone_id": "m-1"},
    }
    first, again = (gateway.call("POST", f"/runs/{run}/events", token, event) for _ in range(2))
    assert first.status == 202, first.body
    assert again.status == 202
    assert gateway.call("GET", f"/runs/{run}", token).json["milestones_count"] == 1
    event["time"] = "2026-01-01T00:00:01Z"
    other = gateway.call("POST", f"/runs/{run}/events", token, event)
    told(other, 409, "DUPLICATE_EVENT")


@pytest.mark.parametrize(
    "event_id", ["0190a6e2-7a3b-4c4d-de5f-001122334455", "0190a6e2-7a3b-4C4D-8E5F-00112233445A"]
)
def test_behind_every_event_that_is_accepted_there_is_a_page(
    gateway: Gateway, token: str, event_id: str
) -> None:
    run = gateway.run(token)
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/pipeline",
        "type": "quantapilot.milestone_completed",
        "time": "2026-01-01T00:00:00Z",
        "subject": run,
        "data": {"run_id": run, "milestone_id": "m-1"},
    }
    assert gateway.call("POST", f"/runs/{run}/events", token, event).status == 202
    assert gateway.emit(token, run, "run_completed").status == 202
    behind = gateway.call("GET", f"/runs/{run}/events?after={event_id}", token)
    assert [each["type"] for each in behind.json["events"]] == ["quantapilot.run_completed"]
    with Client(gateway.url, token) as client:
        assert [each.id for each in client.told(run)][1] == event_id


def test_an_event_belongs_to_the_run_that_it_is_sent_to(gateway: Gateway, token: str) -> None:
    first, second = gateway.run(token), gateway.run(token)
    event = {"type": "quantapilot.run_completed", "data": {"run_id": second}}
    answer = gateway.call("POST", f"/runs/{first}/events", token, event)
    told(answer, 422, "CONTRACT_VIOLATION")


def test_runs_are_listed_the_latest_first_page_by_page(gateway: Gateway) -> None:
    gateway.register("proj_pages", "https://github.com/org/pages")
    token = gateway.token("proj_pages")
    made = [gateway.run(token, "https://github.com/org/pages") for _ in range(5)]
    gateway.emit(token, made[2], "run_completed")
    first = gateway.call("GET", "/runs?limit=3", token)
    assert conforms(first, "RunList")
    assert [each["run_id"] for each in first.json["runs"]] == made[:1:-1]
    rest = gateway.call("GET", f"/runs?limit=3&before={first.json['next']}", token)
    assert [each["run_id"] for each in rest.json["runs"]] == made[1::-1]
    assert "next" not in rest.json
    done = gateway.call("GET", "/runs?state=completed", token).json["runs"]
    assert [each["run_id"] for each in done] == [made[2]]


def test_a_sender_that_signs_needs_no_token(gateway: Gateway) -> None:
    key, secret = gateway.signing_key()
    body = b'{"repo_url": "https://github.com/org/project", "branch": "main"}'
    headers = Signer([secret]).headers("msg-1", int(time.time()), body)
    first = gateway.call("POST", f"/run?key={key}", None, body, headers)
    assert first.status == 202, first.body
    # Webhook senders send again what they are not sure of.
    again = gateway.call("POST", f"/run?key={key}", None, body, headers)
    assert again.body == first.body
    changed = gateway.call("POST", f"/run?key={key}", None, body.replace(b"main", b"next"), headers)
    told(changed, 401, "UNAUTHENTICATED")
    told(gateway.call("POST", "/run?key=000000000000", None, body, headers), 401, "UNAUTHENTICATED")


def test_the_key_decides_what_a_signed_trigger_may_start(gateway: Gateway) -> None:
    key, secret = gateway.signing_key("proj_other")
    body = b'{"repo_url": "https://github.com/org/project", "branch": "main"}'
    headers = Signer([secret]).headers("msg-2", int(time.time()), body)
    told(gateway.call("POST", f"/run?key={key}", None, body, headers), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "INVALID_JSON"),
        (b"[]", 400, "INVALID_JSON"),
        (b'{"repo_url": "https://a.example/b", "branch": "\xff"}', 400, "INVALID_JSON"),
        (b'{"branch": "main", "branch": "main", "repo_url": "https://a.example/b"}', 400, None),
        ({**REQUEST, "branch": 1}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "branch": "a b"}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "branch": "main\u202e"}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "branch": "m\u0430in\u200b"}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "priority": "high-marker-7c1e"}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "repo_url": "https://u:pw-marker-7c1e@github.com/a/b"}, 422, None),
        ({**REQUEST, "repo_url": "file:///etc/passwd-marker-7c1e"}, 422, "CONTRACT_VIOLATION"),
        ({**REQUEST, "requested_by": MAIL}, 422, "PERSONAL_DATA"),
        ({**REQUEST, MAIL: 1}, 422, "PERSONAL_DATA"),
    ],
)
def test_bad_triggers_are_told_why_and_nothing_comes_back(
    gateway: Gateway, token: str, body: Any, status: int, code: str | None
) -> None:
    answer = gateway.call("POST", "/run", token, body)
    told(answer, status, code or answer.json["error_code"])
    for sent in (MAIL, "marker-7c1e", "priority", "requested_by", "passwd"):
        assert sent.encode() not in answer.body


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"content-type": "text/plain"}, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json; charset=utf-16"}, b"{}", 415, None),
        ({"content-encoding": "gzip"}, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({}, b"{" + b" " * 10_000_000, 413, "BODY_TOO_LARGE"),
        ({"idempotency-key": ""}, b"{}", 400, "BAD_REQUEST"),
        ({"idempotency-key": "a b"}, b"{}", 400, "BAD_REQUEST"),
    ],
)
def test_requests_that_are_made_wrongly_are_told_how(
    gateway: Gateway,
    token: str,
    *,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str | None,
) -> None:
    answer = gateway.call("POST", "/run", token, body, headers)
    told(answer, status, code or answer.json["error_code"])


def test_a_token_holds_from_the_moment_in_which_it_was_made(gateway: Gateway) -> None:
    for _ in range(40):
        assert gateway.call("GET", "/runs?limit=1", gateway.token()).status == 200


def test_a_key_is_not_taken_beside_a_token(gateway: Gateway, token: str) -> None:
    key, _ = gateway.signing_key()
    for sent in (key, "no-key-of-anybody"):
        message = told(gateway.call("POST", f"/run?key={sent}", token, REQUEST), 400, "BAD_REQUEST")
        assert "signed" in message
        assert sent not in message


def test_a_mistyped_filter_is_refused_instead_of_showing_all(gateway: Gateway, token: str) -> None:
    for query in ("?stat=failed", "?state=failed&state=paused", "?state=alice", "?limit=501"):
        told(gateway.call("GET", f"/runs{query}", token), 400, "BAD_REQUEST")
    for types in ("run_failed", "quantapilot.run_failed,", "quantapilot.Run", "x.y"):
        message = told(gateway.call("GET", f"/events?types={types}", token), 400, "BAD_REQUEST")
        assert "quantapilot.run_failed" in message


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "Basic YWxpY2U6cGFzcw==",
        "Bearer",
        "Bearer qpt_000000000000_0000000000000000000000000000000000000000",
        "Bearer é",
    ],
)
def test_who_has_no_token_learns_nothing(gateway: Gateway, sent: str | None) -> None:
    headers = {} if sent is None else {"authorization": sent}
    bodies = set()
    for path in (
        "/runs",
        "/runs/550e8400-e29b-41d4-a716-446655440000",
        "/subscriptions",
        "/events",
    ):
        answer = gateway.call("GET", path, None, None, headers)
        told(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        bodies.add(answer.body)
    assert len(bodies) == 1


def test_a_token_does_only_what_it_is_granted(gateway: Gateway, token: str) -> None:
    run = gateway.run(token)
    reader = gateway.token(scopes=["run:read"])
    assert gateway.call("GET", f"/runs/{run}", reader).status == 200
    told(gateway.call("POST", "/run", reader, REQUEST), 403, "FORBIDDEN")
    told(gateway.emit(reader, run, "run_completed"), 403, "FORBIDDEN")
    told(gateway.call("GET", "/events", reader), 403, "FORBIDDEN")
    told(gateway.call("GET", "/metrics", reader), 403, "FORBIDDEN")


def test_an_expired_or_revoked_token_ends_at_once(gateway: Gateway) -> None:
    old = gateway.token(expires_at=time.time() - 1)
    told(gateway.call("GET", "/runs", old), 401, "UNAUTHENTICATED")
    end = time.time() + 4
    short = gateway.token(expires_at=end)
    with gateway.stream(short) as stream:
        assert stream.response.status == 200
        gateway.run(gateway.token())
        assert stream.next() is not None
        until(lambda: time.time() > end)
        # What comes then is not heard any more.
        late = gateway.run(gateway.token())
        while stream.next() is not None:
            pass
        assert late.encode() not in stream.heard
    told(gateway.call("GET", "/runs", short), 401, "UNAUTHENTICATED")


def test_addresses_and_methods_that_there_are_not_are_problems_too(
    gateway: Gateway, token: str
) -> None:
    told(gateway.call("GET", "/alice@example.com", token), 404, "NOT_FOUND")
    wrong = gateway.call("DELETE", "/subscriptions", token)
    told(wrong, 405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["allow"] == "GET, POST"
    told(gateway.call("GET", "/runs/", token), 404, "NOT_FOUND")
    told(gateway.call("GET", "/runs/..%2f..%2fetc", token), 404, "NOT_FOUND")


def test_it_tells_whether_it_lives_is_ready_and_how_much_it_did(
    gateway: Gateway, token: str
) -> None:
    assert gateway.call("GET", "/healthz").body == b"ok\n"
    assert gateway.call("GET", "/readyz").body == b"ready\n"
    gateway.run(token)
    counter = gateway.token("*", scopes=["metrics:read"])
    counted = gateway.call("GET", "/metrics", counter).body.decode()
    told(gateway.call("GET", "/metrics", token), 403, "FORBIDDEN")
    assert 'qp_requests_total{method="POST",route="/run",status="202"}' in counted
    assert PROJECT not in counted
    described = gateway.call("GET", "/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert "/runs/{run_id}/events" in described["paths"]


def test_events_are_heard_as_they_come_and_again_from_where_one_was(
    gateway: Gateway, token: str
) -> None:
    with gateway.stream(token) as stream:
        run = gateway.run(token)
        first = stream.next()
        # What was accepted just before may come too.
        while first is not None and first["subject"] != run:
            first = stream.next()
        assert first is not None
        assert first["type"] == "quantapilot.run_started"
        gateway.emit(token, run, "run_completed")
        second = stream.next()
        assert second is not None
    with gateway.stream(token, f"?run={run}", last=first["id"]) as stream:
        assert stream.next() == second


def test_the_log_of_the_gateway_shows_no_caller_and_nothing_sent(
    gateway: Gateway, token: str
) -> None:
    gateway.call("GET", "/runs?state=marker-9f3a", token)
    gateway.call("GET", "/marker-9f3a", token, headers={"user-agent": "marker-9f3a"})
    gateway.call("POST", "/run", token, {"marker-9f3a": MAIL})
    assert gateway.call("GET", "/healthz").status == 200
    log = gateway.log
    assert "http.request" in log
    for sent in ("marker-9f3a", MAIL, token, "127.0.0.1"):
        assert sent not in log
