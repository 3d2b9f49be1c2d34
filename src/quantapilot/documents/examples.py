"""The valid examples of a contract, as documents show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition


def valid(examples: Mapping[str, Any], name: str) -> list[Any]:
    """Return the valid examples of a definition, in the order of the examples file."""
    return list(examples.get(name, {}).get("valid", ()))


def of_branch(
    contract: Contract, examples: Mapping[str, Any], union: Definition, branch: Definition
) -> list[Any]:
    """Return the valid examples of one branch of a discriminated union, those of the union too."""
    found = valid(examples, branch.name)
    key = union.schema["discriminator"]["propertyName"]
    for each in valid(examples, union.name):
        named = contract.branch(union, each.get(key)) if isinstance(each, dict) else None
        if named is not None and named.name == branch.name and each not in found:
            found.append(each)
    return found
