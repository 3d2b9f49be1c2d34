"""The gateway's own log: JSON lines of the contract's `LogRecord`, guarded, written by one thread.

Of a request stands there which route of ours it came to, how it was answered and how long that
took. What its sender chose never does: no address, no query, no header, no path.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from quantapilot.guard import JsonFormatter

if TYPE_CHECKING:
    from typing import TextIO

    from quantapilot.config import Config

ACCESS = "quantapilot.gateway.access"
# What is written here and nowhere else; uvicorn's log of requests has addresses, and is not.
_LOGGERS = ("quantapilot", "uvicorn", "uvicorn.error", "asyncio")
_SILENT = "uvicorn.access"
_RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# So many lines wait for a slow disk or terminal; what is more is left out, and counted.
_MOST = 20_000
_AT_ONCE = 512
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request was answered.

    Attributes:
        route: The template of its route, such as `/runs/{run_id}`; a word of ours where it has
            none. Both this and `method` have to be of a closed set.
        seconds: How long it took.
        run_id: The run that it was about, where there is one.
        error_code: What went wrong, of the documented codes.
    """

    method: str
    route: str
    status: int
    seconds: float
    run_id: str | None = None
    error_code: str | None = None
