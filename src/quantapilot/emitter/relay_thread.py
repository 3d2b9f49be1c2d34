"""A relay on an event loop and a thread of its own: for applications with and without asyncio."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING

from quantapilot.errors import QuantaPilotError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.emitter.relay import Relay
    from quantapilot.emitter.relay_progress import Progress

_LOG = logging.getLogger(__name__)
# Seconds between two looks at how far it is.
_GLANCE = 0.01


class RelayThread:
    """Runs a relay until it is stopped."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name="quantapilot-relay-loop", daemon=True
        )

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            RuntimeError: It was started before.
        """
        self._thread.start()

    def stop(self, timeout: float | None = 30.0) -> bool:
        """Stop, and wait until what was under way is recorded.

        Args:
            timeout: How many seconds to wait at most.

        Returns:
            Whether it ended in time.

        Raises:
            OutboxError, SinkError: What ended the relay before it was to; raised once.
        """
        if self._thread.ident is None:
            return True
        self._relay.stop()
        self._thread.join(timeout)
        error, self._error = self._error, None
        if error is not None:
            raise error
        return not self._thread.is_alive()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is left to deliver to any sink that still wants events.

        Args:
            timeout: How many seconds to wait at most.

        Returns:
            Whether that came about in time.
        """
        until = time.monotonic() + timeout
        while self.alive:
            if self._relay.settled():
                return True
            if time.monotonic() >= until:
                break
            time.sleep(_GLANCE)
        return False

    @property
    def alive(self) -> bool:
        """Whether it delivers."""
        return self._thread.is_alive()

    @property
    def progress(self) -> Progress:
        """How far it is; `failure` says why it ended where nobody stopped it."""
        return self._relay.progress

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._relay.run())
        except BaseException as error:  # noqa: BLE001
            self._error = error
            # Who never calls `stop` must learn it too. Only our own errors show no value.
            known = isinstance(error, QuantaPilotError)
            _LOG.error("the relay ended: %s", error if known else type(error).__name__)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
