"""The running gateway, fuzzed along its own OpenAPI document: no fault, no echo, no other answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.gateways import Gateway

from quantapilot.config import Config
from quantapilot.gate.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, Response

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DETECTOR = Project(Config()).detector()
# A string that was sent and comes back only where the contract says so is long enough to tell.
LONG = re.compile(r"[^\s/\"\\]{12,}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("fuzz")
    names = ("trigger", "emit", "read", "subscribe", "refused")
    options = tuple(f"--limit={each}=100000/second" for each in names)
    with Gateway(str(folder / "store.db"), folder, options) as running:
        running.register()
        yield running


@pytest.mark.parametrize(
    "operation",
    [
        "trigger",
        "runs",
        "run",
        "run_events",
        "emit",
        "subscribe",
        "subscriptions",
        "subscription",
        "unsubscribe",
        "rotate",
        "enable",
        "refusals",
        "deliveries",
    ],
)
def test_no_request_makes_it_fail_or_say_what_was_sent(gateway: Gateway, operation: str) -> None:
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    headers = {"authorization": f"Bearer {gateway.token()}"}
    found = schema.find_operation_by_id(operation)
    # What conforms to the document, and what does not.
    cases = [found.as_strategy(generation_mode=each) for each in GenerationMode]

    @settings(
        max_examples=40,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=st.one_of(cases))
    def fuzz(case: Case) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            no_echo(case.body, response)

    fuzz()


def no_echo(sent: Any, response: Response) -> None:
    told = response.content.decode()
    for text in texts(sent):
        assert text not in told
    assert not DETECTOR.find(told)


def texts(sent: Any) -> Iterator[str]:
    if isinstance(sent, str):
        yield from LONG.findall(sent)
    elif isinstance(sent, dict):
        for key, value in sent.items():
            yield from LONG.findall(key)
            yield from texts(value)
    elif isinstance(sent, list):
        for each in sent:
            yield from texts(each)
