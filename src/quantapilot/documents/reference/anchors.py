"""Anchors: the address of every definition and field within the page, each there once."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from quantapilot.documents.reference.model import Reference

_SPACE = re.compile(r"\s")


class Anchors:
    """The addresses of one page: `#RunStarted`, `#RunStarted.branch`, and the page's own parts.

    A definition takes its name before anything else can. A family of fields has no name: it is
    counted.
    """

    def __init__(self, reference: Reference) -> None:
        self._taken: set[str] = set()
        self._ids = {(name, -1): self._take(name) for name in reference.definitions}
        for name, definition in reference.definitions.items():
            families = count(1)
            for at, field in enumerate(definition.fields):
                place = f"~{next(families)}" if field.family else field.path
                self._ids[name, at] = self._take(f"{name}.{place}")
        self._own: dict[str, str] = {}

    def of(self, name: str, at: int = -1) -> str:
        """Return the id of a definition, or of one of its fields by its number."""
        return self._ids[name, at]

    def to(self, name: str) -> str:
        """Return the link to a definition."""
        return link(self.of(name))

    def own(self, part: str) -> str:
        """Return the id of a part of the page that is no definition."""
        if part not in self._own:
            self._own[part] = self._take(part)
        return self._own[part]

    def _take(self, wanted: str) -> str:
        wanted = _SPACE.sub("_", wanted) or "_"
        taken, more = wanted, 2
        while taken in self._taken:
            taken, more = f"{wanted}~{more}", more + 1
        self._taken.add(taken)
        return taken


def link(anchor: str) -> str:
    """Return the link to an id of the page (RFC 3986, section 3.5)."""
    return "#" + quote(anchor, safe="!$&'()*+,;=:@/?~-._")
