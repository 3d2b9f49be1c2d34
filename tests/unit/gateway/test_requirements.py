"""The gateway speaks one contract; of another one it says what is missing."""

from __future__ import annotations

from copy import deepcopy

import pytest
from tests.emitting import CONTRACT
from tests.orders import ORDERS_CONTRACT

from quantapilot.contract.catalog import Contract
from quantapilot.errors import ContractError
from quantapilot.gateway.requirements import must_serve


def test_our_contract_has_all_that_the_gateway_speaks_of() -> None:
    must_serve(CONTRACT)


def test_what_another_contract_lacks_is_named() -> None:
    with pytest.raises(ContractError, match=r"does not define .*ErrorResponse, .*RunRequest"):
        must_serve(ORDERS_CONTRACT)


def test_one_definition_that_is_missing_is_named_alone() -> None:
    schemas = deepcopy(CONTRACT.schemas)
    del schemas["gateway.schema.json"]["$defs"]["RefusalList"]
    with pytest.raises(ContractError, match=r"does not define RefusalList$"):
        must_serve(Contract(schemas))
