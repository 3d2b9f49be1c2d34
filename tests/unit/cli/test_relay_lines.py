"""How far a relay is, in few words."""

from __future__ import annotations

import pytest

from quantapilot.cli.relay import running, told
from quantapilot.relay.relay import Progress, SinkProgress


@pytest.mark.parametrize(
    ("sink", "line"),
    [
        (SinkProgress("a", 1200, more=False), "a: 1,200 delivered"),
        (SinkProgress("a", 5, more=False, reason="status 500"), "a: 5 delivered"),
        (
            SinkProgress("a", 5, waiting=3, more=False, reason="status 500"),
            "a: 5 delivered, 3 waiting (status 500)",
        ),
        (SinkProgress("a", 5, waiting=3, more=True), "a: 5 delivered, 3+ waiting"),
        (
            SinkProgress("a", 5, dead=2, more=False, reason="too large"),
            "a: 5 delivered, 2 dead (too large)",
        ),
        (
            SinkProgress("a", 0, waiting=7, more=False, disabled="status 410"),
            "a: 0 delivered, 7 waiting; the receiver wants no more (status 410)",
        ),
    ],
)
def test_the_last_word_on_a_sink(sink: SinkProgress, line: str) -> None:
    assert told(sink) == line


def test_the_line_of_a_terminal_tells_of_every_sink() -> None:
    sinks = (
        SinkProgress("a", 1200, waiting=500, retrying=2, rate=812.4, reason="status 429"),
        SinkProgress("b", 7, rate=1.0),
    )
    line = running(Progress(sinks), 200)
    assert line == (
        "a: 1,200 delivered, 500 waiting, 2 retrying, 812/s (status 429)"
        " | b: 7 delivered, 0 waiting, 1/s"
    )


def test_the_line_of_a_terminal_never_wraps() -> None:
    line = running(Progress((SinkProgress("a" * 300),)), 80)
    assert len(line) < 80
    assert line.endswith("…")
