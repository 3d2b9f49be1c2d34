"""What tests share: a cache folder of its own, no CI around it, and how examples are made up."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path


# Hundreds of tests start the program; each start would compile its sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Rules are compiled on first use, and machines are busy: how long a case takes proves nothing.
settings.register_profile("quantapilot", deadline=None)
settings.load_profile("quantapilot")


_NUMBERS = count()


# Optional: tests/scale runs where there is no xdist.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    # One more than there are cores: many tests wait for programs that they started.
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(autouse=True)
def own_cache(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder that is made only where something is kept: most of the thousands of tests keep none.
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches / str(next(_NUMBERS))))
    for name in ("QP_FINGERPRINT_KEY", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
