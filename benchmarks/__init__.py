"""Benchmarks: measured side by side in one run and told as ratios; never part of the tests."""
