"""Patterns of the standard library that are compiled when they are first asked.

There are two hundred of them, one small input asks a handful, and compiling one costs more than
all that it is then asked.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Stands in for a compiled pattern; each of its methods is looked up once."""

    def __init__(self, source: Any, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found


def lazy(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return the pattern `source`, compiled on first use; an error in it shows only then."""
    return cast("re.Pattern[AnyStr]", _Pattern(source, flags))
