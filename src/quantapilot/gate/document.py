"""Documents on their way to findings: where they stand, what they are, what was found in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.contract.catalog import Definition
    from quantapilot.contract.positions import Lines, Node, Pointer
    from quantapilot.contract.validator import Violation
    from quantapilot.pii.detector import Match


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be looked at: where it stands, and how it is to be read.

    `line` is the number of its first line, `ended` tells whether its last line ends, `whole` that
    it is one document rather than a line, `kind` what its documents are where that is known.
    """

    path: str
    text: str
    line: int = 1
    ended: bool = True
    whole: bool = False
    kind: str | None = None


@dataclass(slots=True)
class Document:
    """One JSON value of a text, or a stretch of plain text when it has no nodes."""

    source: Text
    lines: Lines
    nodes: Sequence[Node] = ()
    value: Any = None
    definition: Definition | None = None
    violations: Sequence[Violation] = ()
    hits: Sequence[Hit] = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """What the detector found in one text of a document: a value, a key or a plain line.

    `offset` is where the text begins in the source; `exact` tells that offsets in it are offsets
    in the source, `nested` that it stands in a JSON string. `path` leads from the value in the
    source through the strings that are JSON in turn to the value that was searched, or whose key
    was, as `key` tells.
    """

    text: str
    offset: int
    matches: Sequence[Match]
    pointer: Pointer | None = None
    exact: bool = True
    nested: bool = False
    path: tuple[Node, ...] = ()
    key: bool = False
