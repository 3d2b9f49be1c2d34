"""Headers of a request that somebody saved: the lines of HTTP, or a JSON object of them."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from contextlib import suppress
from typing import Any

from quantapilot.errors import InputError

# How a request begins, RFC 9112, section 3, or an answer.
_START_LINE = re.compile(r"[!-~]+ [!-~]+ HTTP/[0-9.]+|HTTP/[0-9.]+ [0-9]{3}.*")


def parsed_headers(data: bytes, label: str) -> list[tuple[str, str]]:
    """Return the names and values, in order, each as often as it stands there.

    Args:
        data: Lines `Name: value` (RFC 9112, section 5), up to an empty one, with or without the
            request line; or a JSON object whose values are texts, numbers or lists of them.
        label: What it is called in messages.

    Raises:
        InputError: It is neither; the text shows nothing of it.
    """
    text = data.removeprefix(BOM_UTF8).lstrip()
    return _of_json(text, label) if text.startswith(b"{") else _of_lines(text, label)


def _of_lines(data: bytes, label: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        kept = line.removesuffix("\r")
        if not kept:
            break
        if number == 1 and _START_LINE.fullmatch(kept):
            continue
        name, colon, value = kept.partition(":")
        if not colon or not name or name != name.strip():
            raise InputError(f"{label}:{number}: this is no line of the form 'Name: value'")
        found.append((name, value.strip(" \t")))
    return found


def _of_json(data: bytes, label: str) -> list[tuple[str, str]]:
    # Numbers stay as they are written, and a name that stands twice stays twice.
    parsed: Any = None
    # The cause holds the text, so nothing is raised where it is caught.
    with suppress(ValueError, RecursionError):
        parsed = json.loads(data, object_pairs_hook=tuple, parse_int=str, parse_float=str)
    if not isinstance(parsed, tuple):
        raise InputError(f"{label}: this is no JSON object of headers")
    found = []
    for name, value in parsed:
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, str):
                raise InputError(f"{label}: the value of a header is no text; write it as text")
            found.append((name, each))
    return found
