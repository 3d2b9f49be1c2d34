"""Definitions as documents need them: found by a reference, and as objects that stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.contract.catalog import Contract, absolute
from quantapilot.contract.flat import flattened

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Definition


def definition_at(contract: Contract, reference: str, base: str) -> Definition | None:
    """Return the definition that a `$ref` of the file `base` names, if it names one."""
    uri = absolute(base, reference)
    return next((each for each in contract.definitions.values() if each.uri == uri), None)


def flat(contract: Contract) -> Contract:
    """Return the contract with each definition that closes over what it extends as one object.

    It accepts the same values, without the keyword `unevaluatedProperties`.
    """
    schemas = {
        file: {**schema, "$defs": dict(schema.get("$defs", {}))}
        for file, schema in contract.schemas.items()
    }
    for each in contract.definitions.values():
        made = flattened(contract, each)
        if made is not None:
            said = {
                key: value
                for key, value in each.schema.items()
                if key in {"title", "description"} or key.startswith("x-")
            }
            schemas[each.file]["$defs"][each.name] = {**said, **made}
    return Contract(schemas, contract.lifecycle)
