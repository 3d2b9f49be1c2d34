"""Parts: inputs cut into pieces of work, so that each can be looked at anywhere, in any order.

A large file of lines is cut into ranges of bytes; what can't be cut is one part. The beginning of
a file decides how all of it is read, so it is looked at here, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.inputs.opening import opened, size_of
from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.unpacking import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.gate.scanner import Scanner
    from quantapilot.inputs.blocks import Shape
    from quantapilot.inputs.sources import Source

# A part that is a file of a folder costs as much as some bytes more.
_FILE_COSTS = 1 << 12


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A piece of work: an input, or the lines of one that begin in some of its bytes.

    `shape` and `form` are what the input's beginning tells; without a shape the part is the whole
    input. `size` is in bytes, 0 where it is not known.
    """

    source: Source
    start: int = 0
    stop: int | None = None
    shape: Shape | None = None
    form: str | None = None
    size: int = 0

    @property
    def last(self) -> bool:
        """Tell whether no other part of the input follows."""
        return self.stop is None


def parts(source: Source, scanner: Scanner, most: int) -> list[Part]:
    """Return an input as parts of about `most` bytes, in their order."""
    if source.data is not None:
        return [Part(source)]
    try:
        size = size_of(source)
        if size < 2 * most or (read_as := _lines(source, scanner)) is None:
            return [Part(source, size=size)]
    except (InputFaultError, OSError):
        # Whoever looks at it finds the same, and reports it.
        return [Part(source)]
    shape, form = read_as
    starts = range(0, size - most // 2, most)
    return [
        Part(source, start, stop, shape, form, (stop or size) - start)
        for start, stop in zip(starts, [*starts[1:], None], strict=True)
    ]


def portable(source: Source) -> bool:
    """Tell whether an input can be looked at by another process: a pipe can't."""
    if source.data is not None or source.url is not None:
        return True
    return source.path is not None and source.path.is_file()


def batches(found: Iterable[Part], most: int) -> Iterator[list[Part]]:
    """Yield parts in groups of about `most` bytes, so that small files travel together."""
    batch: list[Part] = []
    cost = 0
    for part in found:
        batch.append(part)
        cost += part.size + _FILE_COSTS
        if cost >= most:
            yield batch
            batch, cost = [], 0
    if batch:
        yield batch


def _lines(source: Source, scanner: Scanner) -> tuple[Shape, str | None] | None:
    """Return how the lines of an input are read; None where it is not made of lines."""
    with opened(source) as stream:
        if not stream.seekable() or packed(stream.read(512)):
            return None
        stream.seek(0)
        begun = scanner.beginnings.of(source, stream)
        blank = begun.line > 1 or not begun.head.strip()
        if blank or begun.shape not in {"jsonl", "text"}:
            return None
        return (begun.shape, begun.form_name) if begun.by_line else None
