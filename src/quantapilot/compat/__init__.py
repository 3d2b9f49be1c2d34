"""Compatibility: what a change of a schema breaks, with a value that shows it."""
