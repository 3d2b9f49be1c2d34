"""docs/access.md tells all scopes and all limits, as they are."""

from __future__ import annotations

from dataclasses import fields

from tests.integration.test_docs import DOCS, rows

from quantapilot.gateway.limits import LimitSettings
from quantapilot.gateway.model import SCOPES

PAGE = DOCS / "access.md"


def test_every_scope_is_told() -> None:
    assert tuple(rows(PAGE, "scope")) == SCOPES


def test_every_limit_is_told_with_its_default() -> None:
    told = {name: cells[0].strip("`") for name, cells in rows(PAGE, "limit").items()}
    assert told == {each.name: each.default for each in fields(LimitSettings)}
