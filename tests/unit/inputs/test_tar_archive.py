"""Tar archives are read to their end, and nothing in one passes for another thing."""

from __future__ import annotations

import io
import tarfile

import pytest
from tests.packing import held, tar

A, B = ("a.jsonl", b'{"a": 1}\n'), ("b.log", b"text\n")
FIRST, SECOND = ("in!a.jsonl", A[1]), ("in!b.log", B[1])
DAMAGED = ("in", "input/damaged")


def only(info: tarfile.TarInfo, data: bytes = b"") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def headed(kind: bytes, data: bytes) -> bytes:
    """Return an archive that begins with a header of that type."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(data)
    return info.tobuf(tarfile.USTAR_FORMAT) + data.ljust(-(-len(data) // 512) * 512, b"\0")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_is_read_with_its_long_names(form: int) -> None:
    name = "d" * 90 + "/" + "e" * 90
    if form == tarfile.USTAR_FORMAT:
        assert held(tar(A, B, form=form)) == [FIRST, SECOND]
    else:
        name += "/ä" * 60
    data = tar((name, b"1"), A, form=form)
    assert held(data) == [(f"in!{name}", b"1"), FIRST]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE]
)
def test_what_has_no_content_is_passed_over(kind: bytes) -> None:
    info = tarfile.TarInfo("x")
    info.type = kind
    assert held(only(info)) == [("in", b"")]


@pytest.mark.parametrize("padding", [0, 512, 10240])
def test_an_archive_behind_another_is_read_too(padding: int) -> None:
    assert held(tar(A) + bytes(padding) + tar(B)) == [FIRST, SECOND]


def test_what_is_no_archive_behind_the_end_is_told() -> None:
    assert held(tar(A) + b"mail to somebody\n") == [FIRST, DAMAGED]


@pytest.mark.parametrize("cut", [700, 1024, 1200])
def test_a_truncated_archive_is_told(cut: int) -> None:
    assert held(tar(("a.jsonl", b"x" * 300), B)[:cut])[-1] == DAMAGED


def test_a_damaged_header_is_not_taken_for_the_end() -> None:
    data = bytearray(tar(A, B))
    data[1024 + 3] ^= 1
    assert held(bytes(data)) == [FIRST, DAMAGED]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_megabytes_is_not_read(kind: bytes) -> None:
    assert held(headed(kind, b"1" * (1 << 19)) + tar(A)) == [DAMAGED]


def test_a_chain_of_headers_is_left_after_a_while() -> None:
    assert held(headed(tarfile.GNUTYPE_LONGNAME, b"x") * 2000 + tar(A)) == [DAMAGED]


@pytest.mark.parametrize(
    "records", [b"1" * 60_000, b"2 " * 30_000 + b"=", b"0 a=b\n", b"9 a=b\n", b"x a=b\n"]
)
def test_records_of_no_meaning_are_told_at_once(records: bytes) -> None:
    assert held(headed(tarfile.XHDTYPE, records) + tar(A)) == [DAMAGED]


def test_a_file_with_holes_is_said_not_to_be_checked() -> None:
    info = tarfile.TarInfo("x")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    assert held(only(info)) == [("in!x", "input/expansion")]
    assert held(headed(tarfile.GNUTYPE_SPARSE, b"1") + tar(A)) == [
        ("in!x", "input/expansion"),
        FIRST,
    ]


def test_a_size_in_a_record_counts() -> None:
    said = headed(tarfile.XHDTYPE, b"11 size=20\n")
    plain = tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT)
    assert held(said + plain + b"y" * 20 + bytes(492) + tar(A)) == [("in!x", b"y" * 20), FIRST]
