"""Loading: a side of some schema files, once they are known to be schemas.

Both sides may have the same addresses. So that no engine takes one for the other, each side gives
its files addresses of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.compat.dialects import DATA, DIALECT, is_plain
from quantapilot.compat.sides import Name, Side
from quantapilot.contract.catalog import BrokenContractError, Contract, absolute
from quantapilot.contract.positions import followed, pointer_of
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

# No contract nests as deep as this.
_DEEPEST = 200


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
    plain = all(map(is_plain, schemas.values()))
    if not plain:
        return _alone(name, schemas)
    moved: dict[str, Any] = {}
    files: dict[str, str] = {}
    for (file, schema), home in zip(schemas.items(), homes, strict=True):
        address = f"urn:{name}:{homes[home]}"
        body = schema if isinstance(schema, dict) else {} if schema else {"not": {}}
        moved[file] = {**_moved(body, home, homes, name), "$id": address, "$schema": DIALECT}
        files[address] = file
    try:
        return Side(name, Contract(moved), files)
    except BrokenContractError as error:
        raise _led_nowhere(error, schemas) from error


def _alone(name: Name, schemas: Mapping[str, Any]) -> Side:
    import jsonschema_rs

    (file, schema), *_ = schemas.items()
    try:
        jsonschema_rs.validator_for(schema, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        rule = CONTRACT_RULES["contract/schema-reference"]
        raise BrokenContractError(rule.at(file, f"a reference leads nowhere: {error}")) from error
    return Side(name, Contract({}), {"": file}, plain=False, alone=schema)


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


def _moved(schema: Any, home: str, homes: Mapping[str, int], name: Name) -> Any:
    if isinstance(schema, list):
        return [_moved(each, home, homes, name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str):
            out[key] = _reference(absolute(home, value), homes, name)
        else:
            out[key] = value if key in DATA else _moved(value, home, homes, name)
    return out


def _reference(reference: str, homes: Mapping[str, int], name: Name) -> str:
    uri, _, fragment = reference.partition("#")
    moved = f"urn:{name}:{homes[uri]}" if uri in homes else uri
    return f"{moved}#{fragment}"
