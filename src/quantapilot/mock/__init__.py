"""Mocks: sample payloads, events and whole runs of a contract, and invalid ones, for tests."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantapilot.mock.invalid import Invalid
    from quantapilot.mock.mock import Mock

__all__ = ["Invalid", "Mock"]

_MODULES = {"Invalid": "invalid", "Mock": "mock"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
