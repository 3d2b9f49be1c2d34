"""Terminals as a reader of a page has them open: shells side by side, and what is seen in each."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_DEADLINE = 60.0
# What the shell writes behind a command that has ended, with its exit code.
_ENDED = re.compile(r"\x1e([0-9]+)\n\Z")


@dataclass
class Terminal:
    """A shell, open as long as the block; what runs in it then is killed.

    Attributes:
        folder: Where it stands.
        environment: Its environment.
        log: Where what is seen in it is kept.
    """

    folder: Path
    environment: Mapping[str, str]
    log: Path
    _exit_code: int | None = None
    _seen: int = 0
    _shell: subprocess.Popen[bytes] = field(init=False, repr=False)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._shell = subprocess.Popen(
                ["bash"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.communicate()

    def type(self, command: str, exit_code: int) -> None:
        """Type a command, once the one before has ended as it should."""
        self.end()
        self._exit_code = exit_code
        assert self._shell.stdin is not None
        # The shell's own input is no input of the command.
        self._shell.stdin.write(f"{{ {command}\n}} < /dev/null\nprintf '\\x1e%d\\n' $?\n".encode())
        self._shell.stdin.flush()

    def see(self, is_it: Callable[[str], bool]) -> str:
        """Wait for what is to be seen next, and return it."""
        late = time.monotonic() + _DEADLINE
        while True:
            new = self._new()
            seen = _ENDED.sub("", new)
            if is_it(seen):
                self._seen += len(seen.encode())
                return seen
            ended = _ENDED.search(new)
            assert not ended, f"this is seen instead:\n{seen}"
            assert time.monotonic() < late, f"only this is seen:\n{seen}"
            time.sleep(0.02)

    def end(self) -> None:
        """Wait until the last command has ended, with nothing more to be seen."""
        if self._exit_code is not None:
            late = time.monotonic() + _DEADLINE
            while not (ended := _ENDED.search(self._new())):
                assert time.monotonic() < late, f"it does not end:\n{self._new()}"
                time.sleep(0.02)
            told = self._new()
            assert told == ended[0], f"more is seen:\n{told}"
            assert int(ended[1]) == self._exit_code, f"it ends with {ended[1]}"
            self._seen += len(told.encode())
            self._exit_code = None

    @property
    def goes_on(self) -> bool:
        """Whether a command has not ended."""
        return self._exit_code is not None and not _ENDED.search(self._new())

    def _new(self) -> str:
        return self.log.read_bytes()[self._seen :].decode()


def free_port() -> int:
    """Return a port that nobody listens at, and that the system gives nobody who asks for any."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
