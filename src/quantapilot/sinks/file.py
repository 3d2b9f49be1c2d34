"""A file of JSON lines: a batch of events is appended by one write and one fsync.

An event counts as delivered once it is on the disk, whole, with its line's end behind it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import orjson
from filelock import FileLock, Timeout

from quantapilot.errors import SinkError
from quantapilot.sinks.sink import Dead, Delivered, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

# Opening a pipe must not wait for its other end, and a link leads who knows where. Windows has no
# such flags, but one that keeps it from changing line ends.
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
for _name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)
_OWNER_ONLY = 0o600
# A longer piece without a line's end was not left by a crash: this is some other file.
_LONGEST_LINE = 16 << 20
# What the first line begins with; after a power cut, zeros may stand there.
_STARTS = frozenset({b"", b"{", b"\0", b"\n", b"\r", b" "})
_BLOCK = 64 << 10
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DELIVERED = Delivered()
_T = TypeVar("_T")


class FileSink:
    """Appends events to one file, which no other sink may write meanwhile."""

    batch = 500
    in_flight = 1

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", mode=_OWNER_ONLY, thread_local=False, blocking=False)
        # What blocks is done here, one after the other.
        self._thread: ThreadPoolExecutor | None = None
        self._file: int | None = None
        self.name = path.as_uri()

    async def open(self) -> None:
        """Create or repair the file, and keep others from writing it.

        Raises:
            SinkError: Another process writes it, it is no regular file, or it can't be opened.
        """
        if self._thread is not None:
            return
        self._thread = ThreadPoolExecutor(1, "file sink")
        try:
            await self._done(self._begin)
        except BaseException:
            await self.close()
            raise

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Append messages, and return what became of each: all or none that fit are written.

        Raises:
            SinkError: The sink is not open.
        """
        # JSON needs no line breaks, and with one in it an event would be two lines.
        lines = [each.body for each in batch if b"\n" not in each.body]
        outcome: Outcome = _DELIVERED
        if lines:
            data = b"\n".join(lines) + b"\n"
            outcome = await self._done(lambda: self._append(data))
        return [Dead("line break in body") if b"\n" in each.body else outcome for each in batch]

    async def close(self) -> None:
        """Let go of the file."""
        if self._thread is not None:
            try:
                await self._done(self._end)
            finally:
                thread, self._thread = self._thread, None
                thread.shutdown()

    async def _done(self, work: Callable[[], _T]) -> _T:
        if self._thread is None:
            raise SinkError(f"{self.name} is not open: nothing can be written")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _begin(self) -> None:
        if not self._path.parent.is_dir():
            raise SinkError(f"{self.name} is in no folder that is there: make the folder first")
        try:
            self._lock.acquire()
        except Timeout:
            raise SinkError(
                f"{self.name} is written by another process: end that, or choose another file"
            ) from None
        except OSError as error:
            raise _unusable(self.name, error) from None
        try:
            self._file = _opened(self._path)
        except OSError as error:
            raise _unusable(self.name, error) from None

    def _append(self, data: bytes) -> Outcome:
        try:
            if self._file is None or not _is_at(self._file, self._path):
                self._let_go()
                self._file = _opened(self._path)
            _append(self._file, data)
        except (OSError, SinkError) as error:
            # Whether a file holds what was written before a failed fsync is known only anew.
            self._let_go()
            full = isinstance(error, OSError) and error.errno in _FULL
            return Retry("disk full" if full else "not writable")
        return _DELIVERED

    def _end(self) -> None:
        self._let_go()
        self._lock.release()

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            # It tells of a failed write, which fsync has told of before.
            with suppress(OSError):
                os.close(file)


def from_url(url: str, _: SinkOptions) -> FileSink:
    """Return the sink for an address `file:///folder/name` or `file:name` (RFC 8089).

    Raises:
        SinkError: The address names no file of this machine.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    path = unquote(parts.path, errors="surrogateescape")
    if parts.netloc not in {"", "localhost"}:
        raise SinkError("a file's address names a host: write file:///folder/name or file:name")
    if parts.query or parts.fragment or "\0" in path or path.endswith("/") or not path:
        raise SinkError(
            "a file's address is not of the form file:///folder/name or file:name;"
            " write %3F for '?' and %23 for '#'"
        )
    # `absolute` keeps links as they are: they are judged when the file is opened.
    return FileSink(Path(path).absolute())


def _unusable(name: str, error: OSError) -> SinkError:
    if error.errno == errno.ELOOP:
        return SinkError(f"{name} is a symbolic link: name the file itself")
    if error.errno == errno.EISDIR:
        return SinkError(f"{name} is a folder: name a file")
    return SinkError(f"{name} can't be written ({error.strerror or type(error).__name__})")


def _opened(path: Path) -> int:
    """Return a descriptor of the file, which ends with a whole line."""
    file = os.open(path, _FLAGS, _OWNER_ONLY)
    try:
        _check_kind(file, path)
        _check_start(file, path)
        _repair(file, path)
        _keep_name(path)
    except BaseException:
        os.close(file)
        raise
    return file


def _check_kind(file: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise SinkError(f"{path.as_uri()} is no regular file: name one, or a new one")


def _check_start(file: int, path: Path) -> None:
    # Repairing some other file, such as the outbox itself, would destroy it.
    os.lseek(file, 0, os.SEEK_SET)
    if os.read(file, 1) not in _STARTS:
        raise SinkError(f"{path.as_uri()} holds no JSON lines: choose another file")


def _is_at(file: int, path: Path) -> bool:
    # A file that was moved away or deleted, as when logs are rotated, would swallow what follows.
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        return False


def _keep_name(path: Path) -> None:
    # The name of a file is kept by its folder, which has an fsync of its own. It is not known
    # whether who made the file came as far as that.
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _append(file: int, data: bytes) -> None:
    before = os.fstat(file).st_size
    try:
        _write(file, data)
        os.fsync(file)
    except OSError:
        # Where this fails too, what is left is repaired when the file is opened again.
        with suppress(OSError):
            os.ftruncate(file, before)
        raise


def _write(file: int, data: bytes) -> None:
    # One call, but where a disk gets full it writes a part and says so only in the next.
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _repair(file: int, path: Path) -> None:
    """Have the file end with a whole line.

    What a crash left behind the last line's end was never acknowledged, and comes again. If it is
    an event, only its line's end is missing. Else it is moved to a file beside, `NAME.torn`, as
    somebody else may have written it.
    """
    size = os.fstat(file).st_size
    tail = _tail(file, size)
    if not tail:
        return
    if len(tail) > _LONGEST_LINE:
        raise SinkError(f"{path.as_uri()} holds no JSON lines: choose another file")
    try:
        is_event = isinstance(orjson.loads(tail), dict)
    except orjson.JSONDecodeError:
        is_event = False
    if is_event:
        _write(file, b"\n")
    else:
        torn = path.with_name(f"{path.name}.torn")
        beside = os.open(torn, _FLAGS, _OWNER_ONLY)
        try:
            _write(beside, tail + b"\n")
            os.fsync(beside)
        finally:
            os.close(beside)
        _keep_name(torn)
        os.ftruncate(file, size - len(tail))
    os.fsync(file)


def _tail(file: int, size: int) -> bytes:
    """Return what stands behind the last line's end, or somewhat more than the longest line."""
    tail = b""
    while size and len(tail) <= _LONGEST_LINE:
        start = max(0, size - _BLOCK)
        os.lseek(file, start, os.SEEK_SET)
        _, end, behind = os.read(file, size - start).rpartition(b"\n")
        tail = behind + tail
        if end:
            break
        size = start
    return tail
