"""The file sink: whole lines, on the disk before they are acknowledged, and one writer."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantapilot.errors import SinkError
from quantapilot.sinks import sink_for
from quantapilot.sinks.sink import Dead, Delivered, Message, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantapilot.sinks.sink import Outcome


def message(number: int, body: bytes | None = None) -> Message:
    return Message(number, str(number), "t", "s", body or b'{"n":%d}' % number)


def appended(path: Path, *batches: Sequence[Message]) -> list[Sequence[Outcome]]:
    async def run() -> list[Sequence[Outcome]]:
        sink = sink_for(path.as_uri())
        await sink.open()
        try:
            return [await sink.send(batch) for batch in batches]
        finally:
            await sink.close()

    return asyncio.run(run())


def refusal(path: Path) -> str:
    with pytest.raises(SinkError) as caught:
        appended(path)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no tmpfs can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_each_event_is_a_line_behind_those_that_are_there(file: Path) -> None:
    assert appended(file, [message(1), message(2)], [message(3)]) == [
        [Delivered(), Delivered()],
        [Delivered()],
    ]
    appended(file, [message(4)])
    assert file.read_bytes() == b'{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n'


def test_only_the_owner_may_read_a_new_file(file: Path) -> None:
    appended(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_batch_is_one_write_then_one_fsync(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def noted_write(descriptor: int, data: bytes) -> int:
        calls.append("write")
        return write(descriptor, data)

    def noted_fsync(descriptor: int) -> None:
        fsync(descriptor)
        calls.append("fsync")

    async def run() -> None:
        sink = sink_for(file.as_uri())
        await sink.open()
        monkeypatch.setattr(os, "write", noted_write)
        monkeypatch.setattr(os, "fsync", noted_fsync)
        assert await sink.send([message(each) for each in range(500)]) == [Delivered()] * 500
        calls.append("acknowledged")
        monkeypatch.undo()
        await sink.close()

    asyncio.run(run())
    assert calls == ["write", "fsync", "acknowledged"]


def test_an_event_with_a_line_break_never_becomes_two_lines(file: Path) -> None:
    batch = [message(1), message(2, b'{\n"n":2}'), message(3)]
    assert appended(file, batch) == [[Delivered(), Dead("line break in body"), Delivered()]]
    assert appended(file, [batch[1]], []) == [[Dead("line break in body")], []]
    assert file.read_bytes() == b'{"n":1}\n{"n":3}\n'


@pytest.mark.parametrize(
    "torn", [b'{"n":1', b"{", b"no JSON", b"12", b'{"n":"\xff', b"x" * 200_000]
)
def test_what_a_crash_left_is_moved_beside(file: Path, torn: bytes) -> None:
    file.write_bytes(b'{"n":0}\n' + torn)
    appended(file, [message(1)])
    assert file.read_bytes() == b'{"n":0}\n{"n":1}\n'
    beside = file.with_name("events.jsonl.torn")
    assert beside.read_bytes() == torn + b"\n"
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_a_last_event_that_lacks_only_its_line_end_gets_it(file: Path) -> None:
    file.write_bytes(b'{"n":0}')
    appended(file, [message(1)])
    assert file.read_bytes() == b'{"n":0}\n{"n":1}\n'
    assert not file.with_name("events.jsonl.torn").exists()


@given(
    events=st.lists(st.integers(0, 10**6), min_size=1, max_size=5),
    cut=st.integers(min_value=0),
)
def test_wherever_a_crash_cuts_the_file_every_line_is_an_event(
    tmp_path_factory: pytest.TempPathFactory, events: list[int], cut: int
) -> None:
    file = tmp_path_factory.mktemp("cut") / "events.jsonl"
    lines = [b'{"n":%d}\n' % each for each in events]
    whole = b"".join(lines)
    file.write_bytes(whole[: cut % (len(whole) + 1)])
    appended(file, [message(each) for each in events])
    kept = file.read_bytes()
    assert kept.endswith(whole)
    assert set(kept.splitlines(keepends=True)) <= set(lines)


def test_a_file_that_is_no_list_of_lines_is_left_alone(file: Path) -> None:
    with file.open("wb") as other:
        other.truncate((16 << 20) + 100_000)
    assert "no JSON lines" in refusal(file)
    assert file.stat().st_size == (16 << 20) + 100_000


def test_a_full_disk_keeps_whole_events_only_and_goes_on_with_room(tiny_disk: Path) -> None:
    file = tiny_disk / "events.jsonl"
    block = [message(1, b'{"n":"' + b"x" * 5000 + b'"}')]

    async def run() -> list[Outcome]:
        sink = sink_for(file.as_uri())
        await sink.open()
        outcomes = [(await sink.send(block))[0] for _ in range(20)]
        ballast.unlink()
        outcomes.append((await sink.send(block))[0])
        await sink.close()
        return outcomes

    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 20_000)
    outcomes = asyncio.run(run())
    assert set(outcomes) == {Delivered(), Retry("disk full")}
    assert outcomes[-2:] == [Retry("disk full"), Delivered()]
    assert file.read_bytes() == (block[0].body + b"\n") * outcomes.count(Delivered())


@pytest.mark.parametrize("cannot", ["fsync", "write"])
def test_what_the_disk_did_not_take_is_not_acknowledged_and_comes_again(
    file: Path, monkeypatch: pytest.MonkeyPatch, cannot: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    async def run() -> list[Sequence[Outcome]]:
        sink = sink_for(file.as_uri())
        await sink.open()
        outcomes = [await sink.send([message(1)])]
        monkeypatch.setattr(os, cannot, fail)
        outcomes.append(await sink.send([message(2)]))
        monkeypatch.undo()
        outcomes.append(await sink.send([message(2)]))
        await sink.close()
        return outcomes

    assert asyncio.run(run()) == [[Delivered()], [Retry("not writable")], [Delivered()]]
    assert file.read_bytes() == b'{"n":1}\n{"n":2}\n'


def test_events_follow_a_file_that_is_rotated(file: Path) -> None:
    old = file.with_name("events.1.jsonl")

    async def run() -> None:
        sink = sink_for(file.as_uri())
        await sink.open()
        await sink.send([message(1)])
        file.rename(old)
        assert await sink.send([message(2)]) == [Delivered()]
        file.unlink()
        file.mkdir()
        assert await sink.send([message(3)]) == [Retry("not writable")]
        file.rmdir()
        assert await sink.send([message(3)]) == [Delivered()]
        await sink.close()

    asyncio.run(run())
    assert (old.read_bytes(), file.read_bytes()) == (b'{"n":1}\n', b'{"n":3}\n')


def test_a_second_writer_is_refused_until_the_first_ends(file: Path) -> None:
    async def run() -> None:
        first, second = sink_for(file.as_uri()), sink_for(file.as_uri())
        await first.open()
        await first.open()
        with pytest.raises(SinkError, match="another process"):
            await second.open()
        await first.close()
        await second.open()
        await second.close()
        await second.close()
        with pytest.raises(SinkError, match="not open"):
            await second.send([message(1)])

    asyncio.run(run())


def test_only_regular_files_are_written(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert "symbolic link" in refusal(tmp_path / "link")
    assert "is a folder" in refusal(tmp_path / "folder")
    assert "no regular file" in refusal(tmp_path / "pipe")
    assert "make the folder first" in refusal(tmp_path / "missing" / "file")
    assert not (tmp_path / "missing").exists()
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    "url",
    [
        "file:",
        "file:///",
        "file:folder/",
        "file://host/a",
        "file:a?b",
        "file:a#b",
        "file:a%00b",
        "file://[",
    ],
)
def test_addresses_of_no_file_are_refused(url: str) -> None:
    with pytest.raises(SinkError):
        sink_for(url)


def test_a_relative_address_and_an_encoded_one_name_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sink_for("file:a.jsonl").name == (tmp_path / "a.jsonl").as_uri()
    assert sink_for("file:a%20b%3F").name == (tmp_path / "a b?").as_uri()
    assert sink_for("file://localhost/a").name == "file:///a"
