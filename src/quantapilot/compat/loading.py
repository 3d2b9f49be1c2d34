"""Loading: a side of some schema files, once they are known to be schemas.

Both sides may have the same addresses. So that no engine takes one for the other, each side gives
its files addresses of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from quantapilot.compat.dialects import BY_NAME, DATA, DIALECT, is_plain
from quantapilot.compat.sides import Name, Side, is_pattern
from quantapilot.contract.catalog import BrokenContractError, Contract, absolute
from quantapilot.contract.positions import followed, pointer_of
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# No contract nests as deep as this.
_DEEPEST = 200
# Whole numbers that engines read as they are written.
_LEAST, _GREATEST = -(2**63), 2**64 - 1
# RFC 3986, section 3.5.
_IN_FRAGMENTS = "/?:@!$&'()*+,;=-._~"


def side(name: Name, schemas: Mapping[str, Any]) -> Side:
    """Return a side of some schema files, by their names.

    Raises:
        BrokenContractError: One is no valid JSON Schema, or a `$ref` leads nowhere.
    """
    for file, schema in schemas.items():
        _check(file, schema)
    homes = {
        (schema.get("$id") if isinstance(schema, dict) else None) or f"urn:quantapilot:{at}": at
        for at, schema in enumerate(schemas.values())
    }
    if not all(map(is_plain, schemas.values())):
        return _unfollowed(name, dict(zip(homes, schemas, strict=True)), schemas)
    moved: dict[str, Any] = {}
    files: dict[str, str] = {}
    for (file, schema), home in zip(schemas.items(), homes, strict=True):
        address = f"urn:{name}:{homes[home]}"
        body: dict[str, Any] = _moved(_as_object(schema), "", home, homes, name)
        moved[file] = {**body, "$id": address, "$schema": DIALECT}
        if "$defs" in body:
            # A contract wants each definition as an object.
            moved[file]["$defs"] = {word: _as_object(each) for word, each in body["$defs"].items()}
        files[address] = file
    try:
        return Side(name, schemas, Contract(moved), files)
    except BrokenContractError as error:
        if error.finding.rule != "contract/schema-reference":
            raise
        raise _led_nowhere(error, schemas) from error


def _as_object(schema: Any) -> dict[str, Any]:
    """Return an object that says what a schema says."""
    if isinstance(schema, dict):
        return schema
    return {} if schema else {"not": {}}


def _unfollowed(name: Name, files: dict[str, str], schemas: Mapping[str, Any]) -> Side:
    """Return a side that only an engine follows, with the addresses that the files have."""
    import jsonschema_rs

    held = [(address, schemas[file]) for address, file in files.items()]
    for file, schema in schemas.items():
        try:
            known = jsonschema_rs.Registry(held)
            jsonschema_rs.validator_for(schema, registry=known, offline=True)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            rule = CONTRACT_RULES["contract/schema-reference"]
            message = f"a reference leads nowhere: {error}"
            raise BrokenContractError(rule.at(file, message)) from error
    try:
        # Values are drawn from what can be followed all the same.
        contract = Contract({f: {**schemas[f], "$id": at} for at, f in files.items()})
    except (BrokenContractError, TypeError):
        contract = Contract({})
    return Side(name, schemas, contract, files, plain=False)


def _check(file: str, schema: Any) -> None:
    import jsonschema_rs

    if _is_deep(schema):
        raise _invalid(file, f"nested deeper than {_DEEPEST} levels", "")
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        raise _invalid(file, error.message, pointer_of(error.instance_path)) from error
    except (ValueError, TypeError, jsonschema_rs.ReferencingError) as error:
        raise _invalid(file, "no schema that can be used", "") from error
    for pointer, message in _unread(schema, "", ""):
        raise _invalid(file, message, pointer)


def _unread(schema: Any, key: str, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield what engines can't read in a schema, or in what stands at a key of one."""
    match schema:
        case int() if not _LEAST <= schema <= _GREATEST:
            yield pointer, "a whole number of more than 64 bits"
        case list():
            inner = key if key in DATA else ""
            for at, each in enumerate(schema):
                yield from _unread(each, inner, f"{pointer}/{at}")
        case dict():
            names = key in BY_NAME
            for word, each in schema.items():
                here = pointer + pointer_of([word])
                pattern = word if key == "patternProperties" else each
                if (key == "patternProperties" or (word == "pattern" and not names)) and (
                    key not in DATA and isinstance(pattern, str) and not is_pattern(pattern)
                ):
                    yield here, f"no regular expression of ECMA-262: {pattern}"
                yield from _unread(each, key if key in DATA else "" if names else word, here)


def _is_deep(schema: Any) -> bool:
    level = [schema]
    for _ in range(_DEEPEST):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _invalid(file: str, message: str, pointer: str) -> BrokenContractError:
    rule = CONTRACT_RULES["contract/schema-invalid"]
    return BrokenContractError(rule.at(file, f"no valid JSON Schema: {message}", pointer=pointer))


def _led_nowhere(error: BrokenContractError, schemas: Mapping[str, Any]) -> BrokenContractError:
    """Return the error with the reference as it was written."""
    finding = error.finding
    target = followed(schemas[finding.path], finding.pointer or "")
    rule = CONTRACT_RULES["contract/schema-reference"]
    message = f'"$ref" leads nowhere: {target}'
    return BrokenContractError(rule.at(finding.path, message, pointer=finding.pointer))


def _moved(schema: Any, key: str, home: str, homes: Mapping[str, int], name: Name) -> Any:
    """Return a schema, or what stands at a key of one, with references to where files are now."""
    if isinstance(schema, list):
        return [_moved(each, "", home, homes, name) for each in schema]
    if not isinstance(schema, dict) or key in DATA:
        return schema
    out: dict[str, Any] = {}
    names = key in BY_NAME
    for word, value in schema.items():
        if word == "$ref" and isinstance(value, str):
            out[word] = _reference(absolute(home, value), homes, name)
        else:
            out[word] = _moved(value, "" if names else word, home, homes, name)
    return out


def _reference(reference: str, homes: Mapping[str, int], name: Name) -> str:
    uri, _, fragment = reference.partition("#")
    moved = f"urn:{name}:{homes[uri]}" if uri in homes else uri
    # Engines refuse what some write: a pointer that is not percent-encoded.
    return f"{moved}#{quote(unquote(fragment), safe=_IN_FRAGMENTS)}"
