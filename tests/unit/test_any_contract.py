"""The toolkit knows no contract by heart: what is QuantaPilot's stands in `_schemas` alone.

The names are taken from those schemas themselves: of events, definitions and fields. The gateway,
its client and the proof by destruction are QuantaPilot's own product and may speak of them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "quantapilot"
OF_THE_PRODUCT = {
    "chaos",
    "client",
    "gateway",
    *(
        f"cli/{name}.py"
        for name in (
            "candidates",
            "chaos",
            "gateway_options",
            "live",
            "project",
            "remote",
            "run",
            "serve",
            "status",
            "token",
            "watch",
        )
    ),
}
# Names that others gave to something else, and where they stand.
BORROWED = {
    "LogRecord": {"guard"},  # logging.LogRecord
    "correlation_id": {"sinks"},  # what FastStream calls an attribute of AMQP and Kafka
    "retry_after": {"errors.py", "sinks"},  # the header of HTTP
    "RunFailed": {"cli/validate.py"},  # an example in a help text
    "run_failed": {"cli/validate.py"},
}
# Single words that our schemas share with JSON Schema, CloudEvents, problem details (RFC 9457) and
# `logging`, and those that any software has.
ORDINARY = {
    *("description", "title", "type"),
    *("data", "dataschema", "id", "source", "specversion", "subject", "time"),
    *("instance", "status"),
    *("level", "logger", "message", "timestamp"),
    *("Event", "attempt", "branch", "commit", "event", "path", "progress", "reason"),
}


def of_our_contract() -> set[str]:
    found: set[str] = set()
    for name in ("api", "error"):
        schema = orjson.loads((ROOT / "_schemas" / f"{name}.schema.json").read_bytes())
        found.update(_names(schema))
    return found


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _names(each)
    elif isinstance(schema, dict):
        for keyword in ("$defs", "properties"):
            yield from schema.get(keyword, ())
        for kind in schema.get("discriminator", {}).get("mapping", ()):
            yield from (kind, kind.rpartition(".")[2])
        for each in schema.values():
            yield from _names(each)


NAMES = of_our_contract()
# A name of several words is told wherever it stands, one word only where it stands for itself.
COMPOSED = {name for name in NAMES if re.search(r"[_.]|[a-z][A-Z]", name)}
SINGLE = NAMES - COMPOSED - ORDINARY


def known_by_heart(code: str) -> set[str]:
    """Return what identifiers and strings name of our contract; comments and docstrings tell."""
    tree = ast.parse(code)
    told = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        given = (getattr(node, name, None) for name in ("id", "attr", "arg", "name", "asname"))
        found.update(COMPOSED.intersection(name for name in given if isinstance(name, str)))
        if isinstance(node, ast.Constant) and id(node) not in told:
            found.update(_in_text(node.value))
    return found


def _in_text(text: object) -> Iterator[str]:
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if isinstance(text, str):
        if text in SINGLE:
            yield text
        yield from COMPOSED.intersection(re.findall(r"[A-Za-z_]\w*(?:\.[A-Za-z_]+)*", text))


def test_nothing_of_our_contract_stands_in_the_code_that_takes_any() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        places = {place, place.partition("/")[0]}
        if not places & OF_THE_PRODUCT:
            for name in known_by_heart(path.read_text("utf-8")):
                if not places & BORROWED.get(name, set()):
                    found[place].add(name)
    assert found == {}, "let the schema say it, such as by an annotation in x-document"


def test_the_names_that_are_looked_for_are_those_of_our_contract() -> None:
    assert {"run_id", "RunStarted", "quantapilot.run_started", "run_started"} <= COMPOSED
    assert {"gate", "approved", "step"} <= SINGLE


def test_only_names_of_our_contract_are_excused() -> None:
    assert set(BORROWED) <= COMPOSED
    assert {word for word in ORDINARY if word not in NAMES} == set()


@pytest.mark.parametrize(
    "code",
    [
        'run = event["run_id"]',
        "event.repo_url",
        'if kind == "quantapilot.run_failed": pass',
        'raise E(f"{where} is no RunStarted")',
        'found["gate"]',
        "def made(project_id): ...",
    ],
)
def test_code_that_relies_on_a_name_is_told(code: str) -> None:
    assert known_by_heart(code)


@pytest.mark.parametrize(
    "code",
    [
        '"""Such as `run_id`."""',
        "# as of a RunStarted\nx = 1",
        'def f():\n    """Return the run_id."""\n',
        "from quantapilot.gate import check",
        'say("the gate of the branch")',
        'schema["type"]',
    ],
)
def test_what_only_tells_of_one_is_not(code: str) -> None:
    assert known_by_heart(code) == set()
