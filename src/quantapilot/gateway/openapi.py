"""The interface as an OpenAPI 3.1 document, made of the contract's schemas and the operations.

Receivers of events find in it what they are sent: a webhook for each type, and the challenge.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import quantapilot
from quantapilot.documents import openapi
from quantapilot.documents.components import Components
from quantapilot.gateway import challenge
from quantapilot.gateway.problems import MEDIA_TYPE, PROBLEMS
from quantapilot.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.catalog import Contract
    from quantapilot.gateway.operations import Operation, Parameter

# Standard Webhooks 1.0.0.
_SIGNED = (
    (ID_HEADER, "The same whenever the same is sent again."),
    (TIMESTAMP_HEADER, "When it was sent, in seconds since 1970."),
    (SIGNATURE_HEADER, "Signatures of id, time and body, by the key of the subscription."),
)


def document(contract: Contract, operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document (OpenAPI Specification 3.1.1).

    Args:
        contract: Where the definitions stand.
        operations: What can be called.
    """
    components = Components(contract)
    described = _Described(contract, components)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in operations:
        paths[each.path][each.method.lower()] = described.operation(each)
    return {
        "openapi": openapi.VERSION,
        "info": {
            "title": "QuantaPilot gateway",
            "version": quantapilot.__version__,
            "description": "Starts runs, takes their events, and tells those who may hear of them.",
        },
        "security": [{"token": []}],
        "paths": dict(paths),
        "webhooks": {
            name: {"post": {**hook["post"], "security": []}}
            for name, hook in (
                *openapi.webhooks(contract, {}, components, _signed()).items(),
                *described.challenge().items(),
            )
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": components.schemas(),
        },
    }


class _Described:
    """What the document says of calls, by the definitions of a contract."""

    def __init__(self, contract: Contract, components: Components) -> None:
        self._contract = contract
        self._components = components

    def operation(self, operation: Operation) -> dict[str, Any]:
        """Return one call."""
        made: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "description": f"Needs the scope `{operation.scope}`.",
            "responses": {
                str(operation.status): self._answer(operation),
                **self._problems(operation),
            },
        }
        if operation.parameters:
            made["parameters"] = [self._parameter(each) for each in operation.parameters]
        if operation.body:
            body = self._content(openapi.JSON, operation.body)
            made["requestBody"] = {"required": True, "content": body}
        return made

    def challenge(self) -> dict[str, Any]:
        """Return the webhook by which a receiver is asked whether it wants events."""
        asked = self._contract.definitions.get("SubscriptionChallenge")
        if asked is None:
            return {}
        answer = {
            "description": "It wants them.",
            "content": self._content(openapi.JSON, "SubscriptionChallengeAnswer"),
        }
        body = self._content(openapi.JSON, asked.name)
        return {challenge.TYPE: {"post": openapi.webhook(asked, body, _signed(), answer)}}

    def _answer(self, operation: Operation) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": operation.summary}
        if operation.answer is None:
            return answer
        if "/" in operation.answer:
            answer["content"] = {operation.answer: {"schema": {"type": "string"}}}
        else:
            answer["content"] = self._content(openapi.JSON, operation.answer)
        return answer

    def _problems(self, operation: Operation) -> dict[str, Any]:
        codes: dict[str, list[str]] = defaultdict(list)
        for code in operation.codes:
            codes[str(PROBLEMS[code].status)].append(code)
        return {
            status: {
                "description": ", ".join(named),
                "content": self._content(MEDIA_TYPE, "ErrorResponse"),
            }
            for status, named in sorted(codes.items())
        }

    def _content(self, media_type: str, name: str) -> dict[str, Any]:
        return openapi.content(media_type, self._schema(name))

    def _parameter(self, parameter: Parameter) -> dict[str, Any]:
        named = _definition(parameter)
        return {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.place == "path",
            "description": parameter.description,
            "schema": self._schema(named) if named else dict(parameter.schema),
        }

    def _schema(self, name: str) -> dict[str, str]:
        # A contract of somebody else's need not have all that the gateway answers.
        definition = self._contract.definitions.get(name)
        return self._components.reference(definition) if definition else {}


def _signed() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": description,
            "schema": {"type": "string"},
        }
        for name, description in _SIGNED
    ]


def _definition(parameter: Parameter) -> str:
    return str(parameter.schema.get("$ref", "")).rpartition("/")[2]
