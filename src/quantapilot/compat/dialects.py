"""Dialects: which schemas can be followed by their keywords, as those of JSON Schema 2020-12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Data, in which nothing is a reference.
DATA = frozenset({"const", "enum", "examples", "default"})
# What their members are called is up to the author.
BY_NAME = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_BESIDE = frozenset({"$ref", "$schema", "$id", "title", "description", "definitions", "$comment"})
# With one of them a schema means something else than what its keywords say where they stand.
_UNFOLLOWED = frozenset({"$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$id"})
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
# Dialects that mean the same by what is left of them without those keywords.
_OLDER = frozenset(
    {
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
    }
)
_OF_OLDER = frozenset({"dependencies", "additionalItems", "contentEncoding", "contentMediaType"})


def is_plain(schema: Any) -> bool:
    """Tell whether all keywords of a schema file mean what they say where they stand.

    Of an older dialect only what means the same in 2020-12 is taken: a schema is never followed by
    rules that are not its own.
    """
    if not isinstance(schema, dict):
        return True
    dialect = schema.get("$schema", DIALECT).rstrip("#")
    if dialect != DIALECT and dialect not in _OLDER:
        return False
    old = dialect != DIALECT
    if (old and not _is_common(schema)) or (_UNFOLLOWED - {"$id"}) & schema.keys():
        return False
    return not any(_unfollowed(value, key, old=old) for key, value in schema.items())


def refers(schema: Any) -> bool:
    """Tell whether a schema may refer to anything."""
    if isinstance(schema, dict):
        return bool(_REFERENCES & schema.keys()) or any(map(refers, schema.values()))
    return isinstance(schema, list) and any(map(refers, schema))


def _unfollowed(schema: Any, key: str, *, old: bool) -> bool:
    """Tell whether a schema can't be followed by its keywords."""
    if key in DATA:
        return False
    if isinstance(schema, list):
        return any(_unfollowed(below, "", old=old) for below in schema)
    if not isinstance(schema, dict):
        return False
    names = key in BY_NAME
    if not names and (_UNFOLLOWED & schema.keys() or (old and not _is_common(schema))):
        return True
    return any(_unfollowed(below, "" if names else n, old=old) for n, below in schema.items())


def _is_common(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema of an older dialect means the same in the one that is followed."""
    if _OF_OLDER & schema.keys() or isinstance(schema.get("items"), list):
        return False
    # What stands beside a reference was passed over.
    return "$ref" not in schema or schema.keys() <= _BESIDE
