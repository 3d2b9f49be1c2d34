"""Which version a file needs after its changes."""

from __future__ import annotations

import pytest

from quantapilot.compat.versions import Level, VersionHint, level_of, needed, parsed


@pytest.mark.parametrize(
    ("old", "level", "least"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("0.1.0", "major", "0.2.0"),
        ("0.1.4", "minor", "0.1.5"),
        ("0.1.4", "patch", "0.1.5"),
        ("1.2.3-rc.1", "minor", "1.3.0"),
    ],
)
def test_a_version_rises_by_how_much_changed(old: str, level: Level, least: str) -> None:
    assert needed(old, level) == least


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "01.2.3", 1.2, None, ""])
def test_what_is_no_version_asks_for_nothing(version: object) -> None:
    assert parsed(version) is None
    assert VersionHint("f", "x-version", "next", "next", "major", None).enough


def test_the_worst_change_decides() -> None:
    assert level_of(["compatible", "privacy"]) == "major"
    assert level_of(["compatible"]) == "minor"
    assert level_of([]) == "patch"
    assert not VersionHint("f", "x-version", "0.1.0", "0.1.9", "major", "0.2.0").enough
    assert not VersionHint("f", "x-version", "0.1.0", None, "major", "0.2.0").enough
    assert VersionHint("f", "x-version", "0.1.0", "0.10.0", "major", "0.2.0").enough
