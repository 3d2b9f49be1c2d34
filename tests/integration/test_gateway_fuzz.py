"""A running gateway and requests that nobody would make: no fault, no echo, no personal data."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.emitting import CONTRACT, MAIL
from tests.fuzz.echo import echoed, sent_texts
from tests.gateways import GENEROUS, REPOSITORY, Gateway

from quantapilot.config import Config
from quantapilot.contract.validator import Validator
from quantapilot.gate.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

VALIDATOR = Validator(CONTRACT)
PROBLEM = CONTRACT.definitions["ErrorResponse"]
DETECTOR = Project(Config()).detector()
# Stands for a run and a subscription that are there, whose ids are known only once it runs.
RUN, SUBSCRIPTION = "{run}", "{subscription}"
# What must not be told again, and what readers of JSON, of numbers and of addresses stumble over.
NASTY = [
    MAIL,
    f"mailto:{MAIL}?cc=bob.builder@example.org",
    "DE89 3704 0044 0532 0130 00",
    "+49 30 901820, ask for Jane",
    "4111 1111 1111 1111",
    "https://alice:hunter2secret@git.example.com/acme/app",
    "/runs/../../etc/passwd",
    "%00%0a%2e%2e",
    "a\x00b\u2028c\u202ed",
    "NaN",
    "9" * 400,
    "x" * 3000,
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; `path` is percent-encoded already."""

    method: str
    path: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    with_token: bool = True


def event(name: str, **data: Any) -> dict[str, Any]:
    return {"type": f"quantapilot.{name}", "data": {"run_id": RUN, **data}}


TRIGGER = {"repo_url": REPOSITORY, "branch": "main", "metadata": {"workflow": "nightly"}}
# Method, path, a good body, and parameters that may stand behind the path.
GOOD: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("POST", "/run", TRIGGER, ("key",)),
    ("POST", f"/runs/{RUN}/events", event("milestone_completed", milestone_id="plan"), ()),
    ("POST", f"/runs/{RUN}/events", event("gate_requested", gate="merge", description="?"), ()),
    ("POST", f"/runs/{RUN}/events", event("gate_decision", gate="merge", approved=True), ()),
    ("POST", "/subscriptions", {"url": "https://127.0.0.1:9/", "types": []}, ()),
    ("GET", "/runs", None, ("limit", "before", "state")),
    ("GET", f"/runs/{RUN}", None, ()),
    ("GET", f"/runs/{RUN}/events", None, ("limit", "after")),
    ("GET", f"/subscriptions/{SUBSCRIPTION}", None, ()),
    ("DELETE", f"/subscriptions/{RUN}", None, ()),
    ("POST", f"/subscriptions/{SUBSCRIPTION}/rotate", None, ()),
    ("GET", "/events", None, ("types", "project", "run")),
    ("GET", "/refusals", None, ("limit",)),
    ("GET", "/assets/page.js", None, ()),
]
HEADERS = [
    "accept",
    "content-encoding",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-forwarded-for",
]

texts = st.sampled_from(NASTY) | st.text(st.characters(codec="utf-8"), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=8,
)
seen = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
headers = st.tuples(
    st.sampled_from(HEADERS), seen | st.sampled_from([each for each in NASTY if each.isascii()])
).map(lambda each: (each[0], each[1].replace("\x00", "").strip()))


@st.composite
def bodies(draw: st.DrawFn, good: Any) -> bytes:
    """Return a body that was good before something in it was changed."""
    changed = draw(values) if draw(st.integers(0, 9)) == 9 else _changed(draw, good)
    raw = json.dumps(changed, ensure_ascii=draw(st.booleans())).encode()
    match draw(st.integers(0, 9)):
        case 4:
            raw = raw[: draw(st.integers(0, len(raw)))]
        case 5:
            at = draw(st.integers(0, len(raw)))
            raw = raw[:at] + draw(st.binary(max_size=8)) + raw[at:]
        case 6:
            depth = draw(st.integers(1, 3000))
            raw = b'{"branch":' * depth + raw + b"}" * depth
        case 7:
            # Twice the same field: which one counts?
            raw = raw[:-1] + b', "branch": ' + json.dumps(draw(texts)).encode() + b"}"
        case 8:
            raw = raw.replace(b'"main"', rb'"\ud800\u0000\uffff"')
        case 9:
            raw = raw.decode().encode("utf-16")
    return raw


