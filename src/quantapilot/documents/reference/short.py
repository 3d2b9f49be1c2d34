"""Short names of events: without the beginning that all of them share."""

from __future__ import annotations

from os.path import commonprefix
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def shortened(names: Iterable[str]) -> dict[str, str]:
    """Return names by themselves, those of dotted ones without what they all begin with."""
    given = list(names)
    dotted = [name for name in given if "." in name and " " not in name]
    shared = commonprefix(dotted).rpartition(".")
    cut = len(shared[0]) + len(shared[1]) if len(dotted) > 1 else 0
    return {name: name[cut:] if name in dotted else name for name in given}
