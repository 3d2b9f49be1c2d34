"""HTTP as the gateway's server speaks it: uvicorn's, with limits on what a connection may cost.

A client that sends its request slowly, or without an end, or that does not read its answer, would
hold a connection for as long as it likes; and what is no HTTP is answered as all else is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from quantapilot.errors import QuantaPilotError
from quantapilot.gateway.problems import HEADERS, MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import ServerState

_NO_HTTP = "the request is not valid HTTP/1.1"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may cost; of a connection that waits for a request, uvicorn decides.

    Attributes:
        head_seconds: How long the head of a request may take.
        body_seconds: How long the rest of it may take after that.
        head_bytes, headers: How large it may be, and of how many headers. So much may also stand
            between two parts of a body, or behind its last one.
        unread_seconds: How long a client may leave an answer unread, once buffers are full.
        linger: For how long the rest of a refused request is read and thrown away: a client that
            is still sending would not see why, if its connection was reset.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    head_bytes: int = 32 << 10
    headers: int = 100
    unread_seconds: float = 60.0
    linger: float = 2.0


class _HeadError(QuantaPilotError):
    """The head of a request is not what it may be; the text is what is answered."""


def limited(limits: ConnectionLimits | None = None) -> type[asyncio.Protocol]:
    """Return what uvicorn is to speak HTTP with: its setting `http`.

    Args:
        limits: What a connection may cost.
    """
    made = partial(GatewayProtocol, limits=limits or ConnectionLimits())
    # It is only ever called, and as a partial it can be sent to other processes.
    return cast("type[asyncio.Protocol]", made)


class GatewayProtocol(HttpToolsProtocol):
    """One connection.

    Args:
        config, server_state, app_state, _loop: What uvicorn gives.
        limits: What the connection may cost.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        # Whether what comes next belongs to a head, and how much of it was read.
        self._in_head = True
        self._head_read = 0
        # How much was read of a body that is no part of it: lengths of chunks, and trailers.
        self._aside_read = 0
        self._begun = 0
        self._completed = 0
        self._asked = False
        self._refused = False
        self._fault = _NO_HTTP
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        self._expect_nothing()
        self._resumed()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it was refused or has become too much."""
        if self._refused or self.transport.is_closing():
            return
        begun, completed = self._begun, self._completed
        self._aside_read += len(data)
        super().data_received(data)
        if self._aside_read > self._limits.head_bytes and not self._in_head and not self._refused:
            self._refuse("BAD_REQUEST", "what stands beside a request's body is too large")
        elif self._reads_head():
            if begun != self._begun:
                # What of this belongs to the head is not known; it counts from the next read on.
                self._head_read = 0
            else:
                self._head_read += len(data)
            if self._head_read > self._limits.head_bytes:
                self._refuse("BAD_REQUEST", self._too_large())
            elif self._late is None and (begun != self._begun or completed == self._completed):
                self._expect_head()
        elif self._late is None and not self._in_head and not self._refused:
            # Most bodies come together with their heads, and never get here.
            self._expect_body()

    def on_message_begin(self) -> None:
        """Begin with a head."""
        super().on_message_begin()
        self._begun += 1
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one behind a body is none (RFC 9110, section 6.5.1), and is not kept."""
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._aside_read = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Judge the head, and have it answered.

        Raises:
            _HeadError: It is too large, or has not one `Host` (RFC 9112, section 3.2).
        """
        self._in_head = False
        self._head_read = 0
        self._aside_read = 0
        self._expect_nothing()
        headers = self.headers
        size = len(self.url) + sum(map(len, chain.from_iterable(headers)))
        hosts = [name for name, _ in headers].count(b"host")
        if size > self._limits.head_bytes or len(headers) > self._limits.headers:
            self._fault = self._too_large()
            raise _HeadError(self._fault)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._fault = "the request has not one Host header"
            raise _HeadError(self._fault)
        super().on_headers_complete()
        self._asked = True

    def on_message_complete(self) -> None:
        """End a message; the next head is waited for here where it was answered before its end."""
        super().on_message_complete()
        self._completed += 1
        self._in_head = True
        self._expect_nothing()
        if self.cycle.response_complete:
            self._expect_head()

    def on_response_complete(self) -> None:
        """End an answer; what still comes of its request is not read for long."""
        super().on_response_complete()
        if self._lingers():
            self._expect_nothing()
            self._late = self.loop.call_later(self._limits.linger, self.transport.close)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 ours tells the same
        """Answer what is no HTTP, or has a head that is refused."""
        self._refuse("BAD_REQUEST", self._fault)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on, as the client does read."""
        super().resume_writing()
        self._resumed()

    def _too_large(self) -> str:
        limits = self._limits
        return f"a request's head may have {limits.head_bytes} bytes and {limits.headers} headers"

    def _reads_head(self) -> bool:
        return self._in_head and not self._refused and not self.transport.is_closing()

    def _answering(self) -> bool:
        return self._asked and not self.cycle.response_complete

    def _lingers(self) -> bool:
        """Return whether a request was answered before its end."""
        return self._asked and self.cycle.response_complete and self.cycle.more_body

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(self._limits.head_seconds, self._head_is_late)

    def _expect_body(self) -> None:
        self._late = self.loop.call_later(self._limits.body_seconds, self._body_is_late)

    def _expect_nothing(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _resumed(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _head_is_late(self) -> None:
        self._late = None
        if self._answering():
            # The answer to the request before is not to be cut short.
            self.cycle.keep_alive = False
        elif self._begun > self._completed:
            self._refuse_late("head", self._limits.head_seconds)
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        self._late = None
        if self.pipeline:
            # It is not read before the requests before it are answered.
            self._expect_body()
        else:
            self._refuse_late("body", self._limits.body_seconds)

    def _refuse_late(self, part: str, seconds: float) -> None:
        self._refuse("REQUEST_TIMEOUT", f"a request's {part} may take {seconds:g} seconds")

    def _refuse(self, code: str, message: str) -> None:
        """Answer that the request can't be taken, and read no further."""
        self._refused = True
        if self._lingers():
            # It is answered already; until its connection ends, what comes is thrown away.
            return
        self._expect_nothing()
        if self._answering() and not self._withdrawn():
            return
        self.transport.write(_answer(ProblemError(code, message)))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._late = self.loop.call_later(self._limits.linger, self.transport.close)

    def _withdrawn(self) -> bool:
        """Take the last request back from the application, where that can be and has to be."""
        cycle = self.cycle
        if not cycle.more_body:
            # It was good, and is answered; what is refused came behind it.
            cycle.keep_alive = False
            return False
        if self.pipeline or cycle.response_started:
            # Whatever was written now would stand in the middle of an answer.
            self.transport.close()
            return False
        cycle.disconnected = True
        cycle.message_event.set()
        return True


def _answer(problem: ProblemError) -> bytes:
    """Return the bytes of an answer that never gets to the application."""
    status, body = HTTPStatus(problem.problem.status), problem.body
    headers = {
        **HEADERS,
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + body
