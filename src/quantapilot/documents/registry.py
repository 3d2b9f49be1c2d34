"""Every format of documents by its name: what `qp docs` writes, one module each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from quantapilot.documents import asyncapi, openapi, typescript
from quantapilot.documents.reference import html, markdown
from quantapilot.documents.source import Source

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract

# What documents are made of -> files by relative name. The same gives the same bytes. Every file
# holds `marker.marker(name, contract)` within its first `marker.REACH` bytes.
Writer = Callable[[Source], dict[str, bytes]]

DOCUMENTS: dict[str, Writer] = {
    "openapi": openapi.write,
    "asyncapi": asyncapi.write,
    "typescript": typescript.write,
    "html": html.write,
    "markdown": markdown.write,
}

# Formats that a tool of the build writes, and what it is given: as long as that is the same, what
# it wrote before still holds where the tool is not there.
BUILT: dict[str, Callable[[Contract], bytes]] = {"typescript": typescript.given}
