"""The page of all rules: a reader sees every rule, and every example exactly as it is."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from quantapilot.gate.catalogue import RuleEntry, all_rules
from quantapilot.gate.rules_page import rules_page
from quantapilot.reports.commonmark import anchor, code_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token


@pytest.fixture(scope="module")
def page() -> str:
    return rules_page(all_rules())


def tokens(markdown: str) -> Iterator[Token]:
    for block in MarkdownIt("commonmark").parse(markdown):
        yield block
        yield from block.children or ()


def spans(markdown: str) -> list[str]:
    return [token.content for token in tokens(markdown) if token.type == "code_inline"]


def headings(markdown: str) -> list[str]:
    parsed = MarkdownIt("commonmark").parse(markdown)
    return [text.content for opening, text in pairwise(parsed) if opening.type == "heading_open"]


def shown_text(markdown: str) -> str:
    return "".join(token.content for token in tokens(markdown) if token.type == "text")


def entry(**given: object) -> RuleEntry:
    told = {"description": "a thing", "why": "It is one.", "fix": "Remove it."} | given
    return RuleEntry("pii/thing", "pii", "token", "error", **told)  # type: ignore[arg-type]


def test_every_rule_has_its_heading_once(page: str) -> None:
    assert Counter(each for each in headings(page) if "/" in each) == Counter(
        rule.id for rule in all_rules()
    )


def test_every_link_of_the_contents_leads_to_a_heading(page: str) -> None:
    anchors = [anchor(heading) for heading in headings(page)]
    links = re.findall(r"\]\(#([^)]+)\)", page)
    assert len(links) > len(all_rules())
    assert [link for link in links if anchors.count(link) != 1] == []


def test_a_reader_sees_every_example_as_it_is(page: str) -> None:
    shown = Counter(spans(page))
    examples = Counter(example for rule in all_rules() for example in (*rule.match, *rule.no_match))
    assert examples - shown == Counter()


def test_a_reader_sees_what_to_do_as_it_is_written() -> None:
    fix = "Raise max_line_bytes in [tool.quantapilot] or *_count, see <b>`x`</b> | a\\b _c_"
    assert fix in shown_text(rules_page([entry(fix=fix)]))


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a `b` c",
        "`b`",
        "``",
        "a ``` b ` c",
        " a ",
        " a",
        "a|b",
        "<b>&amp;</b>",
        "[a](b)",
        "a\\",
        "*a*",
        "# a",
    ],
)
def test_a_code_span_shows_each_character(text: str) -> None:
    assert spans(f"- {code_span(text)}\n") == [text]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb", "a<U+200B>b"),
        ("a\nb", "a<U+000A>b"),
        ("a\u00a0b", "a<U+00A0>b"),
        ("a\U000e0041b", "a<U+E0041>b"),
    ],
)
def test_what_can_not_be_seen_is_named(text: str, shown: str) -> None:
    assert spans(f"- {code_span(text)}\n") == [shown]


def test_a_rule_without_examples_has_no_empty_lists() -> None:
    page = rules_page([entry()])
    assert "Finds" not in page.partition("### ")[2]
    assert "*Error*, class `token`: a thing.\n" in page
