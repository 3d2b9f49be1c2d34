"""Webhooks: each event is one signed POST, and only the status of the answer counts.

CloudEvents go in structured mode (HTTP Protocol Binding 1.0.2, section 3.2), all are signed as
Standard Webhooks. The receiver is trusted with nothing: not with where it is, how much it answers,
how long it takes, or what stands in it.
"""

from __future__ import annotations

import asyncio
import io
import re
import ssl
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, istr
from yarl import URL

import quantapilot
from quantapilot.errors import SecretError, SignatureError, SinkError
from quantapilot.signing import Signer
from quantapilot.sinks.addresses import Reach, RefusedAddressError, is_public, socket_factory
from quantapilot.sinks.retry_after import retry_after
from quantapilot.sinks.sink import Dead, Delivered, Disabled, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.sinks.sink import Message, Outcome, SinkOptions

IN_FLIGHT = 32
_ANSWER = 4096
# How long the rest of an answer is waited for, so that its connection can be used again.
_REST = 1.0
# Node and uvicorn close after 5 seconds; what is sent just then would be lost and sent again.
_KEPT_ALIVE = 4.0
# What aiohttp would rather be given as a file than as bytes.
_LARGE = 1 << 20

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\\]")

# A host whose last part is a number is an IPv4 address, whole or not (WHATWG URL, section 3.5).
_NUMBER = re.compile(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?\Z")

# What signing refuses is refused there.
_SENDABLE = re.compile(r"[!-~]{1,256}")

_CHARSET = "; charset=utf-8"
_JSON = "application/json"

_KIND = istr("content-type")
_ID = istr("webhook-id")
_TIMESTAMP = istr("webhook-timestamp")
_SIGNATURE = istr("webhook-signature")
_TAKEN = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
_DELIVERED = Delivered()


class _Answer(aiohttp.ClientResponse):
    """An answer whose connection ends at once when it is closed.

    Else a receiver that takes nothing would keep what was to be sent, and its connection, for ever.
    """

    def close(self) -> None:
        connection = self.connection
        transport = None if connection is None else connection.transport
        super().close()
        if transport is not None:
            transport.abort()


class WebhookSink:
    """Sends each event to one address."""

    batch = 1

    def __init__(self, url: URL, options: SinkOptions, reach: Reach) -> None:
        self._url = url
        self._options = options
        self._reach = reach
        self._signer = Signer(options.secrets) if options.secrets else None
        self._headers = CIMultiDict(
            {
                # Said, as aiohttp would else ask for compressed answers, which nobody unpacks here.
                "accept": "*/*",
                "accept-encoding": "identity",
                "user-agent": f"quantapilot-contract/{quantapilot.__version__}",
            }
        )
        if options.header is not None:
            self._headers[options.header[0]] = options.header[1]
        self._session: aiohttp.ClientSession | None = None
        self.in_flight = options.in_flight or IN_FLIGHT
        # The path tells receivers of one host apart; what may be secret, the query, stays out.
        self.name = f"{url.scheme}://{url.host_port_subcomponent}{url.raw_path}"

    def __repr__(self) -> str:
        return f"<webhook {self.name}>"

    async def open(self) -> None:
        """Make ready to send; connections are made when they are needed."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self.in_flight,
                keepalive_timeout=_KEPT_ALIVE,
                socket_factory=socket_factory(self._reach),
                ssl=self._options.tls or True,
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_ANSWER,
            response_class=_Answer,
            # From the threshold on aiohttp would round up to whole seconds.
            timeout=aiohttp.ClientTimeout(
                total=self._options.deadline, ceil_threshold=float("inf")
            ),
            trust_env=False,
        )

    async def send(self, batch: Sequence[Message]) -> Sequence[Outcome]:
        """Send messages one after the other, and return what became of each.

        Raises:
            SinkError: The sink is not open.
        """
        return [await self._deliver(message) for message in batch]

    async def ask(self, message: Message) -> tuple[Outcome, bytes]:
        """Send a question in JSON, signed as an event is, and return what was answered to it.

        Args:
            message: What is asked.

        Returns:
            What became of it, and the body of the answer, which nothing vouches for: none where
            it is longer than 4 KiB.

        Raises:
            SinkError: The sink is not open.
        """
        answer = await self._posted(message, _JSON)
        if not isinstance(answer, aiohttp.ClientResponse):
            return answer, b""
        try:
            return _outcome(answer), await _short(answer)
        except _FAILURES as error:
            return Retry(_reason(error)), b""
        finally:
            answer.close()

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _deliver(self, message: Message) -> Outcome:
        answer = await self._posted(message, message.media_type + _CHARSET)
        if not isinstance(answer, aiohttp.ClientResponse):
            return answer
        try:
            await _finish(answer)
            return _outcome(answer)
        finally:
            answer.release()

    async def _posted(self, message: Message, kind: str) -> aiohttp.ClientResponse | Retry | Dead:
        """Return the answer, of which only the head has come, or why there is none."""
        if self._session is None:
            raise SinkError(f"{self.name} is not open: nothing can be sent")
        headers = self._headers.copy()
        headers[_KIND] = kind
        headers[_ID] = message.id
        now = int(time.time())
        headers[_TIMESTAMP] = str(now)
        if self._signer is not None:
            try:
                headers[_SIGNATURE] = self._signer.sign(message.id, now, message.body)
            except SignatureError as error:
                return Dead(error.reason)
        elif not _SENDABLE.fullmatch(message.id):
            return Dead("bad-id")
        body = message.body if len(message.body) <= _LARGE else io.BytesIO(message.body)
        try:
            return await self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            )
        except (*_FAILURES, RuntimeError) as error:
            # uvloop tells by a RuntimeError of a connection that ended before it was written to.
            # Neither its text nor itself goes on: it may show the address, or what was answered.
            return Retry(_reason(error))


def from_url(url: str, options: SinkOptions) -> WebhookSink:
    """Return the sink for an address `https://host/path`, or `http:` within a private network.

    Raises:
        SinkError: The address or an option can't be used; the text shows neither.
    """
    parsed = _parsed(url)
    _check(options)
    reach = _reach(parsed, options)
    try:
        return WebhookSink(parsed, options, reach)
    except SecretError as error:
        # It says which secret, and shows nothing of it.
        raise SinkError(f"{error} (QP_WEBHOOK_SECRETS)") from None


def _parsed(url: str) -> URL:
    parsed = None
    if not _CONTROL.search(url):
        try:
            parsed = URL(url)
            known = parsed.scheme in {"http", "https"} and parsed.host and parsed.port
        except ValueError:
            known = None
        parsed = parsed if known else None
    if parsed is None:
        raise SinkError("the address of a webhook is not of the form https://host/path")
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise SinkError(
            "the address of a webhook holds credentials: give a header, or sign with"
            " QP_WEBHOOK_SECRETS, and take them out"
        )
    return parsed.with_fragment(None)


def _check(options: SinkOptions) -> None:
    if not options.secrets and options.header is None:
        raise SinkError(
            "nothing tells a receiver who sends: give secrets (QP_WEBHOOK_SECRETS),"
            " or a header (QP_WEBHOOK_HEADER)"
        )
    if options.header is not None:
        name, value = options.header
        if not _TOKEN.fullmatch(name) or name.lower() in _TAKEN:
            raise SinkError("the webhook's header has a name that can't be used: choose another")
        if not _VALUE.fullmatch(value):
            raise SinkError("the webhook's header has a value that is empty or not plain ASCII")
    if not 0 < options.deadline < float("inf"):
        raise SinkError("the deadline of a delivery is not a number of seconds above 0")
    if options.in_flight is not None and options.in_flight < 1:
        raise SinkError("the most deliveries at a time is not a number above 0")


def _reach(url: URL, options: SinkOptions) -> Reach:
    if url.scheme == "http" and not options.allow_private:
        raise SinkError(
            "a webhook over http: can be read on its way: use https:, or allow private addresses"
            " if the receiver is in this network"
        )
    reach: Reach = "public"
    if options.allow_private:
        reach = "private" if url.scheme == "http" else "any"
    host = url.host or ""
    try:
        ip_address(host)
    except ValueError:
        if _NUMBER.search(host):
            raise SinkError(
                "the webhook's address is a number in an unusual form: write it as four numbers"
                " with dots, or by name"
            ) from None
        # A name is judged by where it leads, whenever it is connected to.
        return reach
    if reach != "any" and is_public(host) != (reach == "public"):
        raise SinkError(
            "the webhook's address is not public: allow private addresses if that is meant"
            if reach == "public"
            else "a webhook over http: can be read on its way: use https: for a public address"
        )
    return reach


async def _finish(answer: aiohttp.ClientResponse) -> None:
    """Read the rest of an answer, so that its connection can be used again, if that is cheap."""
    content = answer.content
    if content.at_eof():
        return
    try:
        async with asyncio.timeout(_REST):
            left = _ANSWER
            while chunk := await content.readany():
                left -= len(chunk)
                if left < 0:
                    answer.close()
                    break
    except _FAILURES:
        # What it decided stands in its status; the connection is of no use any more.
        answer.close()


async def _short(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body of an answer that is short; nothing of a longer one."""
    body = b""
    while len(body) <= _ANSWER and (chunk := await answer.content.readany()):
        body += chunk
    return body if len(body) <= _ANSWER else b""


def _outcome(answer: aiohttp.ClientResponse) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return _DELIVERED
    if status == 410:
        return Disabled("status 410")
    # A status is three digits by RFC 9110, section 15; others are shown as none.
    reason = f"status {status}" if 100 <= status <= 599 else "bad answer"
    return Retry(reason, retry_after(answer.headers.get("retry-after")))


def _reason(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    for kinds, reason in _REASONS:
        if isinstance(error, kinds) or isinstance(cause, kinds):
            return reason
    return "connection failed"


# The first that fits counts.
_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (TimeoutError, "timeout"),
    ((RefusedAddressError, aiohttp.InvalidURL), "address not allowed"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (
        (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError),
        "tls",
    ),
    (ConnectionRefusedError, "connection refused"),
    (aiohttp.ClientConnectorError, "unreachable"),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError),
        "reset",
    ),
    (
        (aiohttp.ClientResponseError, aiohttp.ClientPayloadError, HttpProcessingError, ValueError),
        "bad answer",
    ),
)
