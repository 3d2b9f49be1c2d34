"""A signal that asks to end is heard wherever it comes."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

from quantapilot.cli.stopping import Stopping, stopping

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Ends:
    """Is ended by a signal in the middle of its destructor, where nothing can be raised."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_one_that_comes_while_nothing_can_be_raised_still_ends_what_takes_long() -> None:
    def items() -> Iterator[int]:
        yield 1
        Ends()
        time.sleep(20)
        yield 2

    started, asked = time.monotonic(), Stopping()
    with stopping(asked):
        assert list(asked.until_asked(items())) == [1]
    assert asked.by == "SIGTERM"
    assert time.monotonic() - started < 10


def test_one_that_is_to_be_raised_again_does_not_hit_what_comes_behind() -> None:
    hit: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: hit.append(number))
    try:
        with stopping(asked := Stopping()):

            def items() -> Iterator[int]:
                Ends()
                yield 1

            assert list(asked.until_asked(items())) == [1]
        time.sleep(0.1)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert hit == []


def test_what_else_could_not_be_raised_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: told.append(args.exc_value))

    class Broken:
        def __del__(self) -> None:
            raise ValueError("told")

    with stopping(Stopping()):
        Broken()
    assert [str(each) for each in told] == ["told"]
