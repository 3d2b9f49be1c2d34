"""GitHub Flavored Markdown: texts, tables and fences in which nothing can become other markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quantapilot.reports.commonmark import anchor, code_span, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CODE = re.compile(r"`([^`]+)`")
_SPACE = re.compile(r"\s+")
_MORE = re.compile(r"[&~$]")
# What begins a heading, a list, a quote or a rule where it stands at the beginning of a line.
_OPENING = re.compile(r"(\d*)([#+=>.)-])")


class Headings:
    """The fragments of a page's headings, as GitHub makes them: a second of a name is counted."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def add(self, heading: str) -> str:
        """Return the fragment of the next heading."""
        name = anchor(heading)
        count = self._seen.get(name, 0)
        self._seen[name] = count + 1
        return f"{name}-{count}" if count else name


def plain(words: str) -> str:
    """Return words as they stand within a line."""
    shown = "".join(each if each.isprintable() else " " for each in _SPACE.sub(" ", words))
    return _MORE.sub(r"\\\g<0>", prose(shown.strip()))


def told(words: str) -> str:
    """Return a description in one line, with what stands in backticks as code."""
    parts = _CODE.split(_SPACE.sub(" ", words).strip())
    # A space at the edge of a part belongs between it and the next.
    line = "".join(
        code(each) if at % 2 else re.sub(r"\S(?:.*\S)?", lambda found: plain(found[0]), each)
        for at, each in enumerate(parts)
    )
    opening = _OPENING.match(line)
    return f"{opening[1]}\\{line[opening.start(2) :]}" if opening else line


def code(text: str) -> str:
    """Return a text as code, in a table too: there a bar would end the cell."""
    return code_span(text).replace("|", "\\|") if text else ""


def code_outside(text: str) -> str:
    """Return a text as code where no table is, and a bar is nothing special."""
    return code_span(text) if text else ""


def link(words: str, to: str) -> str:
    """Return a link; its address is one that `anchor` or a page's name made."""
    return f"[{plain(words)}](<{to}>)" if re.search(r"[() ]", to) else f"[{plain(words)}]({to})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; an empty cell stays empty."""
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)


def fence(text: str, language: str) -> str:
    """Return a block of code that nothing in it can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
