"""Workers: who looks at inputs. This process, or several; `quantapilot.scale` has the others.

Whoever does it, what is found comes back by inputs in their order, and what is selected, excused
and reported of it is decided in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quantapilot.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.findings import Summary
    from quantapilot.gate.scanner import Piece, Scanner
    from quantapilot.inputs.sources import Source

# An input, and what was found in it; of what is a finding already, nothing.
Looked = tuple["Source | Finding", "Iterable[Piece]"]


class Workers(Protocol):
    """Look at inputs."""

    def looked_at(
        self, inputs: Iterable[Source | Finding], summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, in order.

        What is found of one must be taken before the next is asked for. `summary` counts what was
        looked at.
        """


class OneProcess:
    """Looks at inputs here and now."""

    def __init__(self, scanner: Scanner) -> None:
        """Take what looks."""
        self._scanner = scanner

    def looked_at(
        self, inputs: Iterable[Source | Finding], _summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, as it is found; the scanner counts."""
        for item in inputs:
            yield item, () if isinstance(item, Finding) else self._scanner.scan(item)
