"""What a contract has to define for the gateway: its calls, and its log, are QuantaPilot's own.

Any other contract goes through all other commands; here it is told at once what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.errors import ContractError
from quantapilot.gateway.operations import operations

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

# What every answer that says no is, and a line of the log.
_ALWAYS = ("ErrorResponse", "LogRecord")


def must_serve(contract: Contract) -> None:
    """Refuse a contract that the gateway can't speak.

    Raises:
        ContractError: It lacks definitions, which the text names.
    """
    needed = set(_ALWAYS)
    for each in operations():
        # What has a slash is a media type.
        needed |= {name for name in (each.answer, each.body) if name and "/" not in name}
        references = (str(every.schema.get("$ref", "")) for every in each.parameters)
        needed |= {reference.rpartition("/")[2] for reference in references}
    if missing := sorted(needed - {""} - contract.definitions.keys()):
        raise ContractError(
            "the gateway speaks QuantaPilot's own contract, and this one does not define "
            + ", ".join(missing)
        )
