"""Compressed files and archives on the command line: checked like what they hold."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.packing import COMPRESS, tar, zipped
from tests.program import call
from tests.repositories import git

from quantapilot.inputs.compressed import Expansion

PLANTED = "planted.person@example.com"
DIRTY = f'{{"message":"{PLANTED} wrote"}}\n'.encode()
CLEAN = b'{"message":"build finished"}\n'
FOUND = ("pii/email", 1, 13)
LINES = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=20),
        st.sampled_from([DIRTY.decode().strip(), CLEAN.decode().strip(), f"mail {PLANTED}", ""]),
    ),
    min_size=1,
    max_size=30,
)


def scan(*arguments: str, stdin: bytes = b"") -> tuple[int, dict[str, list[Any]]]:
    """Return how a scan ends, and what it finds by path."""
    code, out, err = call("scan", "--format", "json", *arguments, stdin=stdin)
    assert "planted.person" not in out + err
    assert "Traceback" not in err
    found: dict[str, list[Any]] = {}
    for each in json.loads(out)["findings"]:
        found.setdefault(each["path"], []).append((each["rule"], each["line"], each["column"]))
    return code, found


@pytest.fixture(autouse=True)
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LINES, st.sampled_from(["jsonl", "log", "txt", "json"]), st.booleans())
def test_what_is_found_does_not_depend_on_how_it_is_packed(
    lines: list[str], suffix: str, ended: bool
) -> None:
    name, data = f"a.{suffix}", "\n".join(lines).encode() + b"\n" * ended
    Path(name).write_bytes(data)
    _, plain = scan(name)
    packed = {
        f"{name}.{ {'gzip': 'gz', 'bzip2': 'bz2', 'zstd': 'zst'}.get(each, each) }": pack(data)
        for each, pack in COMPRESS.items()
    }
    archives = {"t.tar": tar((name, data)), "z.zip": zipped((name, data))}
    for file, content in {**packed, **archives}.items():
        Path(file).write_bytes(content)
    _, found = scan(*packed, *archives)
    inside = [each for each in plain.get(name, []) if each[0] != "input/empty"]
    expected = dict.fromkeys(packed, plain.get(name))
    expected |= dict.fromkeys((f"{archive}!{name}" for archive in archives), inside)
    assert found == {file: told for file, told in expected.items() if told}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_fault_is_told_and_everything_else_is_checked(jobs: str) -> None:
    packed = COMPRESS["gzip"](CLEAN * 200 + DIRTY)
    members = [(f"{letter}.jsonl", DIRTY if letter == "b" else CLEAN) for letter in "abcd"]
    broken = bytearray(zipped(*members))
    entries = [each.start() for each in re.finditer(b"PK\1\2", broken)]
    broken[entries[0] + 16] ^= 1
    broken[entries[2] + 8] |= 1
    broken[entries[3] + 16] ^= 1
    files = {
        "1.jsonl.gz": packed[:-9],
        "2.zip": bytes(broken),
        "3.tar.zst": COMPRESS["zstd"](tar(("x.zip", zipped(("y", DIRTY))), ("z.jsonl", DIRTY))),
        "4.jsonl": DIRTY,
        "5.bin.gz": COMPRESS["gzip"](b"\0" * 999),
    }
    folder = Path("logs")
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    code, found = scan("--jobs", jobs, "logs")
    assert code == 4
    assert found.pop("logs/1.jsonl.gz")[-1] == ("input/damaged", None, None)
    assert found == {
        "logs/2.zip!a.jsonl": [("input/damaged", None, None)],
        "logs/2.zip!b.jsonl": [FOUND],
        "logs/2.zip!c.jsonl": [("input/encrypted", None, None)],
        "logs/2.zip!d.jsonl": [("input/damaged", None, None)],
        "logs/3.tar.zst!x.zip": [("input/expansion", None, None)],
        "logs/3.tar.zst!z.jsonl": [FOUND],
        "logs/4.jsonl": [FOUND],
    }


def test_the_incomplete_last_line_of_a_truncated_file_is_checked() -> None:
    Path("a.log.gz").write_bytes(gzip.compress(CLEAN + DIRTY.strip())[:-4])
    code, found = scan("a.log.gz")
    assert (code, found) == (
        4,
        {"a.log.gz": [("pii/email", 2, 13), ("input/damaged", None, None)]},
    )


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [("n.gz", COMPRESS["gzip"](b""), "input/empty"), ("n.zip", zipped(), "input/empty")],
    ids=["gzip", "zip"],
)
def test_a_named_file_that_holds_nothing_is_said_to_be_empty(
    name: str, data: bytes, rule: str
) -> None:
    Path(name).write_bytes(data)
    assert scan(name) == (3, {name: [(rule, None, None)]})


def test_a_named_compressed_file_that_is_no_text_is_told() -> None:
    Path("a.gz").write_bytes(COMPRESS["gzip"](bytes(99)))
    assert scan("a.gz") == (4, {"a.gz": [("input/binary", None, None)]})


def test_a_bomb_ends_its_own_check_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Expansion.__init__, "__defaults__", (1 << 20, 2))
    Path("a.gz").write_bytes(gzip.compress(b"\n" * (4 << 20), 1))
    Path("b.zip").write_bytes(zipped(("bomb", b"{}\n" * (1 << 20)), ("c.jsonl", DIRTY)))
    code, found = scan("a.gz", "b.zip")
    told = [("input/expansion", None, None)]
    assert code == 4
    assert found["a.gz"][-1:] == found["b.zip!bomb"][-1:] == told
    assert found["b.zip!c.jsonl"] == [FOUND]


def test_a_pipe_may_give_a_compressed_archive() -> None:
    command = [str(Path(sys.executable).with_name("qp")), "scan", "-"]
    data = COMPRESS["zstd"](tar(("a.jsonl", DIRTY)))
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)
    assert (done.returncode, b"<stdin>!a.jsonl:1:13" in done.stdout) == (1, True)


def test_a_name_can_neither_move_the_cursor_nor_stand_for_another_file() -> None:
    Path("a.zip").write_bytes(zipped(("../../x\x1b[2J", DIRTY)))
    code, out, _ = call("scan", "a.zip")
    assert code == 1
    assert "a.zip!x\\x1b[2J:1:13" in out


def test_what_excuses_in_a_member_excuses_nothing() -> None:
    text = f"mail {PLANTED} # qp:allow[pii/email] it is an example\n".encode()
    Path("a.py").write_bytes(text)
    assert scan("a.py") == (0, {})
    Path("a.zip").write_bytes(zipped(("a.py", text), ("b.py", text)))
    found = [("pii/email", 1, 6)]
    assert scan("a.zip") == (1, {"a.zip!a.py": found, "a.zip!b.py": found})


def test_a_packed_file_that_is_staged_is_unpacked_or_said_to_be_too_large() -> None:
    git("init", "--quiet", at=Path())
    Path("pyproject.toml").write_text("[tool.quantapilot]\nmax_document_bytes = 65536\n", "utf-8")
    Path("a.jsonl.gz").write_bytes(gzip.compress(DIRTY))
    Path("b.zip").write_bytes(zipped(("b.jsonl", DIRTY * 3000), method=0))
    git("add", "--all", at=Path())
    code, found = scan("--staged")
    assert (code, found) == (
        4,
        {"a.jsonl.gz": [FOUND], "b.zip": [("input/line-too-long", None, None)]},
    )
