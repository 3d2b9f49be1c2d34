"""A relay on an event loop and a thread of its own: for applications with and without asyncio."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from quantapilot.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.relay.progress import Progress
    from quantapilot.relay.relay import Relay

_LOG = logging.getLogger(__name__)


class RelayThread:
    """Runs a relay until it is stopped."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name="quantapilot-relay-loop", daemon=True
        )

    def start(self, timeout: float = 5.0) -> None:
        """Begin to deliver.

        Args:
            timeout: How many seconds to wait at most until it is known whether the sinks can be
                used; after that, `stop` and `progress` tell.

        Raises:
            OutboxError, SinkError: What ended the relay at once.
            RuntimeError: It was started before.
        """
        self._thread.start()
        if self._relay.began(timeout) and not self._relay.progress.running:
            self._thread.join()
            self._raise()

    def stop(self, timeout: float | None = 30.0, *, linger: float = 0.0) -> bool:
        """Stop, and wait until what was under way is recorded.

        Args:
            timeout: How many seconds to wait at most, those of `linger` not counted.
            linger: Seconds in which all that waits may still be delivered.

        Returns:
            Whether it ended in time.

        Raises:
            OutboxError, SinkError: What ended the relay before it was to; raised once.
        """
        if self._thread.ident is None:
            return True
        self._relay.stop(linger=linger)
        most = threading.TIMEOUT_MAX
        self._thread.join(None if timeout is None else min(timeout + linger, most))
        self._raise()
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether it delivers."""
        return self._thread.is_alive()

    @property
    def progress(self) -> Progress:
        """How far it is; `failure` says why it ended where nobody stopped it."""
        return self._relay.progress

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._relay.run())
        except BaseException as error:  # noqa: BLE001
            self._error = error
            # Who never calls `stop` must learn it too.
            _LOG.error("the relay ended: %s", shown(error))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the quickest event loop that is installed; None for Python's own."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
