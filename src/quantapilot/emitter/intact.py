"""Is everything there that was acknowledged, and as it was?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def check_open(path: Path) -> None:
    """PLACEHOLDER."""
