"""What tests of whole parts share: servers that are started once, where something asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.postgresql_server import PostgresqlServer, postgresql_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with postgresql_server() as server:
        yield server
