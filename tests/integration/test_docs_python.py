"""Programs in Python that pages show: what they import is there, and those that can run are run.

A block with `file=NAME` is written and run as `tests/integration/test_docs.py` tells; the blocks of
docs/guards.md are run by `tests/integration/test_guard.py`. What is left are pieces of a program.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.orders import ORDERS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (page.name, token.info, token.content)
    for page in PAGES
    for token in MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    if token.type == "fence"
    and token.info.split()[:1] == ["python"]
    # Its programs need Spark: tests/scale has it.
    and page.name != "spark.md"
]
RUNTIME = {"emitting.md", "outbox.md", "delivery.md", "sinks.md", "brokers.md"}


@pytest.mark.parametrize(("page", "info", "text"), BLOCKS)
def test_what_a_program_of_a_page_imports_is_there(
    monkeypatch: pytest.MonkeyPatch, page: str, info: str, text: str
) -> None:
    assert page
    monkeypatch.syspath_prepend(str(ORDERS / "generated"))
    for node in ast.walk(ast.parse(text, info)):
        if isinstance(node, ast.Import):
            for name in node.names:
                import_module(name.name)
        elif isinstance(node, ast.ImportFrom):
            module = import_module(node.module or "")
            for name in node.names:
                if not hasattr(module, name.name):
                    import_module(f"{node.module}.{name.name}")


def test_every_program_of_the_runtime_is_run() -> None:
    shown = [(page, info) for page, info, _ in BLOCKS if page in RUNTIME]
    assert shown
    for page, info in shown:
        name = info.partition("file=")[2]
        text = (ROOT / "docs" / page).read_text("utf-8")
        assert name, f"{page} shows a program that nothing runs"
        assert f"python {name}\n" in text


def test_no_page_of_the_runtime_shows_commands_that_nothing_runs() -> None:
    for page in RUNTIME:
        tokens = MarkdownIt("commonmark").parse((ROOT / "docs" / page).read_text("utf-8"))
        assert "sh" not in {token.info for token in tokens if token.type == "fence"}, page
