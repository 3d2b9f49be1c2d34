"""Redis and RabbitMQ as tests start them where their programs are, on loopback, killed at will.

No package of an index brings them: on Debian, `apt-get install redis-server rabbitmq-server`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.nats_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PATIENCE = 60.0
# Debian's program of this name in the path changes its user first.
_RABBIT = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:" + os.environ["PATH"])
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")
RABBIT = _RABBIT


class Server:
    """A server that keeps its port and its store from one start to the next."""

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Take what starts it."""
        self.port = port
        self._command = command
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with (self._folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )
        end = time.monotonic() + _PATIENCE
        while not self._listens():
            if self._running.poll() is not None or time.monotonic() > end:
                told = (self._folder / "log").read_text(errors="replace")[-2000:]
                self.kill()
                raise AssertionError(f"it did not start:\n{told}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash would: with SIGKILL, its children too."""
        running, self._running = self._running, None
        if running is not None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()

    def freeze(self) -> None:
        """Have it answer nothing, with its connections left open."""
        assert self._running is not None
        os.killpg(self._running.pid, signal.SIGSTOP)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def redis_server(folder: Path, *more: str) -> Iterator[Server]:
    """Give a Redis that keeps what it has acknowledged; it is ended with the block."""
    assert REDIS is not None
    port = free_port()
    settings = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", *more]
    command = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *settings]
    server = Server(command, port, folder, {})
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def rabbit_server(folder: Path, secure: int, cert: str, key: str) -> Iterator[Server]:
    """Give a RabbitMQ with its user guest; it is ended with the block.

    At the port `secure` it proves itself by a certificate.
    """
    assert RABBIT is not None
    port, names = free_port(), str(free_port())
    (folder / "enabled_plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        f"listeners.ssl.1 = 127.0.0.1:{secure}\n"
        f"ssl_options.certfile = {cert}\n"
        f"ssl_options.keyfile = {key}\n"
        "ssl_options.verify = verify_none\n"
    )
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"qp{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1",
        "ERL_EPMD_PORT": names,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    server = Server([RABBIT], port, folder, environment)
    # The names' server, which would stay behind as a daemon if RabbitMQ started it.
    with (folder / "log").open("ab") as log:
        epmd = subprocess.Popen(
            ["epmd", "-port", names, "-address", "127.0.0.1"], stdout=log, stderr=log
        )
    try:
        server.start()
        yield server
    finally:
        server.kill()
        epmd.kill()
        epmd.wait()
