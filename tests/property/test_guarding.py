"""Guards: whatever is logged in whatever way, a scan of what was written finds nothing."""

from __future__ import annotations

import io
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantapilot.config import Config
from quantapilot.findings import Summary
from quantapilot.gate.check import Gate
from quantapilot.gate.inspector import Inspector
from quantapilot.guard import JsonFormatter, install
from quantapilot.guard.lines import line_check
from quantapilot.inputs.sources import Source
from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantapilot.findings import Finding
    from quantapilot.guard.records import Policy

EXAMPLES = [example for rule in load_rules() for example in rule.match]
CLEAN = [example for rule in load_rules() for example in rule.no_match]
WAYS: dict[str, Callable[[logging.Logger, str], None]] = {
    "message": lambda log, text: log.error(text),
    "argument": lambda log, text: log.error("got %s", text),
    "repr": lambda log, text: log.error("got %r", [text]),
    "extra": lambda log, text: log.error("got", extra={"note": text}),
}


@cache
def inspector() -> Inspector:
    return Inspector(Detector(compiled_rules()))


def scanned(text: str, file: Path) -> list[Finding]:
    file.write_text(text, "utf-8", "surrogateescape")
    found = Gate(inspector(), Summary()).check([Source(file.name, file, named=True)])
    return [finding for finding in found if finding.category == "pii"]


@pytest.fixture(scope="module")
def log() -> tuple[logging.Logger, io.StringIO]:
    out = io.StringIO()
    made = logging.Logger("examples")
    plain, rows = logging.StreamHandler(out), logging.StreamHandler(out)
    plain.setFormatter(logging.Formatter("%(message)s note=%(note)s", defaults={"note": "-"}))
    rows.setFormatter(JsonFormatter(config=Config()))
    made.handlers = [plain, rows]
    return made, out


@pytest.mark.parametrize(
    ("way", "policy"),
    [("message", "redact"), ("argument", "block"), ("repr", "redact"), ("extra", "block")],
)
def test_no_example_of_a_rule_is_written(
    way: str, policy: Policy, log: tuple[logging.Logger, io.StringIO], tmp_path: Path
) -> None:
    logger, out = log
    # Each example goes one way.
    examples = EXAMPLES[list(WAYS).index(way) :: len(WAYS)]
    out.seek(0)
    out.truncate()
    with install(policy, config=Config(), hooks=False):
        for example in examples:
            WAYS[way](logger, example)
    assert out.getvalue().count("\n") >= 2 * len(examples)
    assert "could not be checked" not in out.getvalue()
    assert scanned(out.getvalue(), tmp_path / "out.log") == []


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_a_value_that_arguments_are_parts_of_is_found(example: str, data: Any) -> None:
    cut = data.draw(st.integers(0, len(example)))
    out = io.StringIO()
    logger = logging.Logger("examples")
    logger.addHandler(logging.StreamHandler(out))
    with install("redact", config=Config(), hooks=False):
        logger.error("%s%s", example[:cut], example[cut:])
    assert line_check(Config()).clean(out.getvalue())


def test_what_rules_let_pass_is_written_as_it_is() -> None:
    check = line_check(Config())
    out = io.StringIO()
    logger = logging.Logger("examples")
    logger.addHandler(logging.StreamHandler(out))
    clean = [example for example in CLEAN if check.clean(example)]
    with install("raise", config=Config(), hooks=False):
        for example in clean:
            logger.error("%s", example)
    assert len(clean) > len(CLEAN) // 2
    assert out.getvalue() == "".join(f"{example}\n" for example in clean)
