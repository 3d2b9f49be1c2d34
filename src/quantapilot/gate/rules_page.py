"""The list of rules as a Markdown page: grouped, with contents, examples shown as they are.

A rule's heading is its id, so that a link to it follows from the id alone: `#piiemail` for
`pii/email`, the anchor that GitHub, GitLab and others make of that heading.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from quantapilot.findings import PII_CLASSES

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
_MARKUP = re.compile(r"[\\`*<>\[\]|]|(?<!\w)_|_(?!\w)")


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


def anchor(heading: str) -> str:
    """Return the fragment by which a page is entered at `heading`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


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
    yield f"*{rule.severity.capitalize()}*{of_class}: {_prose(rule.description)}.\n"
    yield f"- Why: {_prose(rule.why)}"
    yield f"- What to do: {_prose(rule.fix)}"
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


def _prose(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def code_span(text: str) -> str:
    """Return `text` as a code span that shows each of its characters."""
    shown = "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in text)
    # A span ends at the first run of backticks as long as the one that opened it.
    runs = {len(run) for run in re.findall("`+", shown)}
    ticks = "`" * next(length for length in range(1, len(shown) + 2) if length not in runs)
    # One space is taken off both ends, and a backtick at an end would lengthen the fence.
    padded = shown[:1] in {"`", " "} or shown[-1:] in {"`", " "}
    return f"{ticks} {shown} {ticks}" if padded else f"{ticks}{shown}{ticks}"
