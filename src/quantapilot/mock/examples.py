"""Examples to begin with: a file of them, for the definitions of a contract that have none yet.

They show the gate that it can say yes and no. Which cases matter, only people know: they go on
from here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.contract.catalog import Definition
    from quantapilot.mock.drawing import Drawing
    from quantapilot.mock.invalid import Breaking

_EACH = 2
# Rules that most senders break, those that say most about a definition first.
_TELLING = tuple(
    f"contract/{name}"
    for name in ("missing-field", "unknown-field", "pattern", "enum", "range", "format", "type")
)


def begun(known: Mapping[str, Any], drawing: Drawing, breaking: Breaking) -> dict[str, Any]:
    """Return examples by definition: the known ones, and made ones where there are none.

    A definition that no example can be made of is left out; the gate tells of it.
    """
    out = dict(known)
    for name, definition in drawing.contract.definitions.items():
        groups = known.get(name, {})
        try:
            made = {
                "valid": groups.get("valid") or _valid(drawing, definition),
                "invalid": groups.get("invalid")
                or list(islice(_invalid(breaking, definition), _EACH)),
            }
        except ContractError:
            continue
        out[name] = {**groups, **made}
    return out


def _valid(drawing: Drawing, definition: Definition) -> list[Any]:
    made: list[Any] = []
    for number in range(_EACH * 2):
        value = drawing.document(definition, f"example {definition.name}/{number}")
        if value not in made and len(made) < _EACH:
            made.append(value)
    return made


def _invalid(breaking: Breaking, definition: Definition) -> Iterator[dict[str, Any]]:
    for rule in _TELLING:
        key = f"invalid example {definition.name}"
        for each in breaking.documents(definition, key, rule, 1, alone=True):
            yield {"value": each.value, "rules": [each.rule], "why": each.why}
