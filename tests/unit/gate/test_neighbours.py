"""A value that the one before it names: in a pair of name and value, and behind a flag."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

DETECTOR = Detector(load_rules())
INSPECTOR = Inspector(DETECTOR, None)

FOUND = [
    {"env": [{"name": "DB_PASSWORD", "value": "8fJ$kd02Lw!8"}]},
    {"headers": [{"name": "X-Api-Key", "value": "0f1e2d3c4b5a6978"}]},
    {"set": {"key": "api_token", "value": "a1b2c3d4e5f6"}},
    {"args": ["deploy", "--password", "hunter2", "--env", "prod"]},
    {"argv": ["run", "--api-token", "a1b2c3d4e5f6"]},
]
PASSED = [
    {"env": [{"name": "DB_HOST", "value": "db-1"}, {"name": "RETRIES", "value": "12"}]},
    {"env": [{"name": "DB_PASSWORD", "value": "***"}]},
    {"env": [{"name": "API_TOKEN", "value": "vault:ci/token"}]},
    {"env": [{"name": "DB_PASSWORD"}, {"value": "8fJ$kd02Lw!8"}]},
    {"args": ["deploy", "--password-file", "/run/secrets/db", "--env", "prod"]},
    {"args": ["tokens", "a1b2c3d4e5f6"]},
]


@pytest.mark.parametrize("record", FOUND, ids=range(len(FOUND)))
def test_a_value_named_by_its_neighbour_is_found(record: dict[str, Any]) -> None:
    for line in (json.dumps(record), json.dumps(record, separators=(",", ":"))):
        assert DETECTOR.candidates(line.encode()) == [0]
        assert INSPECTOR.search(record) is None
        found = list(INSPECTOR.json(Text("x", line)))
        assert [each.pii_class for each in found] == ["token"]


@pytest.mark.parametrize("record", PASSED, ids=range(len(PASSED)))
def test_a_value_named_otherwise_passes(record: dict[str, Any]) -> None:
    assert list(INSPECTOR.json(Text("x", json.dumps(record)))) == []
