"""The page that leads to all others: what the contract is, how a run goes, and each group."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from quantapilot.documents.reference.gfm import (
    Headings,
    code,
    code_outside,
    fence,
    plain,
    table,
    told,
)
from quantapilot.documents.reference.gfm import link as linked
from quantapilot.documents.reference.rule import BECAUSE, FREE_TEXT, RULE, counted
from quantapilot.documents.reference.short import shortened
from quantapilot.reports.commonmark import anchor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantapilot.documents.reference.model import Group, Order, Reference

    Link = Callable[[str], str]

# What Mermaid reads as it stands.
_ODD = re.compile(r"[^\w .-]")


def index(reference: Reference, link: Link) -> list[str]:
    """Return the page.

    Args:
        reference: The contract.
        link: Returns the link to a definition's page.
    """
    headings = Headings()
    headings.add(reference.title)
    sections: list[tuple[str, Iterator[str]]] = []
    if reference.order is not None:
        sections.append((reference.order.title, _order(reference.order, link)))
    sections += [(group.title, _group(group, link)) for group in reference.groups]
    if reference.classes:
        sections.append(("Data classes", _classes(reference)))
    if reference.free_text:
        sections.append((FREE_TEXT, _free_text(reference, link)))
    sections.append(("Schema files", _files(reference)))
    contents = [f"- {linked(title, f'#{headings.add(title)}')}" for title, _ in sections]
    parts = [f"# {plain(reference.title)}", told(reference.description)]
    parts += [f"Version {plain(reference.version)}." if reference.version else ""]
    parts += [f"> **{RULE}** {BECAUSE}{_told_first(reference)}"] if reference.classes else []
    parts.append("\n".join(contents))
    for title, body in sections:
        parts += [f"## {plain(title)}", *body]
    return ["\n\n".join(filter(None, parts))]


def _order(order: Order, link: Link) -> Iterator[str]:
    yield told(order.description)
    yield fence("\n".join(_mermaid(order)), "mermaid")
    going = [state for state in order.states if not state.last]
    begins = dict(order.start)
    heads = ["Event", "Before the start", *(f"In {code(state.name)}" for state in going)]
    rows = []
    for event in order.events:
        known = order.definitions.get(event)
        leads = [begins.get(event), *(dict(state.on).get(event) for state in going)]
        name = f"{code(event)} ({link(known)})" if known else code(event)
        rows.append([name, *(f"→ {code(to)}" if to is not None else "" for to in leads)])
    yield "\n".join(table(heads, rows))
    yield "\n".join(_facts(order))


def _facts(order: Order) -> Iterator[str]:
    yield f"- A run is named by {code_outside(order.run)}."
    if ends := [code_outside(state.name) for state in order.states if state.last]:
        yield f"- Nothing follows {', '.join(ends)}."
    for each in order.constant:
        yield f"- {code_outside(each)} is the same in all events of a run."
    for pair in order.pairs:
        opens, closes, by = map(code_outside, (pair.opens, pair.closes, pair.by))
        yield f"- {opens} opens what {closes} closes, by {by}."


def _mermaid(order: Order) -> Iterator[str]:
    yield "stateDiagram-v2"
    short = shortened(order.events)
    ids = {state.name: f"s{at}" for at, state in enumerate(order.states)}
    for name, known in ids.items():
        yield f'    state "{_ODD.sub("_", name)}" as {known}'
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event, to in order.start:
        found["[*]", ids[to]].append(short[event])
    for state in order.states:
        for event, to in state.on:
            found[ids[state.name], ids[to]].append(short[event])
    for (source, target), events in found.items():
        yield f"    {source} --> {target} : {', '.join(_ODD.sub('_', each) for each in events)}"
    for state in order.states:
        if state.last:
            yield f"    {ids[state.name]} --> [*]"


def _group(group: Group, link: Link) -> Iterator[str]:
    yield told(group.note)
    labels = any(entry.label for entry in group.entries)
    rows = []
    for entry in group.entries:
        related = "; ".join(f"{plain(word)} {link(name)}" for word, name in entry.related)
        named = link(entry.name) + (f" ({related})" if related else "")
        row = [code(entry.label)] if labels else []
        rows.append([*row, named, told(entry.description)])
    heads = [*(["Name"] if labels else []), "Definition", "What it is"]
    yield "\n".join(table(heads, rows))


def _classes(reference: Reference) -> Iterator[str]:
    rows = [[each.name, each.holds, each.searched] for each in reference.classes]
    yield "\n".join(table(("Class", "What may stand there", "What is searched for"), rows))


def _told_first(reference: Reference) -> str:
    count = len(reference.free_text)
    where = linked(counted(count), f"#{anchor(FREE_TEXT)}")
    return f" Free text may stand in {where}." if count else ""


def _free_text(reference: Reference, link: Link) -> Iterator[str]:
    rows = []
    for name, at in reference.free_text:
        field = reference.definitions[name].fields[at]
        rows.append([code(field.path), link(name), told(field.description)])
    yield "\n".join(table(("Field", "Definition", "What it is"), rows))


def _files(reference: Reference) -> Iterator[str]:
    rows = [
        [code(each.name), plain(each.version), told(each.description), code(each.uri)]
        for each in reference.files
    ]
    yield "\n".join(table(("File", "Version", "What it describes", "$id"), rows))
