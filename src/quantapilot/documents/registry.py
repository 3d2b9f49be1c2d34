"""Every format of documents by its name: what `qp docs` writes, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quantapilot.contract.catalog import Contract
from quantapilot.documents import asyncapi, openapi, typescript
from quantapilot.documents.reference import html, markdown

# Contract, and its examples by definition as the examples file has them -> files by relative name.
# The same contract gives the same bytes. Every file holds `marker.marker(name, contract)` within
# its first `marker.REACH` bytes.
Writer = Callable[[Contract, Mapping[str, Any]], dict[str, bytes]]

DOCUMENTS: dict[str, Writer] = {
    "openapi": openapi.write,
    "asyncapi": asyncapi.write,
    "typescript": typescript.write,
    "html": html.write,
    "markdown": markdown.write,
}

# Formats that a tool of the build writes, and what it is given: as long as that is the same, what
# it wrote before still holds where the tool is not there.
BUILT: dict[str, Callable[[Contract], bytes]] = {"typescript": typescript.source}
