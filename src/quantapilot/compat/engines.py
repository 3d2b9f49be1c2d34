"""What jsonschema-rs says of two schemas by their canonical forms.

It has two engines for patterns, of which the one that backtracks is asked only where a pattern
needs it, as in `contract/engines.py`. Two canonical forms can be asked together only where
the same engine reads the patterns of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import jsonschema_rs


_Made = TypeVar("_Made")


@dataclass(slots=True)
class Form:
    """The canonical form of a schema, made when it is asked for.

    Attributes:
        schema: The schema.
        known: The files that it may refer to.
    """

    schema: Any
    known: jsonschema_rs.Registry
    _made: dict[bool, jsonschema_rs.CanonicalSchema | None] = field(default_factory=dict)

    def read(self, *, backtracking: bool) -> jsonschema_rs.CanonicalSchema | None:
        """Return the form whose patterns one of the engines reads; None where there is none."""
        if backtracking not in self._made:
            self._made[backtracking] = self._form(backtracking)
        return self._made[backtracking]

    def _form(self, backtracking: bool) -> jsonschema_rs.CanonicalSchema | None:
        import jsonschema_rs

        engine = jsonschema_rs.FancyRegexOptions if backtracking else jsonschema_rs.RegexOptions
        try:
            return jsonschema_rs.canonicalize(
                self.schema,
                validate_formats=True,
                registry=self.known,
                offline=True,
                pattern_options=engine(),
            )
        except (ValueError, jsonschema_rs.ReferencingError):
            return None


def covers(one: Form, other: Form) -> bool:
    """Tell whether it is proven that a schema admits all that another admits."""
    import jsonschema_rs

    yes = jsonschema_rs.canonical.Containment.YES
    return _asked(one, other, lambda a, b: bool(a.covers(b) == yes)) or False


def disjoint(one: Form, other: Form) -> bool:
    """Tell whether it is proven that no value conforms to both schemas."""
    import jsonschema_rs

    no = jsonschema_rs.canonical.Satisfiability.NO
    return _asked(one, other, lambda a, b: bool(a.intersect(b).satisfiability() == no)) or False


def rest(one: Form, other: Form) -> Any:
    """Return a schema of what one admits and the other does not, as far as forms know it."""
    return _asked(one, other, lambda a, b: a.subtract(b).to_json_schema())


def _asked(one: Form, other: Form, ask: Callable[[Any, Any], _Made]) -> _Made | None:
    for backtracking in (False, True):
        a, b = one.read(backtracking=backtracking), other.read(backtracking=backtracking)
        if a is not None and b is not None:
            try:
                return ask(a, b)
            except ValueError:
                return None
    return None
