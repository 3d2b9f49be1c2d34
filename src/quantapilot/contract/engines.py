"""The engine that validates: jsonschema-rs, with the one of its engines for patterns that is right.

The one that backtracks takes `a` for `^a+b*a+$` (release 0.61), so that it is asked only where a
pattern needs it, as one with a lookaround does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jsonschema_rs


def engine(
    schema: Any, registry: jsonschema_rs.Registry | None = None, mask: str | None = None
) -> jsonschema_rs.Validator:
    """Return what validates values by a schema, formats included.

    Args:
        schema: The schema; of JSON Schema 2020-12 where it does not say another dialect.
        registry: The files that it may refer to; nothing is fetched.
        mask: What stands in errors for values.

    Raises:
        ValueError: The schema, or a pattern in it, can't be used.
        jsonschema_rs.ReferencingError: A reference leads nowhere.
    """
    import jsonschema_rs

    def made(
        patterns: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions,
    ) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for(
            schema,
            validate_formats=True,
            registry=registry,
            mask=mask,
            offline=True,
            pattern_options=patterns,
        )

    try:
        return made(jsonschema_rs.RegexOptions())
    except ValueError:
        return made(jsonschema_rs.FancyRegexOptions())
