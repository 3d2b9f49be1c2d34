"""What an input is packed in is told by its first bytes, and opened one archive deep."""

from __future__ import annotations

import io

import pytest
from tests.packing import COMPRESS, held, tar, whole, zipped

from quantapilot.inputs.lines import AddedLines
from quantapilot.inputs.rules import InputFaultError
from quantapilot.inputs.sources import Source
from quantapilot.inputs.unpacking import bare_name, packed, unpacked

A, B = ("a.jsonl", b'{"a": 1}\n'), ("b/c.log", b"text\n")


class Pipe(io.BytesIO):
    """A stream that can't be read again."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


@pytest.mark.parametrize(
    "data",
    [*(pack(b"a\n") for pack in COMPRESS.values()), tar(A), zipped(A), zipped()],
    ids=[*COMPRESS, "tar", "zip", "empty-zip"],
)
def test_what_is_packed_is_told_by_its_first_bytes(data: bytes) -> None:
    assert packed(data[:512])


@pytest.mark.parametrize(
    "head",
    [b"", b"\x1f", b"BZh9 is no archive\n", b"PKZIP is a program\n", b"(\xb5", b"]\0\0", b"{}\n"],
)
def test_a_text_is_not_taken_for_a_packed_file(head: bytes) -> None:
    assert not packed(head)
    assert held(head) == [("in", head)]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("logs/a.jsonl.gz", "logs/a.jsonl"),
        ("a.json.ZST", "a.json"),
        ("x.zip!a.log.xz", "x.zip!a.log"),
        ("a.jsonl", "a.jsonl"),
        ("x.gz/a", "x.gz/a"),
        (".gz", ".gz"),
        ("-", "-"),
    ],
)
def test_the_name_inside_a_compressed_file_is_its_own_without_the_suffix(
    name: str, bare: str
) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize("name", COMPRESS)
def test_a_compressed_tar_archive_holds_its_members(name: str) -> None:
    assert held(COMPRESS[name](tar(A, B))) == [("in!a.jsonl", A[1]), ("in!b/c.log", B[1])]


@pytest.mark.parametrize("archive", [tar, zipped])
def test_a_compressed_member_is_unpacked(archive: object) -> None:
    assert callable(archive)
    data = archive(("a.gz", COMPRESS["gzip"](A[1])), ("b.zst", COMPRESS["zstd"](B[1])))
    assert held(data) == [("in!a.gz", A[1]), ("in!b.zst", B[1])]


def test_what_is_packed_deeper_is_said_to_be_left_and_what_stands_beside_it_is_read() -> None:
    gzip = COMPRESS["gzip"]
    nested = [("t", tar(A)), ("z", zipped(A)), ("t.gz", gzip(tar(A))), ("g.g", gzip(gzip(b"a")))]
    expected = [("in!" + name, "input/expansion") for name, _ in nested]
    for archive in (tar, zipped):
        assert held(archive(*nested, A)) == [*expected, ("in!a.jsonl", A[1])]
    assert held(gzip(tar(*nested, A))) == [*expected, ("in!a.jsonl", A[1])]
    assert held(gzip(gzip(b"a"))) == held(gzip(zipped(A))) == [("in", "input/expansion")]


@pytest.mark.parametrize("name", ["../../up", "/up", "a/..//./up", "..\\up"])
def test_a_member_is_never_named_like_a_file_outside_of_its_archive(name: str) -> None:
    ((label, data),) = held(zipped((name, b"a\n")))
    assert label in {"in!up", "in!a/up"}
    assert data == b"a\n"


def test_a_truncated_compression_of_an_archive_is_told_once_and_its_last_member_read() -> None:
    line = b"".join(b"%d\n" % (number * 7919 % 10007) for number in range(9000))
    data = COMPRESS["gzip"](tar(A, ("long", line), B))
    first, (name, read), *faults = held(data[: len(data) // 2])
    assert first == ("in!a.jsonl", A[1])
    assert (name, faults) == ("in!long", [("in", "input/damaged")])
    assert isinstance(read, bytes)
    assert len(read) > len(line) / 3
    assert line.startswith(read)


def test_lines_that_a_change_adds_are_not_looked_for_in_what_a_file_unpacks_to() -> None:
    data = COMPRESS["gzip"](b"a\n")
    source = Source("in", None, data=data, lines=AddedLines())
    ((_, stream),) = [
        each for each in unpacked(source, io.BytesIO(data)) if isinstance(each, tuple)
    ]
    assert whole(stream) == data


@pytest.mark.parametrize("data", [b"", b"a\n", b"x" * 2000])
def test_a_pipe_loses_nothing_to_the_look_at_its_first_bytes(data: bytes) -> None:
    source = Source("<stdin>", None)
    for given in (data, COMPRESS["gzip"](data)):
        ((_, stream),) = [e for e in unpacked(source, Pipe(given)) if isinstance(e, tuple)]
        assert whole(stream) == data


def test_a_zip_archive_in_a_pipe_is_told_to_be_named() -> None:
    with pytest.raises(InputFaultError, match="name the file"):
        list(unpacked(Source("<stdin>", None), Pipe(zipped(A))))
