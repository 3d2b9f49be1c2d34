"""The reference in Markdown, as CommonMark with tables reads it: links lead on, text stays text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.contracts import contract as small
from tests.small_contracts import HOSTILE, ODD_EXAMPLES, SHOP_EXAMPLES, odd, shop

from quantapilot.config import Config
from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.documents.marker import REACH, marker
from quantapilot.documents.reference import gfm
from quantapilot.documents.reference.markdown import write
from quantapilot.documents.source import Source
from quantapilot.findings import Summary
from quantapilot.gate.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token
    from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).parents[3]
READER = MarkdownIt("gfm-like", {"linkify": False})
CASES = [(shop(), SHOP_EXAMPLES), (shop(lifecycle=False), {}), (odd(), ODD_EXAMPLES)]


def pages(contract: Contract, examples: dict[str, Any]) -> dict[str, str]:
    return {name: data.decode() for name, data in write(Source(contract, examples)).items()}


def ours() -> dict[str, str]:
    examples = orjson.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
    return pages(load_contract(ROOT / "_schemas"), examples)


def tokens(text: str) -> Iterator[Token]:
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """Return the text that a reader sees of some Markdown."""
    kinds = {"text", "code_inline", "softbreak"}
    return "".join(
        " " if each.type == "softbreak" else each.content
        for each in tokens(text)
        if each.type in kinds
    )


def fragments(text: str) -> set[str]:
    found: dict[str, int] = {}
    out: set[str] = set()
    parsed = READER.parse(text)
    for before, token in pairwise(parsed):
        if before.type == "heading_open":
            words = "".join(each.content for each in token.children or ())
            name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            count = found.get(name, 0)
            found[name] = count + 1
            out.add(f"{name}-{count}" if count else name)
    return out


def test_the_pages_of_a_small_contract(snapshot: SnapshotAssertion) -> None:
    found = pages(shop(), SHOP_EXAMPLES)
    assert found["markdown/README.md"] == snapshot(name="README")
    assert found["markdown/Placed.md"] == snapshot(name="Placed")
    assert found["markdown/Message.md"] == snapshot(name="Message")


def test_the_same_contract_gives_the_same_bytes() -> None:
    assert write(Source(shop(), SHOP_EXAMPLES)) == write(Source(shop(), SHOP_EXAMPLES))


@pytest.mark.parametrize("which", ["shop", "bare", "odd", "ours"])
def test_every_link_leads_to_a_page_and_a_heading(which: str) -> None:
    cases = dict(zip(("shop", "bare", "odd"), CASES, strict=True))
    found = ours() if which == "ours" else pages(*cases[which])
    known = {name: fragments(text) for name, text in found.items()}
    links = 0
    for name, text in found.items():
        for token in tokens(text):
            if token.type == "link_open":
                page, _, fragment = unquote(str(token.attrs["href"])).partition("#")
                target = f"markdown/{page}" if page else name
                assert target in known, (name, target)
                assert not fragment or fragment in known[target], (name, fragment)
                links += 1
    assert links > len(found)


@pytest.mark.parametrize(("contract", "examples"), CASES, ids=["shop", "bare", "odd"])
def test_nothing_becomes_html_and_every_table_is_whole(
    contract: Contract, examples: dict[str, Any]
) -> None:
    for name, text in pages(contract, examples).items():
        raw = [each.content for each in tokens(text) if each.type.startswith("html")]
        assert len(raw) == 1, name  # the line that says where the page comes from
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        parsed = READER.parse(text)
        kinds = [each.type for each in parsed]
        assert kinds.count("tr_open") == len(rows) - kinds.count("table_open"), name
        cells = {
            kinds[at:].index("tr_close") for at, kind in enumerate(kinds) if kind == "table_open"
        }
        assert all(cells), name


def test_hostile_texts_are_shown_as_they_are() -> None:
    found = pages(odd(), ODD_EXAMPLES)
    unticked = HOSTILE.replace("`a`", "a")
    assert unticked in shown(found["markdown/Tree.md"])
    values = [each.content for each in tokens(found["markdown/Tree.md"])
              if each.type == "code_inline"]  # fmt: skip
    assert {HOSTILE, "^(?:a|\\|)`$", "^x-|<b>", "x|y"} <= set(values)
    fences = [each.content for each in tokens(found["markdown/Tree.md"])
              if each.type == "fence"]  # fmt: skip
    assert any("```" in fence for fence in fences)


def test_no_page_takes_the_place_of_another_on_any_file_system() -> None:
    names = list(pages(odd(), {}))
    assert len({name.casefold() for name in names}) == len(names) == 9
    assert {"markdown/README.md", "markdown/Readme-2.md", "markdown/README-3.md"} <= set(names)
    assert all(re.fullmatch(r"markdown/[\w.-]+\.md", name) for name in names)


def test_no_page_has_the_name_of_a_device() -> None:
    text = {"type": "string"}
    found = pages(small(a={"Aux": text, "com1": text, "Comma": text}), {})
    assert set(found) == {f"markdown/{name}.md" for name in ("README", "Aux-2", "com1-2", "Comma")}


def test_every_page_says_first_where_it_comes_from() -> None:
    said = marker("markdown", shop()).encode()
    assert all(said in data[:REACH] for data in write(Source(shop(), {})).values())


def test_a_scan_finds_nothing_in_our_own_pages(tmp_path: Path) -> None:
    for name, text in ours().items():
        (tmp_path / Path(name).name).write_text(text, encoding="utf-8")
    project, summary = Project(Config(root=tmp_path)), Summary()
    gate = project.gate(project.inspector(project.detector()), summary)
    assert list(gate.check(project.inputs([str(tmp_path)]))) == []
    assert summary.files > 60


SEEN = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=30).filter(
    lambda text: text.isprintable()
)


@given(SEEN)
def test_any_words_are_shown_as_they_are(text: str) -> None:
    wanted = " ".join(text.split())
    assert shown(gfm.told(text.replace("`", ""))) == " ".join(text.replace("`", "").split())
    assert shown(f"x {gfm.plain(text)}") == f"x {wanted}".strip()


@given(SEEN.filter(bool), SEEN)
def test_any_cell_of_a_table_holds_what_it_should(literal: str, words: str) -> None:
    lines = "\n".join(gfm.table(["A", "B"], [[gfm.code(literal), f"x {gfm.plain(words)}"]]))
    parsed = READER.parse(lines)
    cells = [
        "".join(child.content for child in parsed[at + 1].children or ())
        for at, token in enumerate(parsed)
        if token.type == "td_open"
    ]
    assert cells == [literal, f"x {' '.join(words.split())}".strip()]


def test_a_second_heading_of_one_name_is_counted() -> None:
    headings = gfm.Headings()
    assert [headings.add("A b"), headings.add("A b"), headings.add("C")] == ["a-b", "a-b-1", "c"]
