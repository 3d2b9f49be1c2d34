"""Disks that are full or read-only: an error for what is not stored, and nothing else is lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.outboxes import SINK, deliver, entry, handed, store, waiting

from quantapilot.errors import OutboxUnwritableError
from quantapilot.outbox.intact import examine
from quantapilot.outbox.mark import MarkFile
from quantapilot.outbox.outbox import Outbox
from quantapilot.outbox.survey import status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Mounting is for root, or for one who is root in a namespace of users of its own.
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def mount(*arguments: str) -> bool:
    try:
        return not subprocess.run(
            ["mount", *arguments], capture_output=True, check=False
        ).returncode
    except FileNotFoundError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)):
        pytest.skip("this user can't mount a disk; the same holds in a namespace, see below")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert not os.statvfs(folder).f_bavail
    return folder / "filling"


def test_a_full_disk_refuses_events_and_loses_none(disk: Path) -> None:
    stored: list[int] = []
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        stored += store(outbox, range(50))
        filling = fill(disk)
        refused = 0
        for number in range(50, 2000):
            waiter = handed(outbox, entry(number))
            error = waiter.exception(10)
            if error is None:
                stored += waiter.result()
                continue
            assert isinstance(error, OutboxUnwritableError)
            assert "the disk is full" in str(error) or "input/output" in str(error)
            refused += 1
            if refused == 5:
                break
        assert refused == 5
        assert waiting(outbox) == stored
        filling.unlink()
        stored += store(outbox, range(5000, 5010))
        deliver(outbox, stored[:20])
        assert waiting(outbox) == stored[20:]
    assert stored == list(range(1, len(stored) + 1))
    assert examine(disk / "o.db", full=True).checked == len(stored)


def test_outcomes_that_a_full_disk_refuses_are_recorded_later(disk: Path) -> None:
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        handed(outbox, *map(entry, range(300))).result(10)
        filling = fill(disk)
        refused = False
        for seq in range(2, 300, 2):
            try:
                deliver(outbox, [seq])
            except OutboxUnwritableError:
                refused = True
                break
        assert refused
        left = waiting(outbox)
        filling.unlink()
        deliver(outbox, [1])
        assert waiting(outbox) == left[1:]
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        assert waiting(outbox) == left[1:]


def test_what_waits_can_be_looked_at_on_a_full_disk(disk: Path) -> None:
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        store(outbox, range(3))
    fill(disk)
    assert status(disk / "o.db").sinks[0].waiting == 3
    assert examine(disk / "o.db", full=True).checked == 3


def test_a_disk_that_is_full_from_the_start_is_told(disk: Path) -> None:
    fill(disk)
    with pytest.raises(OutboxUnwritableError):
        Outbox(disk / "o.db")
    assert not (disk / "o.db").exists()
    (disk / "filling").unlink()
    Outbox(disk / "o.db").close()


def test_a_folder_that_is_read_only_is_told_and_can_be_read(disk: Path) -> None:
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        store(outbox, range(5))
    before = {each.name for each in disk.iterdir()}
    assert mount("-o", "remount,ro", str(disk))
    for roles in (True, False):
        with pytest.raises(OutboxUnwritableError, match="Read-only"):
            Outbox(disk / "o.db", append=roles, relay=not roles)
    with pytest.raises(OutboxUnwritableError, match="Read-only"):
        Outbox(disk / "new.db")
    assert status(disk / "o.db").sinks[0].waiting == 5
    assert examine(disk / "o.db", full=True).checked == 5
    assert {each.name for each in disk.iterdir()} == before


def test_a_folder_that_becomes_read_only_loses_nothing(disk: Path) -> None:
    with Outbox(disk / "o.db") as outbox:
        store(outbox, range(5))
    with Outbox(disk / "o.db") as outbox:
        outbox.register(SINK)
        (disk / "o.db").chmod(0o444)
        assert store(outbox, range(5, 7)) == [6, 7]
        assert waiting(outbox) == [1, 2, 3, 4, 5, 6, 7]


def test_a_mark_that_can_not_be_written_lags_and_catches_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    with Outbox(tmp_path / "o.db") as outbox:
        with monkeypatch.context() as broken:
            broken.setattr(MarkFile, "write", fails)
            store(outbox, range(3))
        store(outbox, range(3, 4))
    assert examine(tmp_path / "o.db", full=True).checked == 4


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may mount")
def test_a_full_disk_is_told_in_a_namespace_of_this_user(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        [*_UNSHARE, *program, f"--basetemp={tmp_path / 'inner'}"], capture_output=True, check=False
    )
    if b"unshare" in done.stderr:
        pytest.skip("this system lets users make no namespaces")
    assert done.returncode == 0, done.stdout.decode()


def test_who_may_only_read_can_look_at_an_outbox_of_somebody_else(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    with Outbox(folder / "o.db") as outbox:
        outbox.register(SINK)
        store(outbox, range(3))
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    program = [sys.executable, "-c", "from quantapilot.cli import main; main()"]
    command = [*program, "outbox", "status", "--outbox", str(folder / "o.db")]
    if not os.geteuid():
        # Root may write everywhere, but for what it gave up.
        if shutil.which("setpriv") is None:
            pytest.skip("root can't become somebody else here")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    folder.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{SINK}: waiting 3" in done.stdout
