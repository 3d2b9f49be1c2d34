"""What is an address, and what of it reports may show."""

from __future__ import annotations

import pytest

from quantapilot.inputs.sources import Source
from quantapilot.urls import is_url, local_path, shown_url


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("logs/a.jsonl", "logs/a.jsonl"),
        ("c://logs/a.jsonl", "c://logs/a.jsonl"),
        ("file:///var/log/a%20b.jsonl", "/var/log/a b.jsonl"),
        ("file://localhost/var/log/a.jsonl", "/var/log/a.jsonl"),
        ("file:///C:/logs/a.jsonl", "C:/logs/a.jsonl"),
        ("file://elsewhere/a.jsonl", None),
        ("s3://bucket/a.jsonl", None),
        ("HTTPS://host/a.jsonl", None),
    ],
)
def test_an_argument_is_a_path_unless_a_scheme_says_otherwise(
    argument: str, path: str | None
) -> None:
    assert local_path(argument) == path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/a b?.jsonl", "s3://bucket/a b?.jsonl"),
        ("https://host:8443/a.jsonl?sig=SECRET#SECRET", "https://host:8443/a.jsonl"),
        ("https://SECRET@host/@scope/a", "https://host/@scope/a"),
        ("sftp://me:SECRET@host/a", "sftp://host/a"),
        ("http://me:SE/CR@ET@host/a", "http://host/a"),
        ("http://me:SECRET?#SECRET@host/a", "http://host/a"),
        ("http://[2001:db8::1]:80/a", "http://[2001:db8::1]:80/a"),
        ("abfs://container@account/a", "abfs://container@account/a"),
        ("abfs://me:SECRET@account/a", "abfs://account/a"),
        ("az://container/a?sv=1&sig=SECRET", "az://container/a"),
        ("s3://bucket/2026-1?/h=1?.jsonl", "s3://bucket/2026-1?/h=1?.jsonl"),
        ("simplecache::https://me:SECRET@host/a?sig=SECRET", "https://host/a"),
        ("zip://SECRET::https://me:SECRET@host/a.zip?sig=SECRET", "https://host/a.zip"),
    ],
)
def test_credentials_of_an_address_are_not_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert is_url(url)


def test_a_source_does_not_show_its_address() -> None:
    assert "SECRET" not in repr(Source("http://host/a", None, url="http://me:SECRET@host/a"))
