"""The catalogue of problems: every answer is by the contract, and tells what to do."""

from __future__ import annotations

import json

import pytest
from tests.emitting import CONTRACT

from quantapilot.contract.validator import Validator
from quantapilot.gateway.operations import operations
from quantapilot.gateway.problems import PROBLEMS, ProblemError, whole_seconds

VALIDATOR = Validator(CONTRACT)


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_answers_by_the_contract(code: str) -> None:
    answer = json.loads(ProblemError(code, retry_after=3.2).body)
    assert VALIDATOR.is_valid(CONTRACT.definitions["ErrorResponse"], answer)
    assert (answer["error_code"], answer["status"]) == (code, PROBLEMS[code].status)
    assert answer["retry_after"] == 4


def test_headers_belong_to_the_status() -> None:
    assert ProblemError("UNAUTHENTICATED").headers == {
        "www-authenticate": 'Bearer realm="quantapilot"'
    }
    assert ProblemError("RATE_LIMITED", retry_after=0.1).headers == {"retry-after": "1"}
    assert ProblemError("NOT_FOUND").headers == {}


@pytest.mark.parametrize(
    ("seconds", "whole"), [(0.0, 1), (0.001, 1), (1.0, 1), (1.01, 2), (1e9, 86_400)]
)
def test_a_wait_is_told_in_whole_seconds_that_are_enough(seconds: float, whole: int) -> None:
    assert whole_seconds(seconds) == whole


def test_every_code_that_an_operation_names_is_in_the_catalogue() -> None:
    named = {code for each in operations() for code in each.codes}
    assert named <= PROBLEMS.keys()
    # Those that no operation can answer belong to no operation.
    assert PROBLEMS.keys() - named == {"METHOD_NOT_ALLOWED"}
