"""One at a time, in the order in which they came.

A plain lock may go to the same thread again and again: one that commits triggers without a pause
would keep another from recording deliveries. And who waits in SQLite itself, waits in long steps.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """A lock that serves first who came first."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and keep it for the block."""
        mine = threading.Lock()
        with self._guard:
            if self._taken:
                mine.acquire()
                self._waiting.append(mine)
            self._taken = True
        # It is let go of by the one before.
        with mine:
            try:
                yield
            finally:
                with self._guard:
                    if self._waiting:
                        self._waiting.popleft().release()
                    else:
                        self._taken = False
