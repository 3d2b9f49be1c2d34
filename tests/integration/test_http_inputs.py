"""Inputs over HTTP: what servers do, and what they should not."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from tests.program import call
from tests.remote_servers import CLEAN, LEAK, HttpServer, http_server, own_connections

from quantapilot.inputs.http_stream import HttpStream
from quantapilot.inputs.remote import open_url, size_of_url
from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as running, own_connections():
        yield running


def test_what_a_server_gives_is_checked_and_what_it_does_not_is_said(server: HttpServer) -> None:
    secret = server.url.replace("//", "//me:SECRET@")
    code, out, err = call(
        "scan",
        f"{server.url}/plain.jsonl?sig=SECRET",
        f"{secret}/moved",
        f"{server.url}/packed.jsonl",
        f"{server.url}/403",
        f"{server.url}/404",
        f"{server.url}/503",
        f"{server.url}/breaks.jsonl",
        "http://127.0.0.1:1/nobody",
        "http://[/",
        f"{server.url}/ranged.jsonl",
    )
    assert code == 4
    told = [line.removeprefix(server.url) for line in out.splitlines() if line.startswith("http")]
    assert [" ".join(line.split()[:3]) for line in told] == [
        "/plain.jsonl:1:20 error pii/email",
        "/moved:1:20 error pii/email",
        "/packed.jsonl:1:20 error pii/email",
        "/403 error input/unreadable",
        "/404 error input/missing-file",
        "/503 error input/unreadable",
        "/breaks.jsonl:1:20 error pii/email",
        "/breaks.jsonl error input/unreadable",
        "http://127.0.0.1:1/nobody error input/unreadable",
        "http://[/ error input/unreadable",
        "/ranged.jsonl:1:20 error pii/email",
    ]
    assert "SECRET" not in out + err
    assert not err


def test_processes_share_files_elsewhere_and_give_every_line_once(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantapilot.scale.processes.PART_BYTES", 1 << 16)
    # What a new process would import first: pytest.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    server.data = CLEAN * 3000 + LEAK
    code, out, _ = call("scan", "--jobs", "2", f"{server.url}/ranged.jsonl")
    assert len({asked for _, asked in server.asked}) > 2
    assert code == 1
    assert "ranged.jsonl:3001:20" in out
    assert "checked 1 file, 3,001 documents" in out


@pytest.mark.parametrize("path", ["plain", "ranged", "ranged-broken"])
def test_windows_put_together_are_the_file(
    server: HttpServer, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpStream.__init__, "__defaults__", (1000,))
    server.data = b"".join(b"line %d\n" % number for number in range(2000))
    url = f"{server.url}/{path}"
    with open_url(url) as stream:
        assert stream.read(10) + stream.read(3000) + stream.read() == server.data
        assert stream.read(1) == b""
    assert path == "ranged-broken" or size_of_url(url) == len(server.data)
    if path == "ranged":
        server.asked.clear()
        with open_url(url) as stream:
            assert stream.seek(5000) == 5000
            assert stream.read(8) == server.data[5000:5008]
        assert server.asked == [("/ranged", "bytes=5000-5999")]


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_one(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpStream.__init__, "__defaults__", (1000,))
    server.data = CLEAN * 100
    with open_url(f"{server.url}/ranged") as stream:
        assert len(stream.read(1000)) == 1000
        server.data += LEAK
        with pytest.raises(InputFaultError, match="changed while it was read"):
            stream.read(1000)
