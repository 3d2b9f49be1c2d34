"""Who owns an outbox: one process may add events to it, and one may record deliveries.

The system lets go of a lock when its process dies. Who holds it stands in a file of its own, which
a contender only reads.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import orjson

from quantapilot.errors import OutboxLockedError, needing

with needing("emitter", "an outbox"):
    from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path

Role = Literal["append", "relay"]
ROLES: tuple[Role, ...] = ("append", "relay")
_TASKS = {"append": "adds events to", "relay": "delivers from"}


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a role: its id, and since when, as RFC 3339 tells times."""

    pid: int
    since: str


class RoleLock:
    """A role of an outbox, held until `release` or until the process ends."""

    def __init__(self, path: Path, role: Role, patience: float = 0.0) -> None:
        """Take the role.

        Args:
            path: The outbox.
            role: The role.
            patience: Seconds to wait for another process that has it.

        Raises:
            OutboxLockedError: Another process has it, and keeps it.
            OSError: The lock can't be written.
        """
        self._owner_file = _beside(path, role, "owner")
        self._lock = FileLock(_beside(path, role, "lock"), thread_local=False)
        try:
            self._lock.acquire(timeout=patience)
        except Timeout:
            held = True
        else:
            held = False
        if held:
            raise OutboxLockedError(_locked(path, role))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        part = self._owner_file.with_name(f".{self._owner_file.name}.new")
        try:
            part.write_bytes(orjson.dumps({"pid": os.getpid(), "since": now}))
            part.replace(self._owner_file)
        except OSError:
            self._lock.release()
            raise

    def release(self) -> None:
        """Give the role back."""
        with suppress(OSError):
            self._owner_file.unlink()
        self._lock.release()


def owner(path: Path, role: Role) -> Owner | None:
    """Return who holds a role, as far as that is known; a process that was killed may still stand.

    Whether the process lives is asked of the system, where it can tell.
    """
    try:
        raw = orjson.loads(_beside(path, role, "owner").read_bytes())
        found = Owner(int(raw["pid"]), str(raw["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _lives(found.pid) else None


def _lives(pid: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _beside(path: Path, role: Role, what: str) -> Path:
    return path.with_name(f"{path.name}.{role}.{what}")


def _locked(path: Path, role: Role) -> str:
    found = owner(path, role)
    who = f"process {found.pid}, since {found.since}," if found else "another process"
    return f"{path} has an owner: {who} {_TASKS[role]} it (role '{role}'); stop it first"
