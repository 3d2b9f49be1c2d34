"""A gateway that is asked to end: it finishes what it has begun, and closes its store."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.gateways import Gateway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_asked_to_end_ends_its_streams_and_closes_its_store(
    by: int, tmp_path: Path
) -> None:
    with Gateway(str(tmp_path / "store.db"), tmp_path) as gateway:
        gateway.register()
        token = gateway.token()
        with gateway.stream(token) as stream:
            run_id = gateway.run(token)
            first = stream.next()
            assert first is not None
            assert first["data"]["run_id"] == run_id
            # What a store that is not closed leaves behind.
            left = tmp_path / "store.db-wal"
            assert left.exists()
            assert gateway.stop(by) == 0
            assert stream.next() is None
        assert not left.exists()
        gateway.start()
        assert gateway.call("GET", f"/runs/{run_id}", token).json["state"] == "running"
