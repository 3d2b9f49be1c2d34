"""Versions: which one a schema file needs after its changes (Semantic Versioning 2.0.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from quantapilot.compat.equality import exactly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.compat.changes import Change, Kind
    from quantapilot.contract.catalog import Contract

Level = Literal["major", "minor", "patch"]
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


def hints(old: Contract, new: Contract, changes: Iterable[Change]) -> tuple[VersionHint, ...]:
    """Return what changes ask of the versions of the files that changed and had one."""
    told = tuple(changes)
    return tuple(
        VersionHint(file, key, then[key], now.get(key), level, needed(then[key], level))
        for file, key, then, now in _versioned(old, new)
        if then.get(key) is not None and not exactly({**then, key: None}, {**now, key: None})
        for level in [level_of(each.kind for each in told if each.file == file)]
    )


def _versioned(
    old: Contract, new: Contract
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the files that both versions have, with the key of their versions."""
    for file, schema in new.schemas.items():
        if file in old.schemas:
            yield file, "x-version", old.schemas[file], schema
    if isinstance(old.lifecycle, Mapping) and isinstance(new.lifecycle, Mapping):
        yield new.lifecycle_file, "version", old.lifecycle, new.lifecycle


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
