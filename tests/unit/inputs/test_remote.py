"""What addresses stand for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import fsspec
import pytest

from quantapilot.findings import Finding
from quantapilot.inputs.opening import opened, size_of
from quantapilot.inputs.sources import listed, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    for name in ("b.jsonl", "a.jsonl", "z/2026-11-01.jsonl", "z/deep/2026-11-02.jsonl"):
        system.pipe(f"/logs/{name}", name.encode())
    yield system
    system.rm("/logs", recursive=True)


def _shown(*arguments: str) -> list[str]:
    return [
        f"{each.path} {each.rule}" if isinstance(each, Finding) else each.label
        for each in sources(arguments)
    ]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("folder", ["memory://logs", "memory://logs/"])
def test_a_folder_is_walked_in_a_stable_order(folder: str) -> None:
    names = ["a.jsonl", "b.jsonl", "z/2026-11-01.jsonl", "z/deep/2026-11-02.jsonl"]
    assert _shown(folder) == [f"memory://logs/{name}" for name in names]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.jsonl", ["a.jsonl", "b.jsonl"]),
        ("[b-z].jsonl", ["b.jsonl"]),
        ("?/2026-11-*.jsonl", ["z/2026-11-01.jsonl"]),
        ("**/2026-*", ["z/2026-11-01.jsonl", "z/deep/2026-11-02.jsonl"]),
    ],
)
def test_a_pattern_names_files_at_an_address(pattern: str, names: list[str]) -> None:
    assert _shown(f"memory://logs/{pattern}") == [f"memory://logs/{name}" for name in names]


@pytest.mark.parametrize(
    "chain", ["zip://*::https://me:SECRET@host/a.zip", "simplecache::https://me:SECRET@host/a.zip"]
)
def test_a_chain_of_addresses_is_not_followed(chain: str) -> None:
    assert _shown(chain) == ["https://host/a.zip input/unreadable"]


@pytest.mark.usefixtures("memory")
def test_what_stands_for_nothing_is_said() -> None:
    assert _shown("memory://logs/none*", "memory://logs/none", "https://host/*.jsonl") == [
        "memory://logs/none* input/no-match",
        "memory://logs/none input/missing-file",
        "https://host/*.jsonl input/no-match",
    ]


def test_a_folder_that_cannot_be_listed_hides_no_other(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = memory.ls

    def ls(path: str, **given: Any) -> Any:
        if path.endswith("/z"):
            raise PermissionError("SECRET")
        return plain(path, **given)

    monkeypatch.setattr(memory, "ls", ls)
    assert _shown("memory://logs/**")[-2:] == [
        "memory://logs/b.jsonl",
        "memory://logs/z input/unreadable",
    ]


@pytest.mark.usefixtures("memory")
def test_a_file_at_an_address_is_read_and_its_size_known() -> None:
    (source,) = sources(["memory://logs/a.jsonl"])
    assert not isinstance(source, Finding)
    with opened(source) as stream:
        assert (stream.seek(2), stream.read(3)) == (2, b"jso")
    assert size_of(source) == 7


@pytest.mark.parametrize(
    ("url", "missing", "named"),
    [
        ("gs://bucket/a", None, "package 'gcsfs'"),
        ("foo://host/a", None, "addresses of 'foo:'"),
        ("memory://logs/a", "fsspec", "quantapilot-contract[remote]"),
        ("s3://bucket/a", "s3fs", "quantapilot-contract[s3]"),
    ],
)
def test_a_missing_package_is_named(
    url: str, missing: str | None, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing:
        # What was imported before is remembered there.
        known = sys.modules["fsspec.registry"]
        monkeypatch.delitem(known._registry, "s3", raising=False)
        monkeypatch.setitem(sys.modules, missing, None)
    (finding,) = sources([url])
    assert isinstance(finding, Finding)
    assert finding.rule == "input/needs-extra"
    assert named in finding.message


def test_a_list_may_name_addresses_but_no_patterns(tmp_path: Path) -> None:
    (source,) = listed(["https://host/a*?sig=SECRET"], (), None, tmp_path)
    assert not isinstance(source, Finding)
    assert (source.label, source.url) == ("https://host/a*", "https://host/a*?sig=SECRET")


def test_a_file_url_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a b.jsonl").write_bytes(b"{}\n")
    (source,) = sources([f"{tmp_path.as_uri()}/a%20b.jsonl"])
    assert not isinstance(source, Finding)
    assert source.path == tmp_path / "a b.jsonl"
