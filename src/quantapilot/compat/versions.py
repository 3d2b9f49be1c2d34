"""Versions: which one a schema file needs after its changes (Semantic Versioning 2.0.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.compat.changes import Kind

Level = Literal["major", "minor", "patch"]
LEVELS: tuple[Level, ...] = ("major", "minor", "patch")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:[-+].*)?\Z")


@dataclass(frozen=True, slots=True)
class VersionHint:
    """What the changes of a file ask of its version.

    Attributes:
        file: The file.
        key: The key that its version stands under.
        old, new: The versions; None where there is none that can be read.
        level: How much changed.
        needed: The least version that says so; None where the older one can't be read.
    """

    file: str
    key: str
    old: str | None
    new: str | None
    level: Level
    needed: str | None

    @property
    def enough(self) -> bool:
        """Tell whether the newer version says how much has changed."""
        if self.needed is None:
            return True
        now, least = parsed(self.new), parsed(self.needed)
        return now is not None and least is not None and now >= least


def level_of(kinds: Iterable[Kind]) -> Level:
    """Return how much changes of some kinds are; without any only annotations have changed."""
    found = set(kinds)
    if found & {"breaking", "privacy", "unknown"}:
        return "major"
    return "minor" if found else "patch"


def needed(old: str, level: Level) -> str | None:
    """Return the least version that follows a version; None where that can't be read.

    Before 1.0.0 a break raises the minor version, and anything else the patch version.
    """
    known = parsed(old)
    if known is None:
        return None
    major, minor, patch = known
    if not major:
        return f"0.{minor + 1}.0" if level == "major" else f"0.{minor}.{patch + 1}"
    match level:
        case "major":
            return f"{major + 1}.0.0"
        case "minor":
            return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def parsed(version: Any) -> tuple[int, int, int] | None:
    """Return the three numbers of a version; None where it is none."""
    found = _VERSION.match(version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
