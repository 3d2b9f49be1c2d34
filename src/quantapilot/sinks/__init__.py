"""Sinks by the scheme of their address: one module each, imported when an address names it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from quantapilot.errors import SinkError, needing
from quantapilot.sinks.sink import SinkOptions

if TYPE_CHECKING:
    from quantapilot.sinks.sink import Sink

# Scheme -> the module whose `from_url` makes the sink, and the extra that brings its packages.
SINKS = {
    "https": ("quantapilot.sinks.webhook", "emitter"),
    "http": ("quantapilot.sinks.webhook", "emitter"),
    "file": ("quantapilot.sinks.file", "emitter"),
    "nats": ("quantapilot.sinks.nats", "nats"),
    "nats+tls": ("quantapilot.sinks.nats", "nats"),
    "kafka": ("quantapilot.sinks.kafka", "brokers"),
    "kafka+tls": ("quantapilot.sinks.kafka", "brokers"),
    "amqp": ("quantapilot.sinks.rabbitmq", "brokers"),
    "amqps": ("quantapilot.sinks.rabbitmq", "brokers"),
    "redis": ("quantapilot.sinks.redis", "brokers"),
    "rediss": ("quantapilot.sinks.redis", "brokers"),
}


def sink_for(url: str, options: SinkOptions | None = None) -> Sink:
    """Return the sink that an address stands for.

    Raises:
        SinkError: There is no such kind of sink, or the address or an option can't be used.
        MissingExtraError: The packages of this kind are not installed.
    """
    # Not by `urlsplit`: what it raises shows the address.
    scheme = url.partition(":")[0].lower()
    if scheme not in SINKS:
        known = ", ".join(f"{name}:" for name in SINKS)
        raise SinkError(f"no kind of sink has an address like this; it begins with one of {known}")
    module, extra = SINKS[scheme]
    with needing(extra, f"a sink {scheme}:"):
        made = import_module(module)
    sink: Sink = made.from_url(url, options or SinkOptions())
    return sink
