"""Tracebacks that are about to be written: places stay, texts are checked or left out.

A frame's file, line and function are of the program and not of its data. A folder of somebody's
home is replaced there, whatever the policy is: no program can help where it is installed.
"""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING

from quantapilot.gate.redaction import DROPPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from quantapilot.guard.lines import LineCheck

_LOCATION = re.compile(r'[ |+-]*File "')
# So many frames of each exception, and so many exceptions of a chain or a group, are shown.
_FRAMES = 64
_EXCEPTIONS = 32


def full(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> str:
    """Return an exception as the interpreter prints it, without the newline at the end."""
    return "".join(traceback.format_exception(kind, error, trace)).removesuffix("\n")


def frames(error: BaseException, check: LineCheck) -> str:
    """Return files, lines, functions and types of an exception and its chain, and no text of them.

    Nothing of the exception is asked for that could run code of its own.
    """
    lines = []
    for each in _chain(error):
        lines.append("Traceback without texts (most recent call last):")
        summary = list(traceback.walk_tb(each.__traceback__))[-_FRAMES:]
        for frame, line in summary:
            code = frame.f_code
            lines.append(f'  File "{code.co_filename}", line {line}, in {code.co_name}')
        lines.append(type(each).__name__)
    return check.redacted("\n".join(lines))


def parts(error: BaseException) -> str:
    """Return the arguments of an exception and its chain: its text may leave some of them out."""
    lines = []
    for each in _chain(error):
        try:
            lines.append(repr(each.args))
        except Exception:  # noqa: BLE001 nobody else can show them either
            lines.append(DROPPED)
    return "\n".join(lines)


def suggested(error: BaseException) -> str:
    """Return the names of which the interpreter may ask whether one of them was meant.

    Python 3.11 prints such a suggestion, and `traceback` knows of none before 3.12.
    """
    names: list[object] = []
    for each in _chain(error):
        if isinstance(each, AttributeError):
            names += dir(each.obj)
        elif isinstance(each, NameError):
            for frame, _ in list(traceback.walk_tb(each.__traceback__))[-1:]:
                names += [*frame.f_locals, *frame.f_globals]
    return "\n".join(map(str, names))


def located(text: str, check: LineCheck) -> str:
    """Return a traceback's text with what its file names tell of persons replaced."""
    if check.proves(text.encode("utf-8", "surrogatepass")):
        return text
    lines = text.split("\n")
    return "\n".join(check.redacted(line) if _LOCATION.match(line) else line for line in lines)


def locations(text: str, check: LineCheck) -> str:
    """Return only the lines of a stack's text that name file, line and function."""
    lines = text.split("\n")
    return check.redacted("\n".join(line for line in lines if _LOCATION.match(line)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception with its causes and the members of groups, the first that happened first.

    It comes after what it followed from, as the interpreter prints it.
    """
    seen: dict[int, BaseException] = {}
    waiting = [error]
    while waiting and len(seen) < _EXCEPTIONS:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen[id(each)] = each
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        followed = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        if followed is not None:
            waiting.append(followed)
    yield from reversed(seen.values())
