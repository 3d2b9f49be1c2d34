"""Inputs in an object store: a server of S3 whose user may read one bucket of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.program import call
from tests.remote_servers import CLEAN, LEAK, own_connections, s3_server

from quantapilot.inputs.remote import open_url, size_of_url

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    logs = {f"logs/2026-{day}.jsonl": LEAK for day in ("11-01", "11-02", "10-31")}
    opened = logs | {"logs/deep/a.jsonl": CLEAN, "large.jsonl": CLEAN * 4000 + LEAK}
    with s3_server({"opened": opened, "closed": {"a.jsonl": LEAK}}, "opened") as environment:
        yield environment


@pytest.fixture
def _reader(store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    with own_connections():
        yield


@pytest.mark.usefixtures("_reader")
def test_a_bucket_without_permission_is_said_and_the_rest_is_checked() -> None:
    code, out, err = call(
        "scan",
        "s3://closed/a.jsonl",
        "s3://closed/logs/*.jsonl",
        "s3://opened/logs/2026-11-*.jsonl",
        "s3://opened/missing.jsonl",
        "s3://opened/logs/deep/",
    )
    assert code == 4
    told = [line.split() for line in out.splitlines() if line.startswith("s3:")]
    assert [(where, rule) for where, _, rule, *_ in told] == [
        ("s3://closed/a.jsonl", "input/unreadable"),
        ("s3://closed/logs/", "input/unreadable"),
        ("s3://opened/logs/2026-11-01.jsonl:1:20", "pii/email"),
        ("s3://opened/logs/2026-11-02.jsonl:1:20", "pii/email"),
        ("s3://opened/missing.jsonl", "input/missing-file"),
    ]
    assert "the server does not allow it" in out
    assert "checked 3 files, 3 documents" in out
    assert not err


@pytest.mark.usefixtures("_reader")
def test_a_part_of_an_object_is_read_from_where_it_begins() -> None:
    url = "s3://opened/large.jsonl"
    size = len(CLEAN) * 4000 + len(LEAK)
    assert size_of_url(url) == size
    with open_url(url) as stream:
        assert stream.seek(size - len(LEAK)) == size - len(LEAK)
        assert stream.read() == LEAK


@pytest.mark.usefixtures("_reader")
def test_no_credentials_and_no_place_in_a_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, out, _ = call("scan", "s3://opened/logs/2026-11-01.jsonl")
    assert (code, "there are no credentials for it" in out) == (4, True)
    code, _, err = call("baseline", "create", "s3://opened/logs")
    assert (code, "not at addresses" in err) == (2, True)
