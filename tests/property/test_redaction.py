"""Redaction: whatever goes in, a scan of what comes out finds nothing, and JSON stays JSON."""

from __future__ import annotations

import base64
import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.errors import UnsearchableError
from quantapilot.findings import Summary
from quantapilot.gate.check import Gate, Selection
from quantapilot.gate.inspector import Inspector
from quantapilot.gate.redaction import Redaction
from quantapilot.gate.scanner import Limits
from quantapilot.gate.stream import Filter
from quantapilot.inputs.sources import Source
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantapilot.findings import Finding

# Found wherever they stand, so that none of them may be left.
PLANTED = ("zoe.quux@example.org", "ghp_016C7dKpQvXyZ3bN8sTfWmRj4hLcUe2aGiB1", "123-45-6788")
EXAMPLES = [example for rule in load_rules() for example in rule.match]


@cache
def inspector() -> Inspector:
    return Inspector(Detector(compiled_rules()))


def redacted(data: bytes, name: str = "<stdin>", key: bytes | None = None) -> bytes:
    redaction = Redaction(inspector(), Selection(), key)
    return b"".join(Filter(redaction, inspector(), Limits()).parts(name, io.BytesIO(data)))


def scanned(data: bytes, file: Path) -> list[Finding]:
    file.write_bytes(data)
    gate = Gate(inspector(), Summary())
    found = gate.check([Source(file.name, file, named=True)])
    return [finding for finding in found if finding.category == "pii"]


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "9" else c for c in text)


WRAPS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "percent": quote,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "wide": _wide,
    "invisible": "\u200b".join,
    "entities": lambda text: text.replace("@", "&#64;").replace("-", "&#x2d;"),
    "escaped": lambda text: "".join(f"\\u{ord(c):04x}" if c in "@-_" else c for c in text),
}
NAMES = st.sampled_from(["message", "user_email", "operator_name", "api_token", "phone", "x", ""])


def _example(at: int) -> str:
    # By their numbers: written out they would make every failure unreadable.
    return EXAMPLES[at]


VALUES = st.tuples(
    st.integers(0, len(EXAMPLES) - 1).map(_example) | st.sampled_from(PLANTED),
    st.sampled_from(list(WRAPS)),
).map(lambda pair: WRAPS[pair[1]](pair[0]))
TEXTS = st.lists(
    VALUES | st.sampled_from(["build", ":", "é", "<email>", "=", '"', "\\", "{", "\x1b[1m"]),
    min_size=1, max_size=3,
).map(" ".join)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.sampled_from([4155552671, 4111111111111111, 0.5, 7])
DOCUMENTS = st.recursive(
    TEXTS | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | VALUES, inner, max_size=3)
        | inner.map(json.dumps)
        | inner.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode())
    ),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES | VALUES, DOCUMENTS, min_size=1, max_size=4)
JSON_LINES = st.tuples(OBJECTS, st.booleans()).map(
    lambda pair: json.dumps(pair[0], ensure_ascii=pair[1])
)
TWICE = st.tuples(JSON_LINES, JSON_LINES).map(lambda pair: f"{pair[0][:-1]}, {pair[1][1:]}")
LINES = st.one_of(
    JSON_LINES,
    TWICE,
    TEXTS.map(lambda text: text.replace("\n", " ")),
    st.sampled_from(["", '{"a": 1}', "[1, 2", "all is well", '{"a": "zoe.quux@example.org"']),
)
INPUTS = st.tuples(
    st.lists(LINES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]), st.booleans(),
    st.sampled_from([b"", b"\xff", b"\xc3("]),
).map(
    lambda given: given[1].join(given[0]).encode("utf-8", "surrogatepass")
    + given[3] + given[1].encode() * given[2]
)  # fmt: skip


@pytest.mark.parametrize("name", ["<stdin>", "a.jsonl", "a.md"])
@given(data=INPUTS, hashed=st.booleans())
def test_a_scan_of_what_comes_out_finds_nothing(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes, hashed: bool
) -> None:
    key = b"secret" if hashed else None
    file = tmp_path_factory.getbasetemp() / name.strip("<>")
    once = redacted(data, file.name, key)
    assert [finding.rule for finding in scanned(once, file)] == []
    assert [value for value in PLANTED if value.encode() in once] == []
    assert redacted(once, file.name, key) == once
    assert once.count(b"\n") == data.count(b"\n")


@given(JSON_LINES | TWICE)
def test_a_line_of_json_stays_json_of_the_same_shape(line: str) -> None:
    out = redacted(f"{line}\n".encode()).decode()
    assert same_shape(members(line), members(out))


def members(text: str) -> Any:
    """Return JSON with its objects as lists of their members, those with one key twice too."""
    return json.loads(text, object_pairs_hook=lambda pairs: [value for _, value in pairs])


def same_shape(old: Any, new: Any) -> bool:
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(same_shape, old, new))
    return type(old) is type(new) or (isinstance(old, int | float) and isinstance(new, str))


@given(OBJECTS, st.integers(1, 4))
def test_a_document_of_many_lines_stays_json(document: dict[str, Any], indent: int) -> None:
    text = json.dumps({"first": 1, **document}, indent=indent)
    out = redacted(text.encode(), "a.json")
    assert same_shape(members(text), members(out.decode()))
    assert out.count(b"\n") == text.count("\n")
    assert [value for value in PLANTED if value.encode() in out] == []


@given(st.lists(st.sampled_from(["all is well", "", '{"a":  1e5, "b" : "\\u00e9"}', "é\x00"])))
def test_clean_bytes_pass_as_they_are(lines: list[str]) -> None:
    data = "\r\n".join(["ok", *lines]).encode() + b"\xff\n\n last"
    for mark in (b"", b"\xef\xbb\xbf"):
        if b"\x00" in data:
            with pytest.raises(UnsearchableError):
                redacted(mark + data, "a.txt")
        else:
            assert redacted(mark + data, "a.txt") == mark + data
