"""What tests share: a cache folder of its own, no CI around it, and how examples are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path


# Rules are compiled on first use, and machines are busy: how long a case takes proves nothing.
settings.register_profile("quantapilot", deadline=None)
settings.load_profile("quantapilot")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    for name in ("QP_FINGERPRINT_KEY", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