def _changed(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, dict) or not value or draw(st.integers(0, 3)) == 0:
        return draw(values)
    name = draw(st.sampled_from(sorted(value)))
    match draw(st.integers(0, 4)):
        case 0:
            return {each: kept for each, kept in value.items() if each != name}
        case 1:
            return value | {draw(texts): draw(values)}
        case _:
            return value | {name: _changed(draw, value[name])}


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Return a request that was good before some of it was changed."""
    method, path, good, names = draw(st.sampled_from(GOOD))
    asked = Asked(method, path, with_token=draw(st.integers(0, 19)) < 19)
    if good is not None:
        asked = replace(asked, body=draw(bodies(good)))
    match draw(st.integers(0, 7)):
        case 4:
            other = draw(st.sampled_from(["PUT", "PATCH", "DELETE", "OPTIONS", "POST", "QUERY"]))
            return replace(asked, method=other)
        case 5:
            parts = path.split("/")
            parts[draw(st.integers(1, len(parts) - 1))] = quote(draw(texts), "")
            return replace(asked, path="/".join(parts))
        case 6:
            return replace(asked, path=f"{path}?{quote(draw(texts))}={quote(draw(texts))}")
        case 7:
            return replace(asked, headers=(*asked.headers, draw(headers)))
        case _:
            given = draw(st.sets(st.sampled_from(names))) if names else ()
            query = "&".join(f"{name}={quote(draw(texts))}" for name in sorted(given))
            return replace(asked, path=f"{path}?{query}" if query else path)


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway, and what it has."""

    gateway: Gateway
    token: str
    run: str
    subscription: str
    document: str

    def filled(self, text: str) -> str:
        return text.replace(RUN, self.run).replace(SUBSCRIPTION, self.subscription)

    def ask(self, asked: Asked) -> tuple[int, str, str]:
        """Send a request; return status, headers and body of the answer, but no stream's body."""
        body = None if asked.body is None else asked.body.replace(RUN.encode(), self.run.encode())
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)
        try:
            connection.putrequest(asked.method, self.filled(asked.path))
            if asked.with_token:
                connection.putheader("authorization", f"Bearer {self.token}")
            for name, value in asked.headers:
                connection.putheader(name, value.encode("latin-1"))
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            told = "\n".join(f"{name}: {value}" for name, value in answer.getheaders())
            stream = answer.status == 200 and "event-stream" in told
            return answer.status, told, "" if stream else answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fuzz")
    with Gateway(str(folder / "store.db"), folder, ("--allow-private", *GENEROUS)) as running:
        running.register()
        token = running.token()
        made = running.call("POST", "/subscriptions", token, {"url": "https://127.0.0.1:9/"})
        yield Target(
            running,
            token,
            running.run(token),
            made.json["subscription_id"],
            running.call("GET", "/openapi.json").body.decode(),
        )
        assert '"level":"error"' not in running.log


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(asked=requests())
def test_no_request_makes_it_fail_or_say_what_was_sent(target: Target, asked: Asked) -> None:
    status, told, body = target.ask(asked)
    assert status < 500, body
    if status < 400:
        return
    assert VALIDATOR.is_valid(PROBLEM, json.loads(body)), body
    sent = [unquote(asked.path), *(value for _, value in asked.headers), *sent_texts(asked.body)]
    assert echoed(sent, body, target.document) is None, body
    assert echoed(sent, told, target.document) is None, told
    assert not DETECTOR.find(body), body


@pytest.mark.parametrize(
    ("body", "told", "found"),
    [
        (b'{"branch": "caf\\u00e9 of a customer"}', '{"message": "no caf\u00e9 of a custo"}', True),
        (b'{"branch": "a\\tb of a customer"}', '{"message": "no a\\tb of a customer"}', True),
        (
            b'{"the field of somebody": 1}',
            '{"message": "the field of somebody is not known"}',
            True,
        ),
        (b"\xff no JSON of anybody", "HTTP: no JSON of anybody", True),
        (b'{"branch": "elsewhere"}', '{"message": "it stands elsewhere"}', False),
        (b'{"correlation_id": 1}', '{"message": "\'correlation_id\' is no text"}', False),
    ],
)
def test_an_echo_is_found_however_it_is_written(body: bytes, told: str, *, found: bool) -> None:
    part = echoed(sent_texts(body), told, "the words of the document: correlation_id, repo_url")
    assert (part is not None) == found
