"""Bodies: what passes, and what a refusal tells of what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.emitting import CONFIG, CONTRACT, MAIL

from quantapilot.emitter.checking import EventCheck
from quantapilot.gateway.checks import BodyCheck, ContentError, problem_of

INSPECTOR = EventCheck(CONFIG, "/tests").inspector
CHECK = BodyCheck(INSPECTOR, CONTRACT.definitions["RunRequest"])
REQUEST = {"repo_url": "https://github.com/org/project", "branch": "main"}


def refusal(body: Any) -> ContentError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert CHECK.proven(raw) is None
    with pytest.raises(ContentError) as refused:
        CHECK.value(raw)
    return refused.value


def test_a_good_body_passes_both_ways() -> None:
    raw = json.dumps(REQUEST, indent=1).encode()
    assert CHECK.proven(raw) == CHECK.value(raw) == REQUEST


def test_a_body_whose_fields_are_searched_elsewhere_is_not_searched_here() -> None:
    check = BodyCheck(INSPECTOR, CONTRACT.definitions["RunRequest"], ["repo_url", "branch"])
    raw = json.dumps(REQUEST | {"branch": f"for-{MAIL}"}).encode()
    assert CHECK.proven(raw) is None
    assert check.proven(raw) is not None
    # A field that nobody else looks at is.
    path = REQUEST | {"branch": f"for-{MAIL}", "quantapilot_yaml_path": "a.yml"}
    assert check.proven(json.dumps(path).encode()) is None


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"{", "INVALID_JSON", "input/truncated at /"),
        (b"[1]", "INVALID_JSON", ""),
        (b"7", "INVALID_JSON", ""),
        (b"\xff", "INVALID_JSON", ""),
        (b'{"branch":"a","branch":"b","repo_url":"https://a.b/c"}', "INVALID_JSON", "/branch"),
        ({"branch": "main"}, "CONTRACT_VIOLATION", "contract/missing-field at /"),
        (REQUEST | {"branch": 7}, "CONTRACT_VIOLATION", "contract/type at /branch"),
        (REQUEST | {"branch": f"x-{MAIL}"}, "PERSONAL_DATA", "pii/email at /branch"),
    ],
)
def test_a_refusal_says_what_and_where(body: Any, code: str, told: str) -> None:
    problem = problem_of(refusal(body))
    assert problem.problem.code == code
    assert told in problem.message


def test_names_and_values_that_the_contract_does_not_know_are_not_shown() -> None:
    body = REQUEST | {"secret-project": {"inner-name": [MAIL, "marker-1"]}}
    error = refusal(body)
    assert {each.pointer for each in error.findings} == {""}
    for sent in ("secret-project", "inner-name", MAIL, "marker-1"):
        assert sent not in str(error)


def test_many_findings_are_told_in_a_message_that_the_contract_takes() -> None:
    body = {f"field{at}": MAIL for at in range(200)}
    message = problem_of(refusal(body)).message
    assert len(message) <= 2000


def test_what_is_wrong_in_the_same_way_at_the_same_place_is_told_once() -> None:
    error = refusal(REQUEST | {f"field{at}": at for at in range(200)})
    assert str(error).count("contract/unknown-field at /") == 1
    assert "more" not in str(error)


def test_what_is_wrong_in_many_places_is_counted() -> None:
    message = problem_of(refusal({"repo_url": 1, "branch": 1, "correlation_id": 1, "x": 1})).message
    assert "more" in message
    assert len(message) <= 2000
