"""What is told of an answered request, to metrics and to the log: nothing that its sender chose."""

from __future__ import annotations

from dataclasses import dataclass

# What stands for a method or a route that is not one of ours.
OTHER = "other"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request was answered.

    Attributes:
        route: The template of its route, such as `/runs/{run_id}`; `other` where it has none.
        seconds: How long it took.
        run_id: The run that it was about, where there is one.
        error_code: What went wrong, of the documented codes.
        streamed: Whether the answer was a stream, which takes as long as its client likes.
    """

    method: str
    route: str
    status: int
    seconds: float
    run_id: str | None = None
    error_code: str | None = None
    streamed: bool = False
