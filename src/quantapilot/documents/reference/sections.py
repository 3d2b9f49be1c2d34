"""The sections of the page: what comes first, the order of a run, and each group of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.documents.reference.anchors import link
from quantapilot.documents.reference.article import article
from quantapilot.documents.reference.diagram import diagram
from quantapilot.documents.reference.markup import Markup, element, joined, told
from quantapilot.documents.reference.rule import BECAUSE, FREE_TEXT, RULE, counted
from quantapilot.documents.reference.short import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantapilot.documents.reference.anchors import Anchors
    from quantapilot.documents.reference.markup import Child
    from quantapilot.documents.reference.model import Entry, Group, Order, Reference


_NONE = element("span", "–", class_="muted")


def facts(reference: Reference) -> Markup:
    """Return the numbers of the page's head."""
    events = sum(len(group.entries) for group in reference.groups if group.key == "payloads")
    told_ = [
        ("Version", reference.version),
        ("Events", str(events) if events else ""),
        ("Definitions", str(len(reference.definitions))),
        ("Schema files", str(len(reference.files))),
    ]
    return joined(
        element("div", element("dt", name), element("dd", value)) for name, value in told_ if value
    )


def overview(reference: Reference, anchors: Anchors) -> Markup:
    """Return the first section: the hard rule, the groups, and the data classes."""
    cards = [
        element(
            "li",
            element("a", group.title, href=link(anchors.own(group.key))),
            element("span", str(len(group.entries)), class_="number"),
            element("p", told(group.note)),
        )
        for group in reference.groups
    ]
    rule = element(
        "p", element("strong", RULE), " ", BECAUSE, *_told_first(reference, anchors), class_="rule"
    )
    return element(
        "section",
        element("h2", "Overview", id=anchors.own("overview")),
        rule if reference.classes else None,
        element("ul", *cards, class_="cards"),
        *(_classes(reference, anchors) if reference.classes else ()),
        *_free_text(reference, anchors),
        class_="told",
    )


def _classes(reference: Reference, anchors: Anchors) -> list[Markup]:
    rows = [
        [
            element("span", each.name, class_="class", id=anchors.own(f"class-{each.name}")),
            each.holds,
            each.searched,
        ]
        for each in reference.classes
    ]
    return [
        element("h3", "Data classes"),
        table("Data classes", ("Class", "What may stand there", "What is searched for"), rows),
    ]


def _told_first(reference: Reference, anchors: Anchors) -> list[Child]:
    if not (count := len(reference.free_text)):
        return []
    linked = element("a", counted(count), href=link(anchors.own("free-text")))
    return [" Free text may stand in ", linked, "."]


def _free_text(reference: Reference, anchors: Anchors) -> list[Markup]:
    rows: list[Sequence[Child]] = []
    for name, at in reference.free_text:
        field = reference.definitions[name].fields[at]
        path = element("code", f"{name}.{field.path}")
        rows.append([element("a", path, href=link(anchors.of(name, at))), told(field.description)])
    if not rows:
        return []
    return [
        element("h3", FREE_TEXT, id=anchors.own("free-text")),
        table(FREE_TEXT, ("Field", "What it is"), rows),
    ]


def order_section(reference: Reference, anchors: Anchors) -> Markup:
    """Return the section on how a run goes; nothing where that is not declared."""
    order = reference.order
    if order is None:
        return Markup("")
    short = shortened(order.events)
    label = f"{order.title}: states and events as a picture"
    picture = diagram(order, short.__getitem__, label, anchors.own("arrow"))
    shown = element(
        "figure", picture,
        element("figcaption", "The table below says the same."), class_="picture",
    ) if picture else None  # fmt: skip
    return element(
        "section",
        element("h2", order.title, id=anchors.own("order")),
        element("p", told(order.description)) if order.description else None,
        element("div", shown, class_="scroll", role="group",
                aria_label="Picture of the order") if shown else None,
        _order_table(order, anchors),
        _order_facts(order, anchors),
        class_="told",
    )  # fmt: skip


