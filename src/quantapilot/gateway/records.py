"""The gateway's own log: lines of the contract's `LogRecord`, guarded, written by one thread.

Of a request stands there which route of ours it came to, how it was answered and how long that
took. What its sender chose never does: no address, no query, no header, no path.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from contextlib import suppress
from copy import copy
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, Self

import orjson

from quantapilot.gateway.observed import METHODS, OTHER
from quantapilot.guard import JsonFormatter
from quantapilot.guard.lines import line_check
from quantapilot.guard.tracebacks import frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from quantapilot.config import Config
    from quantapilot.gateway.observed import Answered
    from quantapilot.guard.lines import LineCheck

Level = Literal["debug", "info", "warning", "error"]

_ACCESS = "quantapilot.gateway.access"
# It tells more than what goes wrong; of all others that is enough.
_TALKING = "quantapilot"
# It tells addresses and queries.
_SILENT = "uvicorn.access"
# Narrower than the contract: ids of the versions 3 and 5 are made of what a sender chose.
_RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# So many lines wait for a slow disk or terminal; what is more is left out, and counted.
_MOST = 20_000
_AT_ONCE = 512
_KINDS = 4096
_PATIENCE = 5.0


class Records:
    """Writes what this process logs, from `with` on until the block ends.

    Args:
        level: The least severe that is written; requests are told of at `info`.
        stream: Where lines go; standard error where it is None.
        config: Whose contract and rules hold; the settings nearest to the folder we are in where
            it is None.

    Raises:
        ConfigError, ContractError, RuleError: The settings can't be used.
    """

    def __init__(
        self, level: Level = "info", stream: TextIO | None = None, *, config: Config | None = None
    ) -> None:
        self._level = logging.getLevelNamesMapping()[level.upper()]
        self._requests = self._level <= logging.INFO
        self._stream = sys.stderr if stream is None else stream
        self._formatter = JsonFormatter(config=config)
        self._queue: SimpleQueue[str | tuple[float, Answered] | None] = SimpleQueue()
        self._handler = _Handler(self._put, line_check(config))
        self._handler.setFormatter(self._formatter)
        self._before: list[tuple[logging.Logger, int, bool]] = []
        self._thread = threading.Thread(target=self._write, name="quantapilot-log", daemon=True)
        self._dropped = 0
        # What lines of one kind have in common, as the guard has it.
        self._kinds: dict[tuple[str, str, int, str | None], str] = {}
        self._second = -1
        self._stamp = ""

    def __enter__(self) -> Self:
        root, silent = logging.getLogger(), logging.getLogger(_SILENT)
        talking = logging.getLogger(_TALKING)
        self._before = [(each, each.level, each.propagate) for each in (root, silent, talking)]
        root.addHandler(self._handler)
        root.setLevel(max(self._level, logging.WARNING))
        silent.propagate = False
        talking.setLevel(self._level)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        for logger, level, propagates in self._before:
            logger.setLevel(level)
            logger.propagate = propagates
        self._queue.put(None)
        self._thread.join(_PATIENCE)

    def answered(self, request: Answered) -> None:
        """Tell of a request; all but a note of it is made on the writing thread."""
        if self._requests:
            self._put((time.time(), request))

    def _put(self, line: str | tuple[float, Answered]) -> None:
        if self._queue.qsize() < _MOST:
            self._queue.put(line)
        else:
            self._dropped += 1

    def _write(self) -> None:
        going = True
        while going:
            lines = [self._queue.get()]
            with suppress(Empty):
                while len(lines) < _AT_ONCE:
                    lines.append(self._queue.get_nowait())
            going = None not in lines
            texts = [each if isinstance(each, str) else self._line(*each) for each in lines if each]
            if dropped := self._dropped:
                self._dropped -= dropped
                texts.append(self._left_out(dropped))
            # A full disk or a closed pipe is no reason to serve no more.
            with suppress(OSError, ValueError):
                self._stream.write("".join([f"{text}\n" for text in texts]))
                self._stream.flush()

    def _line(self, at: float, request: Answered) -> str:
        method = request.method if request.method in METHODS else OTHER
        kind = (method, request.route, request.status, request.error_code)
        common = self._kinds.get(kind)
        if common is None:
            if len(self._kinds) >= _KINDS:
                self._kinds.clear()
            common = self._kinds[kind] = self._common(*kind)
        second = int(at)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        # A time, a number and a random UUID hold nothing, whatever they are.
        stamp = f"{self._stamp}.{int((at - second) * 1000):03d}Z"
        line = f'{{"timestamp":"{stamp}",{common},"duration_ms":{request.seconds * 1000:.3f}'
        if request.run_id is not None and _RUN_ID.fullmatch(request.run_id):
            line = f'{line},"run_id":"{request.run_id}"'
        return f"{line}}}"

    def _common(self, method: str, route: str, status: int, error_code: str | None) -> str:
        """Return what all lines of one kind have in common, judged once."""
        fields: dict[str, object] = {
            "event": "http.request",
            "status": "ok" if status < 400 else "error",
        }
        if error_code is not None:
            fields["error_code"] = error_code
        payload = orjson.loads(self._formatted(f"{method} {route}: {status}", "INFO", fields))
        del payload["timestamp"]
        return orjson.dumps(payload)[1:-1].decode()

    def _left_out(self, count: int) -> str:
        message = "log lines were left out: more came than could be written"
        return self._formatted(message, "WARNING", {"lines_dropped_count": count})

    def _formatted(self, message: str, level: str, fields: dict[str, object]) -> str:
        number = logging.getLevelNamesMapping()[level]
        record = {"name": _ACCESS, "msg": message, "levelname": level, "levelno": number, **fields}
        return self._formatter.format(logging.makeLogRecord(record))


class _Handler(logging.Handler):
    """Hands lines of loggers to the writing thread, and of exceptions only where they come from.

    The text of one nobody foresaw may hold what was sent, and not all of that looks like anything.
    """

    def __init__(self, put: Callable[[str], None], check: LineCheck) -> None:
        super().__init__()
        self._put = put
        self._check = check

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            # Other handlers may have use for the record as it is.
            record = copy(record)
            record.exc_info, record.exc_text = None, frames(error, self._check)
        self._put(self.format(record))
