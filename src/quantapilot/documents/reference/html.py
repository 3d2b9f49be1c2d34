"""The reference as one page: it stands alone, asks no network for anything, and works from a file.

The page is `page.html` with the house style, `page.css` and `page.js` in it. All that is told is
there without the script, which only adds searching and copying. A policy lets that one style and
that one script work, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.documents.marker import marker
from quantapilot.documents.reference.anchors import Anchors
from quantapilot.documents.reference.contents import contents
from quantapilot.documents.reference.markup import joined, text, told
from quantapilot.documents.reference.sections import (
    facts,
    files_section,
    group_section,
    order_section,
    overview,
)
from quantapilot.documents.reference.survey import survey
from quantapilot.reports.page import filled, house_style, policy, resource

if TYPE_CHECKING:
    from quantapilot.documents.source import Source


def write(source: Source) -> dict[str, bytes]:
    """Return the page of a contract: `index.html`.

    Raises:
        ContractError: The contract declares an order of events that can't be used.
    """
    reference = survey(source)
    anchors = Anchors(reference)
    style = house_style() + resource(__package__, "page.css")
    script = resource(__package__, "page.js")
    body = [overview(reference, anchors), order_section(reference, anchors)]
    body += [group_section(group, reference, anchors) for group in reference.groups]
    body.append(files_section(reference, anchors))
    parts = {
        # Nothing in it may end the comment.
        "marker": marker("html", source.contract).replace("--", "- -").replace(">", ")"),
        "policy": policy(style, script),
        "style": style,
        "script": script,
        "title": text(reference.title),
        "description": told(reference.description),
        "facts": facts(reference),
        "contents": contents(reference, anchors),
        "main": anchors.own("main"),
        "body": joined(body),
    }
    return {"index.html": filled(resource(__package__, "page.html"), parts).encode()}
