"""Git, called as a program: never through a shell, and deaf to settings that shape its output."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from quantapilot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Its number of context lines would win over the one on the command line.
_UNWANTED = frozenset({"GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF"})
_CHUNK = 1 << 20
_ENVIRONMENT = {"LC_ALL": "C", "LANGUAGE": "C", "GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository by the top folder of its working tree, free of symbolic links."""

    top: Path

    def ask(self, *arguments: str) -> bytes:
        """Return what a git command prints, run at the top of the working tree.

        Raises:
            InputError: Git is not installed, or refuses; the text tells its reason.
        """
        return _answer(arguments, self.top)

    def try_to(self, *arguments: str) -> str | None:
        """Return what a git command prints on one line, None where it refuses.

        Raises:
            InputError: Git is not installed.
        """
        done = _done(arguments, self.top)
        return None if done.returncode else os.fsdecode(done.stdout.removesuffix(b"\n"))

    @contextmanager
    def running(self, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Give the input and the output of a git command that runs meanwhile.

        It is ended with the block, whether or not all of its output was read.

        Raises:
            InputError: Git is not installed, or ends before it has read its input.
        """
        try:
            running = subprocess.Popen(
                ["git", *arguments],
                cwd=self.top,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _missing(error) from error
        try:
            with running:
                try:
                    yield cast("IO[bytes]", running.stdin), cast("IO[bytes]", running.stdout)
                finally:
                    running.kill()
        except BrokenPipeError as error:
            raise InputError("git ended before it told what changed") from error

    @contextmanager
    def stored(self) -> Iterator[Stored]:
        """Give what reads the contents that git stores.

        Raises:
            InputError: Git is not installed.
        """
        with self.running("cat-file", "--batch") as (ask, answer):
            yield Stored(ask, answer)


class Stored:
    """What git stores, told by a `git cat-file` that goes on running."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask = ask
        self._answer = answer

    def read(self, blob: str, most: int, beginning: int) -> tuple[int, bytes] | None:
        """Return the size of a blob in bytes, and its content; None where git does not have it.

        Args:
            blob: Its object name.
            most: Size in bytes up to which it is read whole.
            beginning: How many bytes are read of a larger one.
        """
        self._ask.write(f"{blob}\n".encode())
        self._ask.flush()
        # Object name, type and size; or the name and "missing".
        told = self._answer.readline().split()
        if len(told) != 3:
            return None
        length = int(told[2])
        data = self._answer.read(length if length <= most else min(length, beginning))
        # A newline follows.
        rest = length + 1 - len(data)
        while rest and (chunk := self._answer.read(min(rest, _CHUNK))):
            rest -= len(chunk)
        return length, data


def repository() -> Repository:
    """Return the repository that the current folder belongs to.

    Raises:
        InputError: There is none, it has no working tree, or git is not installed.
    """
    top = _answer(("rev-parse", "--show-toplevel"), Path.cwd())
    return Repository(Path(os.fsdecode(top.removesuffix(b"\n"))))


def history() -> Repository:
    """Return the same for who reads only what is committed: it may have no working tree.

    Raises:
        InputError: There is none, or git is not installed.
    """
    here = Path.cwd()
    if _answer(("rev-parse", "--is-bare-repository"), here).strip() != b"true":
        return repository()
    folder = _answer(("rev-parse", "--absolute-git-dir"), here)
    return Repository(Path(os.fsdecode(folder.removesuffix(b"\n"))))


def setting(*names: str) -> bytes | None:
    """Return the value of the last of some settings that git knows; None without one, or git."""
    pattern = "|".join(name.lower().replace(".", r"\.") for name in names)
    try:
        done = _done(("config", "--null", "--get-regexp", f"^({pattern})$"), Path.cwd())
    except InputError:
        return None
    values = [each.partition(b"\n")[2] for each in done.stdout.split(b"\0") if each]
    return values[-1] if values else None


def _answer(arguments: tuple[str, ...], folder: Path) -> bytes:
    done = _done(arguments, folder)
    if done.returncode:
        # The hint behind the reason, such as the one about safe.directory, is part of it.
        reason = " ".join(done.stderr.decode("utf-8", "replace").split()).removeprefix("fatal: ")
        raise InputError(f"git can't tell what changed: {reason or 'it gives no reason'}")
    return done.stdout


def _done(arguments: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise _missing(error) from error


def _environment() -> dict[str, str]:
    # What git tells a hook, such as GIT_INDEX_FILE for a part of a commit, is passed on.
    kept = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    return kept | _ENVIRONMENT


def _missing(error: OSError) -> InputError:
    return InputError(
        f"git can't be run ({error.strerror}): install it, or name the files to check"
    )
