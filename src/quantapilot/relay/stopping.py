"""What ends a program that runs until it is asked to: the signals of a terminal and of a system."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def asked_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Have `stop` called when the process is asked to end while the block runs.

    Who asks once more does not want to wait: that ends the process as it would without us. To be
    used on the event loop of the main thread.

    Args:
        stop: Called on the event loop, once.
    """
    loop = asyncio.get_running_loop()

    def asked() -> None:
        let_go()
        stop()

    def let_go() -> None:
        for each in _SIGNALS:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(each)

    for each in _SIGNALS:
        # Windows has none: there, an interrupt ends the process at once.
        with suppress(NotImplementedError):
            loop.add_signal_handler(each, asked)
    try:
        yield
    finally:
        let_go()
