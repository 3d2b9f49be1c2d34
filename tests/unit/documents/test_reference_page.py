"""The page of the reference: whole, safe whatever a schema holds, and the same each time."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
import pytest
from tests.small_contracts import HOSTILE, ODD_EXAMPLES, SHOP_EXAMPLES, odd, shop

from quantapilot.config import Config
from quantapilot.contract.catalog import Contract, load_contract
from quantapilot.documents.marker import REACH, marker
from quantapilot.documents.reference.html import write
from quantapilot.documents.source import Source
from quantapilot.findings import Summary
from quantapilot.gate.project import Project
from quantapilot.reports.page import house_style

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).parents[3]
VOID = {"meta", "link", "input"}


def page(contract: Contract, examples: dict[str, Any] | None = None) -> str:
    return write(Source(contract, examples or {}))["index.html"].decode()


@pytest.fixture(scope="module")
def ours() -> str:
    examples = orjson.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
    return page(load_contract(ROOT / "_schemas"), examples)


class Read(HTMLParser):
    """What a browser makes of a page; it fails where an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    @property
    def ids(self) -> list[str]:
        return [str(given["id"]) for _, given in self.found if "id" in given]

    @property
    def links(self) -> list[str]:
        return [str(given["href"]) for tag, given in self.found if tag == "a"]


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_page_of_a_small_contract(snapshot: SnapshotAssertion) -> None:
    text = page(shop(), SHOP_EXAMPLES)
    for name in ("css", "js"):
        part = files("quantapilot.documents.reference").joinpath(f"page.{name}").read_text("utf-8")
        part = house_style() + part if name == "css" else part
        assert text.count(part) == 1
        text = text.replace(part, f"({name})").replace(hashed(part), f"(hash of {name})")
    # One element a line, so that a difference can be read.
    assert re.sub(r"(?=<(?:section|article|h\d|p|dl|div|table|tr|ul|li|details|svg|path)\b)", "\n",
                  text) == snapshot  # fmt: skip


def test_the_same_contract_gives_the_same_bytes() -> None:
    assert write(Source(shop(), SHOP_EXAMPLES)) == write(Source(shop(), SHOP_EXAMPLES))


@pytest.mark.parametrize(
    ("contract", "examples"),
    [(shop(), SHOP_EXAMPLES), (shop(lifecycle=False), {}), (odd(), ODD_EXAMPLES), (odd(), {})],
    ids=["shop", "bare shop", "odd", "bare odd"],
)
def test_every_link_leads_to_a_place_that_is_there_once(
    contract: Contract, examples: dict[str, Any]
) -> None:
    read = Read(page(contract, examples))
    assert len(read.ids) == len(set(read.ids))
    assert not any(re.search(r"\s", each) for each in read.ids)
    assert {unquote(each) for each in read.links} <= {f"#{each}" for each in read.ids}


def test_every_link_of_our_own_reference_leads_somewhere(ours: str) -> None:
    read = Read(ours)
    assert len(read.ids) == len(set(read.ids))
    assert {unquote(each) for each in read.links} <= {f"#{each}" for each in read.ids}
    assert {"RunStarted", "RunStarted.branch", "LogRecord.~2", "RunStartedEvent.id"} <= set(
        read.ids
    )


def test_what_a_schema_holds_never_becomes_markup() -> None:
    read = Read(page(odd(), ODD_EXAMPLES))
    plain = Read(page(shop(), SHOP_EXAMPLES))
    tags = {tag for tag, _ in read.found}
    assert tags <= {tag for tag, _ in plain.found}
    assert [tag for tag, _ in read.found].count("script") == 1
    given = {name for _, attributes in read.found for name in attributes}
    assert not {name for name in given if name.startswith("on")} | ({"src", "style"} & given)
    assert read.texts["title"] == HOSTILE


def test_a_name_that_would_end_the_first_comment_stays_in_it() -> None:
    name = "--><script>x</script>.schema.json"
    contract = Contract({name: shop().schemas["shop.schema.json"]})
    assert [tag for tag, _ in Read(page(contract)).found].count("script") == 1


def test_what_nobody_can_see_is_shown_by_its_code() -> None:
    schema = {"$id": "https://x.example/", "title": "A\u202eB\x00C\u200bD", "$defs": {"X": {}}}
    text = page(Contract({"x.schema.json": schema}))
    assert "<h1>A&lt;U+202E&gt;B&lt;U+0000&gt;C&lt;U+200B&gt;D</h1>" in text
    assert not re.search(r"[\x00\u202e\u200b]", text)


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(ours: str) -> None:
    read = Read(ours)
    (policy,) = [
        given["content"]
        for _, given in read.found
        if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "; ".join(
        (
            "default-src 'none'",
            f"style-src {hashed(read.texts['style'])}",
            f"script-src {hashed(read.texts['script'])}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def test_the_page_asks_for_nothing_and_sets_texts_only(ours: str) -> None:
    read = Read(ours)
    asked = [given for tag, given in read.found if tag in {"link", "img", "iframe", "object"}]
    assert [given["href"] for given in asked] == ["data:,"]
    assert not re.search(r"url\(|@import", read.texts["style"])
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(")
    assert not any(way in read.texts["script"] for way in ways)


def test_the_page_says_first_where_it_comes_from() -> None:
    data = write(Source(shop(), {}))["index.html"]
    assert marker("html", shop()).encode() in data[:REACH]


def test_our_own_page_is_small_enough_to_open_at_once(ours: str) -> None:
    assert len(ours.encode()) < 500_000


def test_a_scan_finds_nothing_in_our_own_page(ours: str, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text(ours, encoding="utf-8")
    project, summary = Project(Config(root=tmp_path)), Summary()
    gate = project.gate(project.inspector(project.detector()), summary)
    assert list(gate.check(project.inputs([str(file)]))) == []
    assert summary.files == 1


def test_masked_values_are_marked(ours: str) -> None:
    assert "<mark>&lt;email&gt;</mark>" in ours
    assert "alice@example.com" not in ours


def test_headings_leave_no_level_out(ours: str) -> None:
    levels = [int(tag[1]) for tag, _ in Read(ours).found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_contract_without_events_or_order_has_no_empty_sections() -> None:
    text = page(odd())
    assert "Events" not in text.partition("<main")[0]
    assert "<svg" not in text
    assert "No personal data" not in text
