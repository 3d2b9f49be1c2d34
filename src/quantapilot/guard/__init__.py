"""Guards for logs: no line leaves the process unrendered and unchecked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quantapilot.guard.formatter import JsonFormatter
    from quantapilot.guard.stdlib import Guard, install
    from quantapilot.guard.structlog_ import guard_processor, guard_renderer

__all__ = ["Guard", "JsonFormatter", "guard_processor", "guard_renderer", "install"]

_MODULES = {
    "Guard": "stdlib",
    "JsonFormatter": "formatter",
    "guard_processor": "structlog_",
    "guard_renderer": "structlog_",
    "install": "stdlib",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
