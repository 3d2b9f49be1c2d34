"""The file of a contract's examples: valid and invalid values by definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import BrokenContractError, read_json
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from pathlib import Path


def load_examples(path: Path) -> dict[str, Any]:
    """Return the examples by definition.

    Raises:
        BrokenContractError: The file can't be read, or is not shaped as one.
    """
    loaded = read_json(path)
    groups = loaded.items() if isinstance(loaded, dict) else [("", None)]
    for name, group in groups:
        shaped = isinstance(group, dict) and all(
            isinstance(group.get(half, []), list) for half in ("valid", "invalid")
        )
        if not shaped and not name.startswith("$"):
            message = "examples are {definition: {'valid': [...], 'invalid': [...]}}"
            invalid = CONTRACT_RULES["contract/schema-invalid"]
            raise BrokenContractError(invalid.at(str(path), message, pointer=f"/{name}"))
    return dict(loaded)
