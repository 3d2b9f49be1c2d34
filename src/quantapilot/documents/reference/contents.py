"""The contents of the page: every section, group and definition, to be walked and searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.documents.reference.anchors import link
from quantapilot.documents.reference.markup import Markup, element, joined
from quantapilot.documents.reference.short import shortened

if TYPE_CHECKING:
    from quantapilot.documents.reference.anchors import Anchors
    from quantapilot.documents.reference.model import Group, Reference


def contents(reference: Reference, anchors: Anchors) -> Markup:
    """Return the list of what is on the page."""
    own = [("overview", "Overview")]
    own += [("order", reference.order.title)] if reference.order else []
    short = shortened(entry.label for group in reference.groups for entry in group.entries)
    return element(
        "ul",
        *(_own(part, title, anchors) for part, title in own),
        *(_group(group, anchors, short) for group in reference.groups),
        _own("files", "Schema files", anchors),
    )


def _own(part: str, title: str, anchors: Anchors) -> Markup:
    return element("li", element("a", title, href=link(anchors.own(part))), class_="part")


def _group(group: Group, anchors: Anchors, short: dict[str, str]) -> Markup:
    lines = [
        element(
            "li",
            element("a", entry.name, href=anchors.to(entry.name)),
            element("span", short.get(entry.label, ""), class_="label") if entry.label else None,
            data_of=anchors.of(entry.name),
        )
        for entry in group.entries
    ]
    heading = element("a", group.title, href=link(anchors.own(group.key)))
    return element("li", heading, element("ul", joined(lines)), class_="part group")
