"""Events on their way out: checked, stored, delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.errors import needing

if TYPE_CHECKING:
    from quantapilot.emitter.emitter import Emitter as Emitter
    from quantapilot.findings import EventRefusedError as EventRefusedError
    from quantapilot.outbox.limits import Limits as Limits
    from quantapilot.relay.settings import RelaySettings as RelaySettings
    from quantapilot.sinks.sink import SinkOptions as SinkOptions

__all__ = ["Emitter", "EventRefusedError", "Limits", "RelaySettings", "SinkOptions"]

_MODULES = {
    "Emitter": "quantapilot.emitter.emitter",
    "EventRefusedError": "quantapilot.findings",
    "Limits": "quantapilot.outbox.limits",
    "RelaySettings": "quantapilot.relay.settings",
    "SinkOptions": "quantapilot.sinks.sink",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    with needing("emitter", f"quantapilot.emitter.{name}"):
        return getattr(import_module(_MODULES[name]), name)
