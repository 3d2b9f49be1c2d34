"""Commit messages: what of the file that git gives a commit-msg hook reaches the history.

What git takes out of it again is blanked, so that the numbers of lines stay right.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.inputs.git import setting
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import Source

if TYPE_CHECKING:
    from quantapilot.findings import Finding

_SCISSORS = b"------------------------ >8 ------------------------"
_COMMENT = b"#"
# What core.commentChar = auto chooses from.
_CHOICES = b"#;@!$%^&|:"
# Ways of cleaning a message that leave the lines of comments in.
_KEEPS_COMMENTS = frozenset({b"verbatim", b"whitespace", b"scissors"})


def commit_message(file: str) -> Source | Finding:
    """Return a commit message as a source, without comments and what stands below the scissors."""
    try:
        data = Path(file).read_bytes()
    except FileNotFoundError:
        return INPUT_RULES["input/missing-file"].at(file, "there is no such file")
    except OSError as error:
        return INPUT_RULES["input/unreadable"].at(file, f"can't be read: {error.strerror}")
    # Git tells its hooks so that no editor was opened: then it takes nothing out.
    edited = os.environ.get("GIT_EDITOR") != ":"
    return Source(file, Path(file), data=_kept(data) if edited else data)


def _kept(message: bytes) -> bytes:
    lines = message.split(b"\n")
    mark = _mark(lines)
    scissors = mark + b" " + _SCISSORS
    end = next((at for at, line in enumerate(lines) if line.rstrip() == scissors), len(lines))
    if setting("commit.cleanup") in _KEEPS_COMMENTS:
        return b"\n".join(lines[:end])
    return b"\n".join(b"" if line.startswith(mark) else line for line in lines[:end])


def _mark(lines: list[bytes]) -> bytes:
    """Return what begins a comment."""
    mark = setting("core.commentString", "core.commentChar") or _COMMENT
    if mark != b"auto":
        return mark
    for line in lines:
        if re.fullmatch(rb"[%b] %b" % (re.escape(_CHOICES), _SCISSORS), line.rstrip()):
            return line[:1]
    last = next((line for line in reversed(lines) if line.strip()), b"")
    return last[:1] if last[:1] in _CHOICES else _COMMENT
