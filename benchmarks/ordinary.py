"""The ordinary loop: what a team writes first, with `json`, `jsonschema` and a list of `re`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"[\w.+-]+@[\w-]+\.[\w.]+",
        r"\+?\d{1,3}[ .-]?\(?\d{2,4}\)?[ .-]?\d{3}[ .-]?\d{4}",
        r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+|(?:by|reviewer:|assigned to) [A-Z][a-z]+ [A-Z][a-z]+",
        r"gh[pousr]_\w{20,}|glpat-[\w-]{20}|xox[bp]-[\w-]+|sk_live_\w+|AKIA[A-Z0-9]{16}",
        r"(?i)(?:password|secret|token|api_key)\s*[=:]\s*\S+",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b(?:\d[ -]?){13,16}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    )
]


def validators(schemas: Path) -> dict[str, Draft202012Validator]:
    """Return a validator of every definition by its name, with formats checked."""
    loaded = [json.loads(path.read_text("utf-8")) for path in schemas.glob("*.schema.json")]
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in loaded]
    registry: Registry[Any] = Registry().with_resources(resources)
    return {
        name: Draft202012Validator(
            {"$ref": f"{schema['$id']}#/$defs/{name}"},
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for schema in loaded
        for name in schema["$defs"]
    }


def check(lines: Iterable[bytes], by_name: dict[str, Draft202012Validator]) -> int:
    """Return how many of some JSON lines do not conform or match a pattern."""
    refused = 0
    for line in lines:
        document = json.loads(line)
        if "specversion" in document:
            words = document["type"].removeprefix("quantapilot.").split("_")
            name = "".join(word.title() for word in words) + "Event"
        else:
            name = "LogRecord"
        if name not in by_name or not by_name[name].is_valid(document):
            refused += 1
            continue
        refused += any(_matches(value) for value in _texts(document))
    return refused


def _texts(document: dict[str, Any]) -> Iterable[str]:
    for value in document.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value)


def _matches(text: str) -> bool:
    return any(pattern.search(text) for pattern in PATTERNS)
