"""Following: what is written to logs while they are watched, as inputs of whole lines.

Files are asked again and again, which works on every file system. A file that was moved away is
read to its end before the one that took its place; one that was cut short begins again. Each piece
of a file is an input of its own that knows the number of its first line.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import STDIN, STDIN_LABEL, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.findings import Finding

# Seconds between two looks at the files, and for how long a file that was moved away may still
# grow: who writes to it needs a moment to notice.
_PAUSE: Final = 0.2
_GRACE: Final = 2.0
# Bytes that are looked at at once.
_MOST: Final = 1 << 20


@dataclass(slots=True, repr=False)
class _File:
    """A file that is open: how far it was read, and the beginning of its next line."""

    stream: BinaryIO
    line: int = 1
    rest: bytes = b""
    moved_at: float | None = None

    @property
    def same(self) -> tuple[int, int]:
        """What tells it from another file under its name."""
        found = os.fstat(self.stream.fileno())
        return found.st_dev, found.st_ino


class _Followed:
    """One name, and the files that stand or stood under it."""

    def __init__(self, label: str, most_line: int) -> None:
        self.label = label
        self._path = Path(label)
        self._most_line = most_line
        self._files: list[_File] = []
        self.over = False
        self._seen = False
        self._problem: str | None = None

    def look(self) -> Iterator[Source | Finding]:
        """Yield what was written since the last look."""
        self._open()
        for file in list(self._files):
            yield from self._grown(file)
            if file.moved_at is not None and time.monotonic() - file.moved_at > _GRACE:
                yield from self._closed(file)

    def end(self) -> Iterator[Source | Finding]:
        """Yield what is left: last lines without an end."""
        yield from self.look()
        for file in list(self._files):
            yield from self._closed(file)
        if not self._seen:
            rule = "input/unreadable" if self._problem else "input/missing-file"
            told = self._problem or "there was no such file as long as it was waited for"
            yield INPUT_RULES[rule].at(self.label, told)

    def _open(self) -> None:
        """Open the file under the name, where it is another one than before."""
        current = self._files[-1] if self._files and self._files[-1].moved_at is None else None
        try:
            found = self._path.stat()
            if current is not None and (found.st_dev, found.st_ino) == current.same:
                return
            stream = self._path.open("rb", buffering=0)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._problem = f"can't be read: {error.strerror or 'input/output error'}"
            if current is None or not isinstance(error, FileNotFoundError):
                return
        else:
            self._files.append(_File(stream))
            self._seen, self._problem = True, None
        if current is not None:
            current.moved_at = time.monotonic()

    def _grown(self, file: _File) -> Iterator[Source]:
        size = os.fstat(file.stream.fileno()).st_size
        if size < file.stream.tell():
            # Cut short by who moves logs by copying them: what was cut off was copied, not lost.
            if file.rest:
                yield self._source(file, file.rest)
            file.stream.seek(0)
            file.line, file.rest = 1, b""
        while data := file.stream.read(_MOST):
            if file.moved_at is not None:
                file.moved_at = time.monotonic()
            cut = data.rfind(b"\n") + 1
            if cut or len(file.rest) + len(data) > self._most_line:
                whole = file.rest + (data[:cut] or data)
                yield self._source(file, whole)
                file.line += whole.count(b"\n")
                file.rest = data[cut:] if cut else b""
            else:
                file.rest += data

    def _closed(self, file: _File) -> Iterator[Source]:
        if file.rest:
            yield self._source(file, file.rest)
        file.stream.close()
        self._files.remove(file)

    def _source(self, file: _File, data: bytes) -> Source:
        return Source(self.label, self._path, data=data, first=file.line)


class _FollowedInput:
    """Standard input, which has a beginning and an end."""

    def __init__(self, stream: BinaryIO, most_line: int) -> None:
        self._descriptor = stream.fileno()
        self._most_line = most_line
        self._line, self._rest = 1, b""
        self.over = False

    def look(self) -> Iterator[Source]:
        """Yield what came in since the last look."""
        from select import select

        while not self.over and select([self._descriptor], [], [], 0)[0]:
            data = os.read(self._descriptor, _MOST)
            self.over = not data
            self._rest += data
            cut = self._rest.rfind(b"\n") + 1
            if cut or self.over or len(self._rest) > self._most_line:
                yield from self._taken(cut or len(self._rest))

    def end(self) -> Iterator[Source]:
        """Yield what is left: a last line without an end."""
        yield from self.look()
        yield from self._taken(len(self._rest))

    def _taken(self, size: int) -> Iterator[Source]:
        whole, self._rest = self._rest[:size], self._rest[size:]
        if whole:
            yield Source(STDIN_LABEL, None, data=whole, first=self._line)
            self._line += whole.count(b"\n")


def followed(
    names: Iterable[str], stdin: BinaryIO, most_line: int, stopped: Callable[[], bool]
) -> Iterator[Source | Finding]:
    """Yield what stands in some files and what is written to them, until it is to be stopped.

    It ends by itself only where standard input is all that is followed, and that ends.

    Args:
        names: Files, or `-` for standard input; a file need not be there yet.
        stdin: Standard input.
        most_line: Bytes from which on a line without an end is no longer waited for.
        stopped: Asked between two looks.
    """
    chosen = list(dict.fromkeys(names))
    several: list[_Followed | _FollowedInput] = [
        _FollowedInput(stdin, most_line) if name == STDIN else _Followed(name, most_line)
        for name in chosen
    ]
    while not (stopped() or all(each.over for each in several)):
        quiet = True
        for each in several:
            for item in each.look():
                quiet = False
                yield item
        if quiet:
            # A signal that asks to stop ends the pause.
            with suppress(InterruptedError):
                time.sleep(_PAUSE)
    for each in several:
        yield from each.end()
