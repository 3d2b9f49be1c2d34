"""The files that `qp init` writes, as they are packaged."""

from __future__ import annotations

from importlib.resources import files


def packaged(name: str) -> str:
    """Return the text of a packaged file."""
    return (files(__name__) / name).read_text("utf-8")
