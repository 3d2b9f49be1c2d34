"""Places: files by their path from the configuration's folder, the same from any current folder."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.inputs.sources import Source, patterns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.config import Config


class Places:
    """Names files relative to a project's root, with `/`, and knows the contract's data files."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._root = os.path.normpath(config.root.absolute())
        self._named: dict[str, str] = {}

    def of(self, label: str) -> str:
        """Return the place of a file that is reported as `label`."""
        place = self._named.get(label)
        if place is None:
            place = self._named[label] = self._relative(label)
        return place

    def exists(self, place: str) -> bool:
        """Tell whether there is a file at a place."""
        return os.path.lexists(f"{self._root}/{place}")

    @cached_property
    def data(self) -> Mapping[str, str | None]:
        """The files that `logs`, `events` and `errors` name, each with its kind."""
        found: dict[str, str | None] = {}
        for kind in ("logs", "events", "errors"):
            for source in patterns(getattr(self._config, kind), Path(self._root), kind):
                if isinstance(source, Source):
                    found[self.of(source.label)] = kind
        return found

    def _relative(self, label: str) -> str:
        path = Path(os.path.normpath(Path(label).absolute()))
        root = Path(self._root)
        if not path.is_relative_to(root):
            # The same folder may be known by two names, one of them through a link.
            path, root = path.parent.resolve() / path.name, root.resolve()
        try:
            return Path(os.path.relpath(path, root)).as_posix()
        except ValueError:
            # Another drive.
            return path.as_posix()


def covers(folder: str, place: str) -> bool:
    """Tell whether a place lies in a folder, or is it; both from the same root."""
    parts = folder.split("/")
    if set(parts) <= {".", ".."}:
        return not place.startswith("../" * (parts.count("..") + 1))
    return place == folder or place.startswith(f"{folder}/")
