"""Random ids, hashes and times are no finding: the small form of benchmarks/quiet.py."""

from __future__ import annotations

import pytest
from benchmarks.quiet import run


@pytest.mark.parametrize("seed", [1, 2])
def test_random_ids_hashes_and_times_in_log_lines_are_no_finding(seed: int) -> None:
    counts = {"uuid": 50_000, "hash": 5_000, "stamp": 5_000, "number": 5_000}

    quiet = run(counts, seed)

    assert quiet.lines > 20_000
    assert not quiet.by_rule
