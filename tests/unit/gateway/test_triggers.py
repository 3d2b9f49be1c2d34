"""Triggers become runs."""

from __future__ import annotations

from tests.emitting import CONFIG, CONTRACT, MAIL

from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.emitter.checking import EventCheck
from quantapilot.gateway.keys import Keys
from quantapilot.gateway.model import Token
from quantapilot.gateway.triggers import Triggers

CHECK = EventCheck(CONFIG, "/tests")
TRIGGERS = Triggers(CHECK, Lifecycle(CONTRACT), Keys(b"k" * 32), allow_private=False)
TOKEN = Token("abc", "bearer", frozenset({"run:trigger"}), frozenset({"proj_a"}), 0.0)
REQUEST = {"repo_url": "git@github.com:org/project.git", "branch": "main"}
REPOSITORIES = {"https://github.com/org/project": "proj_a"}


def test_the_repository_decides_the_project_however_it_is_written() -> None:
    assert TRIGGERS.project(REQUEST, REPOSITORIES) == "proj_a"
    assert TRIGGERS.project({"repo_url": "https://github.com/org/other"}, REPOSITORIES) is None


def test_a_run_begins_with_its_first_event() -> None:
    new = TRIGGERS.run(REQUEST, "proj_a", TOKEN, None)
    assert new.run.state == "running"
    assert new.entry.subject == new.run.run_id
    assert new.entry.type == "quantapilot.run_started"
    assert new.run.facts["repo_url"] == REQUEST["repo_url"]
    assert new.run.run_id.encode() in new.answer
    assert new.replay is None


def test_a_trigger_is_known_again_by_caller_key_and_what_it_asks() -> None:
    def replay(request: dict[str, str], token: Token, key: str) -> tuple[bytes, bytes]:
        made = TRIGGERS.run(request, "proj_a", token, key).replay
        assert made is not None
        return made.key, made.request

    first = replay(REQUEST, TOKEN, "k")
    assert replay(dict(reversed(REQUEST.items())), TOKEN, "k") == first
    assert replay(REQUEST | {"branch": "next"}, TOKEN, "k")[0] == first[0]
    assert replay(REQUEST | {"branch": "next"}, TOKEN, "k")[1] != first[1]
    other = Token("abd", "bearer", TOKEN.scopes, TOKEN.projects, 0.0)
    assert replay(REQUEST, other, "k")[0] != first[0]
    assert b"abc" not in first[0]


def test_a_refused_body_is_told_to_the_project_it_names_if_it_names_one() -> None:
    raw = b'{"repo_url":"https://github.com/org/project","branch":"%s"}' % MAIL.encode()
    assert TRIGGERS.project_of_refused(raw, REPOSITORIES) == "proj_a"
    for other in (b"{", b"[]", b'{"repo_url":7}', b'{"repo_url":"https://127.0.0.1/a"}'):
        assert TRIGGERS.project_of_refused(other, REPOSITORIES) is None
