"""The list of rules as a Markdown page: grouped, with contents, examples shown as they are.

A rule's heading is its id, so that a link to it follows from the id alone: `#piiemail` for
`pii/email`, the anchor that GitHub, GitLab and others make of that heading.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from quantapilot.findings import PII_CLASSES
from quantapilot.reports.commonmark import anchor, code_span, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quantapilot.gate.catalogue import RuleEntry

_HEADER = """\
<!-- Written by `make generate` from the rules themselves: change those, not this page. -->
# Rules

What `qp` refuses, and why. `qp explain RULE` tells the same of one rule.

- An *error* blocks, a *warning* only tells. [Exit codes](exit-codes.md) says how a run ends.
- "Finds" and "Passes" are examples, and tests hold every rule to them. All values in them are
  made up.
- A character that can't be seen is written as `<U+200B>`.
"""
_TITLES = {
    "email": "E-mail addresses",
    "phone": "Phone numbers",
    "name": "Names",
    "token": "Credentials",
    "national_id": "Personal identifiers",
    "ip": "IP addresses",
    "contract": "Contract",
    "input": "Inputs",
}
_ORDER = (*PII_CLASSES, "contract", "input")


def rules_page(entries: Iterable[RuleEntry]) -> str:
    """Return a page in CommonMark that tells of every rule of `entries`, by class and id."""
    groups = [
        (_TITLES[key], list(rules))
        for key, rules in groupby(sorted(entries, key=_place), key=_group)
    ]
    parts = [_HEADER, "## Contents\n", "\n".join(map(_listed, groups)) + "\n"]
    for title, rules in groups:
        parts += [f"## {title}\n", *("\n".join(_told(rule)) for rule in rules)]
    return "\n".join(parts)


def _group(entry: RuleEntry) -> str:
    return entry.pii_class or entry.category


def _place(entry: RuleEntry) -> tuple[int, str]:
    return _ORDER.index(_group(entry)), entry.id


def _listed(group: tuple[str, Sequence[RuleEntry]]) -> str:
    title, rules = group
    links = ", ".join(f"[{rule.id}](#{anchor(rule.id)})" for rule in rules)
    return f"- [{title}](#{anchor(title)}): {links}"


def _told(rule: RuleEntry) -> Iterator[str]:
    yield f"### {rule.id}\n"
    of_class = f", class `{rule.pii_class}`" if rule.pii_class else ""
    yield f"*{rule.severity.capitalize()}*{of_class}: {prose(rule.description)}.\n"
    yield f"- Why: {prose(rule.why)}"
    yield f"- What to do: {prose(rule.fix)}"
    for label, words in (
        ("Under fields that end in", rule.fields),
        ("Behind the words", rule.context),
        ("In fields of the class", rule.data_classes),
    ):
        if words:
            yield f"- {label}: {', '.join(map(code_span, words))}"
    for label, examples in (("Finds", rule.match), ("Passes", rule.no_match)):
        if examples:
            yield f"- {label}:"
            yield from (f"  - {code_span(example)}" for example in examples)
    yield ""
