"""The valid examples of a contract, as documents show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.documents.definitions import definition_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition


def valid(examples: Mapping[str, Any], name: str) -> list[Any]:
    """Return the valid examples of a name, in the order of the examples file."""
    return list(examples.get(name, {}).get("valid", ()))


def of_branch(
    contract: Contract, examples: Mapping[str, Any], union: Definition, branch: Definition
) -> list[Any]:
    """Return the valid examples of one branch of a discriminated union, those of the union too."""
    found = valid(examples, branch.name)
    told = union.schema["discriminator"]
    base = contract.schemas[union.file]["$id"]
    for each in valid(examples, union.name):
        value = each.get(told["propertyName"]) if isinstance(each, dict) else None
        reference = told["mapping"].get(value) if isinstance(value, str) else None
        if reference and definition_at(contract, reference, base) == branch and each not in found:
            found.append(each)
    return found
