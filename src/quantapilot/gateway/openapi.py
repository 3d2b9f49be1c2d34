"""The interface as an OpenAPI 3.1 document, made of the contract's schemas and the operations."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import quantapilot
from quantapilot.gateway.problems import MEDIA_TYPE, PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantapilot.contract.catalog import Contract
    from quantapilot.gateway.operations import Operation, Parameter

_JSON = "application/json"
_PREFIX = "#/components/schemas/"


def document(contract: Contract, operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document (OpenAPI Specification 3.1.1).

    Args:
        contract: Where the definitions stand.
        operations: What can be called.
    """
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in operations:
        paths[each.path][each.method.lower()] = _operation(each)
    roots = {"ErrorResponse"}
    for each in operations:
        roots |= {name for name in (each.answer, each.body) if name in contract.definitions}
        for parameter in each.parameters:
            roots |= set(_named(parameter.schema))
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "QuantaPilot gateway",
            "version": quantapilot.__version__,
            "description": "Starts runs, takes their events, and tells those who may hear of them.",
        },
        "security": [{"token": []}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(contract, roots),
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "responses": {str(operation.status): _answer(operation), **_problems(operation)},
    }
    if operation.parameters:
        made["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.body:
        made["requestBody"] = {"required": True, "content": _content(_JSON, operation.body)}
    return made


def _answer(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.summary}
    if operation.answer is None:
        return answer
    if "/" in operation.answer:
        answer["content"] = {operation.answer: {"schema": {"type": "string"}}}
    else:
        answer["content"] = _content(_JSON, operation.answer)
    return answer


def _problems(operation: Operation) -> dict[str, Any]:
    codes: dict[str, list[str]] = defaultdict(list)
    for code in operation.codes:
        codes[str(PROBLEMS[code].status)].append(code)
    return {
        status: {
            "description": ", ".join(named),
            "content": _content(MEDIA_TYPE, "ErrorResponse"),
        }
        for status, named in sorted(codes.items())
    }


def _content(media_type: str, name: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"{_PREFIX}{name}"}}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _schemas(contract: Contract, roots: Iterable[str]) -> dict[str, Any]:
    """Return the definitions that are reached, their references led into the document."""
    found: dict[str, Any] = {}
    left = sorted(roots)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = _moved(contract.definitions[name].schema)
            left.extend(sorted(_named(found[name])))
    return dict(sorted(found.items()))


def _moved(schema: Any, key: str = "") -> Any:
    if key == "$ref":
        return f"{_PREFIX}{schema.rpartition('/')[2]}"
    if isinstance(schema, dict):
        return {
            name: _mapping(value) if name == "discriminator" else _moved(value, name)
            for name, value in schema.items()
            if not name.startswith("x-")
        }
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    return schema


def _mapping(discriminator: Mapping[str, Any]) -> dict[str, Any]:
    moved = {name: _moved(to, "$ref") for name, to in discriminator["mapping"].items()}
    return {"propertyName": discriminator["propertyName"], "mapping": moved}


def _named(schema: Any) -> Iterable[str]:
    """Yield the names of the definitions that a moved schema refers to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(_PREFIX)
            else:
                yield from _named(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from _named(each)
