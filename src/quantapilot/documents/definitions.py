"""Every definition of a contract: of two files that have one of the same name, both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.contract.catalog import Contract, Definition, absolute
from quantapilot.contract.flat import flattened
from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def definitions(contract: Contract) -> Iterator[Definition]:
    """Yield the definitions in the order of the files, but for `true` and `false`."""
    for file, schema in contract.schemas.items():
        described = schema.get("$defs", {}).items()
        for name, body in ((name, body) for name, body in described if isinstance(body, dict)):
            yield Definition(name, file, f"{schema['$id']}#/$defs{pointer_of([name])}", body)


def definition_at(contract: Contract, reference: str, base: str) -> Definition | None:
    """Return the definition that a `$ref` of the file `base` names, if it names one."""
    uri = absolute(base, reference)
    return next((each for each in definitions(contract) if each.uri == uri), None)


def flat(contract: Contract) -> Contract:
    """Return the contract with each definition that closes over what it extends as one object.

    It accepts the same values, without the keyword `unevaluatedProperties`.
    """
    schemas = {
        file: {**schema, "$defs": dict(schema.get("$defs", {}))}
        for file, schema in contract.schemas.items()
    }
    for each in definitions(contract):
        made = flattened(contract, each)
        if made is not None:
            said = {
                key: value
                for key, value in each.schema.items()
                if key in {"title", "description"} or key.startswith("x-")
            }
            schemas[each.file]["$defs"][each.name] = {**said, **made}
    return Contract(schemas, contract.lifecycle)
