"""Ids are judged without a schema, and as the schema does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.emitting import CONTRACT, RUN

from quantapilot.contract.ids import PROJECT, UUID
from quantapilot.contract.validator import Validator

if TYPE_CHECKING:
    import re

VALIDATOR = Validator(CONTRACT)
IDS = (
    RUN,
    RUN.upper(),
    f"{RUN}\n",
    f"{RUN}0",
    RUN.replace("-", ""),
    *(f"0190a6e2-7a3b-{version}c4d-8e5f-001122334455" for version in range(9)),
    *(f"0190a6e2-7a3b-4c4d-{variant}e5f-001122334455" for variant in "079abcdf"),
    "0190a6e2-7a3b-4C4D-8E5F-00112233445A",
    "0190A6E2-7a3b-4c4d-8e5f-001122334455",
    "proj_a",
    "proj_",
    "proj_a-b",
    "proj_a\n",
    f"proj_{'a' * 40}",
    f"proj_{'a' * 41}",
    "",
)


@pytest.mark.parametrize("text", IDS)
@pytest.mark.parametrize(
    ("name", "form"), [("RunId", UUID), ("EventId", UUID), ("ProjectId", PROJECT)]
)
def test_an_id_is_one_here_exactly_where_the_contract_says_so(
    text: str, name: str, form: re.Pattern[str]
) -> None:
    known = VALIDATOR.is_valid(CONTRACT.definitions[name], text)
    assert bool(form.fullmatch(text)) is known
