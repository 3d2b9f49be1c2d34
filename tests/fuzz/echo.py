"""Finds in an answer what was sent: a refusal must not repeat what may be personal.

Nothing but the standard library is imported: the environment of `make test-fuzz` has no more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Shorter texts come back by chance, or as a word of the gateway's own.
LENGTH = 12


def echoed(sent: Iterable[str], told: str, known: str) -> str | None:
    """Return a part of what was sent that was told again; None where there is none.

    Args:
        sent: Texts of the request.
        told: The answer, its headers included.
        known: What the gateway may always tell: the words of its document.
    """
    heard = told + "\n".join(strings(_parsed(told)))
    for text in sent:
        for at in range(len(text) - LENGTH + 1):
            part = text[at : at + LENGTH]
            if part in heard and part not in known:
                return part
    return None


def strings(value: Any) -> Iterator[str]:
    """Yield each text of a JSON value, the names of its fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def sent_texts(body: bytes | str | None) -> Iterator[str]:
    """Yield the texts of a body, as they came and as JSON reads them."""
    if body is None:
        return
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    yield text
    yield from strings(_parsed(text))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
