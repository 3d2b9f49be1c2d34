"""A run, followed from its first event: each event once, through every connection that is lost.

The stream is opened before what came earlier is asked for, so that nothing falls between the two.
"""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from quantapilot.errors import GatewayError, GatewayUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from quantapilot.client.gateway import Gateway, Heard
    from quantapilot.client.patience import Patience

# A connection that held for so many seconds was a good one.
_STEADY = 20.0


def followed(
    gateway: Gateway,
    run_id: str,
    patience: Patience,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Heard, None, None]:
    """Yield the events of a run as they come; it ends only by an error.

    Args:
        gateway: Where the run is.
        run_id: The run.
        patience: For how long a lost connection is tried to be made again.
        clock: Returns seconds.

    Raises:
        GatewayError: It can't be listened to any more.
    """
    seen: set[str] = set()
    last: str | None = None
    while True:
        opened = clock()
        fault: GatewayError
        try:
            with gateway.listening(run_id, last) as coming:
                for heard in chain(gateway.told(run_id, last), coming):
                    if heard.id not in seen:
                        seen.add(heard.id)
                        last = heard.id
                        patience.renew()
                        yield heard
            fault = GatewayUnavailableError(f"{gateway.url} has ended the stream")
        except GatewayError as error:
            fault = error
        if clock() - opened >= _STEADY:
            patience.renew()
        patience.wait(fault)
