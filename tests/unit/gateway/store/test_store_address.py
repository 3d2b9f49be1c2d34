"""Addresses of stores: what they name, and that no message shows a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import StoreError
from quantapilot.gateway.store.address import address

if TYPE_CHECKING:
    from pathlib import Path


def test_a_path_and_its_url_name_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path.resolve() / "a store.db"
    for text in (file, str(file), f"sqlite:///{file}", "a store.db", "sqlite:///a store.db"):
        found = address(text)
        assert (found.path, found.name) == (file, str(file))
        assert found.url.database == str(file)


@pytest.mark.parametrize("kind", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_is_named_by_host_and_database_only(kind: str) -> None:
    found = address(f"{kind}://someone:hush@db.example:5433/gateway?sslpassword=hush&options=-cx")
    assert found.name == "postgresql://db.example:5433/gateway"
    assert found.path is None
    assert found.url.password == "hush"
    assert found.url.drivername == "postgresql+psycopg"
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file.db?mode=hush",
        "mysql://someone:hush@db.example/gateway",
        "postgresql+asyncpg://someone:hush@db.example/gateway",
        "postgresql://someone:hush@db.example:port/gateway",
        "://hush",
        "redis://hush",
        # Typed with a slash too many or too few, or with a password that is not escaped.
        "postgresql:///someone:hush@db.example/gateway",
        "postgresql:/someone:hush@db.example/gateway",
        "postgresql://some/one:hush@db.example/gateway",
        "postgresql://someone:top@hush@db.example/gateway",
    ],
)
def test_another_address_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(StoreError) as caught:
        address(text)
    assert "hush" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
