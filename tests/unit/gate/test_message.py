"""A message may be passed on only where it is one event of the contract, and holds nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import orjson
import pytest
from tests.emitting import CONFIG, MAIL, PAYLOAD

from quantapilot.contract.validator import Validator
from quantapilot.emitter.checking import EventCheck
from quantapilot.gate.check import Selection
from quantapilot.gate.message import MessageCheck
from quantapilot.gate.project import Project
from quantapilot.gate.scanner import Limits

if TYPE_CHECKING:
    from quantapilot.gate.inspector import Inspector


@cache
def inspector() -> Inspector:
    project = Project(CONFIG)
    return project.inspector(project.detector(), Validator(project.contract(), copies=True))


def check(*ignored: str, most: int = 1 << 20) -> MessageCheck:
    return MessageCheck(inspector(), Selection(ignore=ignored), Limits(document=most))


@cache
def event() -> bytes:
    payload = {"type": "quantapilot.run_started", "data": PAYLOAD}
    return EventCheck(CONFIG, "/worker").entry(payload).body


def test_a_clean_event_is_given_back() -> None:
    # A host that is no address is not proven by one pass, and searched.
    for body in (event(), event().replace(b'"main"', b'"fix@home"'), event() + b"\n"):
        assert check().check(body, "RAW/1") == (orjson.loads(body), [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"{" * 2000,
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        event() + event(),
        b"[" + event() + b"]",
        b"\xef\xbb\xbf" + event(),
        event().replace(b'"main"', f'"{MAIL}"'.encode()),
        event().replace(b'{"specversion"', f'{{"id":"{MAIL}","specversion"'.encode()),
        event().replace(b'"main"', b'"\xff"'),
        event().replace(b'"main"', b"1e999"),
    ],
)
def test_nothing_else_passes_and_nothing_of_it_is_told(body: bytes) -> None:
    _, findings = check().check(body, "RAW/1")
    assert findings
    assert {each.path for each in findings} == {"RAW/1"}
    assert MAIL not in repr(findings)


def test_what_is_no_json_does_not_pass_whatever_is_ignored() -> None:
    body, findings = check("input/*", "contract/*", "pii/*").check(b'{"a":', "RAW/1")
    assert body is None
    assert findings


def test_a_message_that_is_too_long_counts_as_unchecked() -> None:
    (finding,) = check(most=100).check(event(), "RAW/1")[1]
    assert (finding.rule, finding.unchecked) == ("input/line-too-long", True)
