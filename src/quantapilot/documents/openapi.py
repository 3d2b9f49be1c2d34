"""A contract as an OpenAPI document: its operations, and a webhook for each type of event.

The parts are for others too: the gateway's own document has its operations from elsewhere, and
its schemas and webhooks from here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.catalog import snake
from quantapilot.documents.about import about, operations
from quantapilot.documents.components import Components
from quantapilot.documents.definitions import definition_at
from quantapilot.documents.event_types import event_types
from quantapilot.documents.examples import valid
from quantapilot.documents.marker import marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.documents.source import Source

VERSION = "3.1.1"
JSON = "application/json"
PROBLEM = "application/problem+json"
# RFC 9457, section 3.1.
_PROBLEM_MEMBERS = frozenset({"type", "title", "status", "instance"})
_IN_PATH = re.compile(r"\{([^{}]+)\}")


def write(source: Source) -> dict[str, bytes]:
    """Return the document as `openapi.json`."""
    made = document(source.contract, source.examples)
    data = orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {"openapi.json": data}


def document(contract: Contract, examples: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document (OpenAPI Specification 3.1.1).

    Args:
        contract: The contract.
        examples: Its examples by definition, as the examples file has them.
    """
    told, components = about(contract), Components(contract)
    paths: dict[str, dict[str, Any]] = {}
    for body in operations(contract):
        said = body.schema["x-operation"]
        made = _Operation(contract, components, examples, body).made()
        paths.setdefault(said["path"], {})[said["method"].lower()] = made
    hooks = webhooks(contract, examples, components)
    return {
        "openapi": VERSION,
        "x-generated": marker("openapi", contract),
        "info": {
            "title": told.title,
            "version": told.version,
            **({"description": told.description} if told.description else {}),
        },
        "paths": paths,
        **({"webhooks": hooks} if hooks else {}),
        "components": {"schemas": components.schemas()},
    }


def webhooks(
    contract: Contract,
    examples: Mapping[str, Any],
    components: Components,
    parameters: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a webhook for each type of event, by the type.

    Args:
        contract: The contract.
        examples: Its examples by definition.
        components: Takes the definitions of the events.
        parameters: What each delivery brings besides, such as headers.
    """
    return {
        each.name: {
            "post": webhook(
                each.definition,
                content(JSON, components.reference(each.definition), each.examples),
                parameters,
            )
        }
        for each in event_types(contract, examples)
    }


def webhook(
    definition: Definition,
    body: Mapping[str, Any],
    parameters: Sequence[Mapping[str, Any]] = (),
    answer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the operation by which a receiver is told something.

    Args:
        definition: What it is told.
        body: The same as content, by media type.
        parameters: What comes besides, such as headers.
        answer: The response that is expected; any of success where none is given.
    """
    return {
        "operationId": snake(definition.name),
        **summary(definition),
        **({"parameters": list(parameters)} if parameters else {}),
        "requestBody": {"required": True, "content": body},
        "responses": {"2XX": answer or {"description": "It arrived."}},
    }


def content(
    media_type: str, schema: Mapping[str, Any], examples: Iterable[Any] = ()
) -> dict[str, Any]:
    """Return a body: its media type, its schema, and named examples where there are any."""
    named = {f"example_{at}": {"value": value} for at, value in enumerate(examples, 1)}
    return {media_type: {"schema": schema, **({"examples": named} if named else {})}}


def summary(definition: Definition) -> dict[str, Any]:
    """Return a definition's title, and its description where it has one."""
    description = definition.schema.get("description")
    return {
        "summary": str(definition.schema.get("title", definition.name)),
        **({"description": description} if description else {}),
    }


class _Operation:
    """The operation that one definition is the body of."""

    def __init__(
        self,
        contract: Contract,
        components: Components,
        examples: Mapping[str, Any],
        body: Definition,
    ) -> None:
        self._contract = contract
        self._components = components
        self._examples = examples
        self._body = body
        self._base = contract.schemas[body.file]["$id"]

    def made(self) -> dict[str, Any]:
        said = self._body.schema["x-operation"]
        parameters = [_in_path(name) for name in _IN_PATH.findall(said["path"])]
        answers = {status: self._answer(to) for status, to in said["answers"].items()}
        return {
            "operationId": snake(self._body.name),
            **summary(self._body),
            **({"parameters": parameters} if parameters else {}),
            "requestBody": {
                "required": True,
                "content": content(
                    JSON,
                    self._components.reference(self._body),
                    valid(self._examples, self._body.name),
                ),
            },
            "responses": {**answers, **self._errors(said.get("errors"))},
        }

    def _answer(self, reference: str, media_type: str = JSON) -> dict[str, Any]:
        schema, _ = self._contract.resolve(reference, self._base)
        named = definition_at(self._contract, reference, self._base)
        return {
            "description": str(schema.get("description") or schema.get("title") or "Done."),
            "content": content(
                media_type,
                {"$ref": self._components.address(reference, self._base)},
                valid(self._examples, named.name) if named else (),
            ),
        }

    def _errors(self, reference: str | None) -> dict[str, Any]:
        if reference is None:
            return {}
        schema, _ = self._contract.resolve(reference, self._base)
        problem = schema.get("properties", {}).keys() >= _PROBLEM_MEMBERS
        answer = self._answer(reference, PROBLEM if problem else JSON)
        return {"4XX": answer, "5XX": answer}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
