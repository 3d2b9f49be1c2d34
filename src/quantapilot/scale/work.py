"""Work: one part looked at, and the findings of all parts put together again.

Lines count from the beginning of a part until those of the parts before it are known: so nobody
has to read a file twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from quantapilot.findings import Finding, Summary
from quantapilot.inputs.opening import opened
from quantapilot.inputs.ranges import LineRange
from quantapilot.inputs.rules import INPUT_RULES, InputFaultError
from quantapilot.scale.parts import Part, batches, parts, portable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.gate.scanner import Piece, Scanner
    from quantapilot.gate.workers import Looked
    from quantapilot.inputs.sources import Source

# What tells that the rest of an input was not looked at, however many parts of it are left.
_ENDS = frozenset({"input/unreadable", "input/damaged", "input/needs-extra"})


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """What was found in a part, what was looked at, and how many lines end in it."""

    pieces: tuple[Piece, ...]
    counts: Summary
    ends: int = 0


def look(scanner: Scanner, part: Part) -> Seen:
    """Return what is found in a part."""
    counts = scanner.counts = Summary()
    if part.shape is None:
        return Seen(tuple(scanner.scan(part.source)), counts)
    source, lines = part.source, None
    try:
        with opened(source) as stream:
            lines = LineRange(stream, part.start, part.stop)
            if part.start == 0:
                found = scanner.content(source, lines)
            else:
                found = scanner.rest(source, lines, part.shape, part.form)
            return Seen(tuple(found), counts, lines.ends)
    except InputFaultError as fault:
        return Seen((fault.at(source.label),), counts)
    except OSError as error:
        reason = error.strerror or "input/output error"
        unreadable = INPUT_RULES["input/unreadable"].at(source.label, f"can't be read: {reason}")
        return Seen((unreadable,), counts)


def lost(part: Part, why: str) -> Seen:
    """Return what is known of a part that nobody could look at."""
    return Seen((INPUT_RULES["input/worker-lost"].at(part.source.label, why),), Summary())


def gathered(
    inputs: Iterable[Source | Finding],
    summary: Summary,
    scanner: Scanner,
    most: int,
    run: Callable[[Iterator[list[Part]]], Iterator[list[Seen]]],
) -> Iterator[Looked]:
    """Yield each input with what is found in it, in order, whoever looks at its parts.

    Args:
        inputs: The inputs.
        summary: Counts what was looked at.
        scanner: Looks here at what can't be looked at elsewhere, such as standard input.
        most: About how many bytes a part has.
        run: Takes batches of parts as it has room for them, and yields what was seen in each, in
            the same order.
    """
    order: deque[tuple[Source | Finding, int]] = deque()

    def planned() -> Iterator[Part]:
        for item in inputs:
            made: list[Part] = []
            if not isinstance(item, Finding) and portable(item):
                made = parts(item, scanner, most)
            order.append((item, len(made)))
            yield from made

    seen = chain.from_iterable(run(batches(planned(), most)))
    ahead: deque[Seen] = deque()
    while True:
        # Inputs become known as parts of them are asked for.
        if not order:
            ahead.extend(islice(seen, 1))
        if not order:
            return
        item, count = order.popleft()
        if isinstance(item, Finding):
            yield item, ()
        elif count:
            yield item, _joined(ahead, seen, count, summary)
        else:
            scanner.counts = summary
            yield item, scanner.scan(item)


def _joined(
    ahead: deque[Seen], seen: Iterator[Seen], count: int, summary: Summary
) -> Iterator[Piece]:
    """Yield what was seen in the next parts, which are those of one input."""
    line, ended = 0, False
    for _ in range(count):
        part = ahead.popleft() if ahead else next(seen)
        summary.count(part.counts)
        for piece in part.pieces:
            if not (ended and cuts_off(piece)):
                yield _moved(piece, line)
        # Within a part it may be said more than once: of each member of an archive.
        ended |= any(map(cuts_off, part.pieces))
        line += part.ends


def cuts_off(piece: Piece) -> bool:
    """Tell whether a piece says that the rest of an input was not looked at."""
    return isinstance(piece, Finding) and piece.rule in _ENDS


def _moved(piece: Piece, lines: int) -> Piece:
    """Return what was found so many lines further on."""
    if not lines or piece.line is None:
        return piece
    return replace(piece, line=piece.line + lines)
