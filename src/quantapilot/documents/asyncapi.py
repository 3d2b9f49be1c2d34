"""A contract's events as an AsyncAPI document: one channel a kind, one message a type.

Only events are in it. Requests are HTTP, which OpenAPI describes better, log records are read by
no program of somebody else's, and errors are answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.catalog import snake
from quantapilot.documents.about import about, event_documents
from quantapilot.documents.components import SCHEMAS, Components
from quantapilot.documents.definitions import flat
from quantapilot.documents.draft7 import draft7
from quantapilot.documents.event_types import event_types
from quantapilot.documents.marker import marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.documents.event_types import EventType
    from quantapilot.documents.source import Source

VERSION = "3.0.0"
_JSON = "application/json"


def write(source: Source) -> dict[str, bytes]:
    """Return the document as `asyncapi.json`."""
    made = document(source.contract, source.examples)
    data = orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {"asyncapi.json": data}


def document(contract: Contract, examples: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document (AsyncAPI Specification 3.0.0).

    Args:
        contract: The contract.
        examples: Its examples by definition, as the examples file has them.
    """
    told, contract = about(contract), flat(contract)
    components = Components(contract)
    types = event_types(contract, examples)
    messages = {components.name(each.definition.uri): _message(each, components) for each in types}
    channels = {
        snake(each.name): _channel(each, _sent(each, types), components)
        for each in event_documents(contract)
    }
    return {
        "asyncapi": VERSION,
        "x-generated": marker("asyncapi", contract),
        "info": {
            "title": told.title,
            "version": told.version,
            **({"description": told.description} if told.description else {}),
        },
        "defaultContentType": _JSON,
        "channels": channels,
        "operations": {f"send_{name}": _operation(name, each) for name, each in channels.items()},
        "components": {
            "messages": messages,
            "schemas": _schemas(components),
        },
    }


def _schemas(components: Components) -> dict[str, Any]:
    schemas = components.schemas()
    return {name: draft7(_bare(each, schemas)) for name, each in schemas.items()}


def _bare(schema: Any, schemas: Mapping[str, Any]) -> Any:
    """Return a schema whose references to objects stand alone, without a description beside them.

    In draft 7 they would be an `allOf` of one, to which generators give a made-up name.
    """
    if isinstance(schema, list):
        return [_bare(each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and schema.keys() <= {"$ref", "title", "description"}:
        target = schemas.get(reference.removeprefix(SCHEMAS), {})
        return {"$ref": reference} if "properties" in target else schema
    return {key: _bare(each, schemas) for key, each in schema.items()}


def _sent(document: Definition, types: list[EventType]) -> list[EventType]:
    return [each for each in types if each.document.uri == document.uri]


def _message(each: EventType, components: Components) -> dict[str, Any]:
    schema = each.definition.schema
    examples = [
        {"name": f"example_{at}", "payload": value} for at, value in enumerate(each.examples, 1)
    ]
    return {
        "name": each.name,
        "title": str(schema.get("title", each.definition.name)),
        **({"summary": schema["description"]} if "description" in schema else {}),
        "contentType": _JSON,
        "payload": components.reference(each.definition),
        **({"examples": examples} if examples else {}),
    }


def _channel(
    document: Definition, types: list[EventType], components: Components
) -> dict[str, Any]:
    names = [components.name(each.definition.uri) for each in types]
    schema = document.schema
    return {
        # Where events go is for those to say who want them.
        "address": None,
        "title": str(schema.get("title", document.name)),
        **({"description": schema["description"]} if "description" in schema else {}),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(name: str, channel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": channel["title"],
        "messages": [
            {"$ref": f"#/channels/{name}/messages/{each}"} for each in channel["messages"]
        ],
    }