def _order_table(order: Order, anchors: Anchors) -> Markup:
    going = [state for state in order.states if not state.last]
    begins = dict(order.start)
    rows: list[Sequence[Child]] = [
        [
            _event(event, order, anchors),
            _leads(begins.get(event), order),
            *(_leads(dict(state.on).get(event), order) for state in going),
        ]
        for event in order.events
    ]
    heads: list[Child] = ["Event", "Before the start"]
    heads += [joined(["In ", element("code", state.name)]) for state in going]
    return table("Which event may come in which state, and where it leads", heads, rows, "order")


def _leads(to: str | None, order: Order) -> Markup:
    if to is None:
        return element("span", element("span", "may not come", class_="unseen"), "·", class_="no")
    last = next((state for state in order.states if state.name == to), None)
    name = element("code", to, class_="last" if last and last.last else "state")
    return joined([element("span", "→ ", aria_hidden="true"), name])


def _order_facts(order: Order, anchors: Anchors) -> Markup:
    ends = [element("code", state.name) for state in order.states if state.last]
    pairs = [
        joined([
            _event(pair.opens, order, anchors), " opens what ",
            _event(pair.closes, order, anchors), " closes, by ", element("code", pair.by), ".",
        ])
        for pair in order.pairs
    ]  # fmt: skip
    told_: list[tuple[str, list[Markup]]] = [
        ("A run is named by", [element("code", order.run)]),
        ("Nothing follows", [joined(ends, ", ")] if ends else []),
        ("The same in all events of a run", [element("code", each) for each in order.constant]),
        ("In pairs", pairs),
    ]
    return element(
        "dl",
        *(
            element("div", element("dt", name), *(element("dd", each) for each in values))
            for name, values in told_
            if values
        ),
        class_="facts",
    )


def _event(event: str, order: Order, anchors: Anchors) -> Markup:
    name = element("code", event)
    known = order.definitions.get(event)
    return element("a", name, href=anchors.to(known)) if known else name


def group_section(group: Group, reference: Reference, anchors: Anchors) -> Markup:
    """Return a group: the list of its definitions, then each of them."""
    title = element("h2", group.title, id=anchors.own(group.key))
    articles = [
        article(reference.definitions[entry.name], reference, anchors) for entry in group.entries
    ]
    return element(
        "section",
        title,
        element("p", told(group.note)) if group.note else None,
        _index(group.entries, group.title, anchors),
        *articles,
        class_="group",
    )


def _index(entries: Iterable[Entry], title: str, anchors: Anchors) -> Markup | None:
    listed = list(entries)
    if len(listed) < 2:
        return None
    labels = any(entry.label for entry in listed)
    heads = [*(["Name"] * labels), "Definition", "What it is"]
    rows: list[Sequence[Child]] = []
    for entry in listed:
        row: list[Child] = [element("code", entry.label)] if entry.label else [_NONE] * labels
        named = [element("a", entry.name, href=anchors.to(entry.name))]
        named += [
            element("span", f"{word} ", element("a", name, href=anchors.to(name)), class_="note")
            for word, name in entry.related
        ]
        rows.append([*row, joined(named), told(entry.description)])
    return table(f"{title}: what there is", heads, rows, "index")


def files_section(reference: Reference, anchors: Anchors) -> Markup:
    """Return the list of the schema files."""
    rows = [
        [
            element("code", each.name),
            each.version,
            told(each.description),
            element("code", each.uri),
        ]
        for each in reference.files
    ]
    return element(
        "section",
        element("h2", "Schema files", id=anchors.own("files")),
        table("Schema files", ("File", "Version", "What it describes", "$id"), rows),
        class_="told",
    )


def table(
    caption: str, heads: Sequence[Child], rows: Sequence[Sequence[Child]], kind: str = ""
) -> Markup:
    """Return a table; where there is little room, each row is shown as a block of its own."""
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", each) for each in row[1:]),
        )
        for row in rows
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption, class_="unseen"),
            element("thead", head),
            element("tbody", *body),
            class_=f"list {kind}".strip(),
        ),
        class_="scroll",
        role="group",
        aria_label=caption,
    )
