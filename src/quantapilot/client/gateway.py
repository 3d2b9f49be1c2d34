"""The gateway as its clients see it: a run is started, looked at, and listened to.

What answers is trusted with nothing: not with how much it answers, how long it takes, where it
would rather be asked, or what stands in it.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import httpx
import httpx_sse
import orjson

import quantapilot
from quantapilot.client.address import gateway_url, is_plain, must_stay_inside
from quantapilot.client.answers import Call, document, error, is_uuid, unexpected
from quantapilot.errors import GatewayUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What an answer, or one event of a stream, may have at most.
_MOST = 1 << 20
_PAGE = 100
_TRIGGER = Call(
    "POST",
    "/run",
    "run:trigger",
    "there is no gateway at the address, or it takes triggers elsewhere (--url, or QP_URL)",
)
_NO_RUN = "there is no such run, or the token is not granted its project"


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as a gateway tells it; nothing of it but its id is known to be fit to be shown."""

    id: str
    type: str
    event: Mapping[str, Any]

    @property
    def data(self) -> Mapping[str, Any]:
        """Return its payload."""
        data = self.event.get("data")
        return data if isinstance(data, dict) else {}


class Gateway:
    """A gateway, and the token that it is asked with; to be used within `with`."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 15.0, silence: float = 60.0
    ) -> None:
        """Take where it is.

        Args:
            url: Its address.
            token: As `quantapilot.client.credentials.token` gives it.
            timeout: For how many seconds one answer is waited for.
            silence: After how many seconds without an event or a sign of life a stream is lost.

        Raises:
            GatewayError: The address can't be used, or the token could be read on its way there.
        """
        self.url = gateway_url(url)
        must_stay_inside(self.url)
        self._timeout = timeout
        self._silence = silence
        self._client = httpx.Client(
            base_url=self.url,
            headers={
                "authorization": f"Bearer {token}",
                "accept-encoding": "identity",
                "user-agent": f"quantapilot-contract/{quantapilot.__version__}",
            },
            timeout=timeout,
            follow_redirects=False,
            # A proxy would get to see what goes over plain http.
            trust_env=not is_plain(self.url),
        )

    def __repr__(self) -> str:
        return f"<gateway {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def trigger(self, request: Mapping[str, str], idempotency_key: str) -> dict[str, str]:
        """Start a run, and return `RunAccepted`.

        Args:
            request: A `RunRequest`.
            idempotency_key: The same for every try: so that one run comes of all of them.

        Raises:
            GatewayError: The run was not started, or nobody knows; its kinds tell why.
        """
        headers = {"content-type": "application/json", "idempotency-key": idempotency_key}
        answer = self._asked(_TRIGGER, 202, content=orjson.dumps(request), headers=headers)
        accepted = {
            key: answer[key] for key in ("run_id", "correlation_id") if is_uuid(answer.get(key))
        }
        if "run_id" not in accepted:
            raise unexpected(_TRIGGER, "without the id of a run")
        return accepted

    def run(self, run_id: str) -> dict[str, Any]:
        """Return the `RunState` of a run; only its id is known to be what it should be.

        Raises:
            NotFoundError: There is none, or the token may not see it.
            GatewayError: It could not be asked for.
        """
        call = Call("GET", f"/runs/{run_id}", "run:read", _NO_RUN)
        answer = self._asked(call, 200)
        if answer.get("run_id") != run_id:
            raise unexpected(call, "with something else than the run")
        return answer

    def told(self, run_id: str, after: str | None = None) -> Iterator[Heard]:
        """Yield the events of a run that were accepted so far, in order.

        Args:
            run_id: The run.
            after: The id of the event behind which it begins.

        Raises:
            GatewayError: They could not be asked for.
        """
        call = Call("GET", f"/runs/{run_id}/events", "run:read", _NO_RUN)
        while True:
            query = {"limit": str(_PAGE)} | ({"after": after} if after else {})
            answer = self._asked(call, 200, params=query)
            events = answer.get("events")
            if not isinstance(events, list):
                raise unexpected(call, "with something else than events")
            for event in events:
                yield from _heard(call, event, run_id)
            before, after = after, answer.get("next")
            if after is None:
                return
            if not is_uuid(after) or after == before or not events:
                raise unexpected(call, "with pages that lead nowhere")

    @contextmanager
    def listening(self, run_id: str, last: str | None = None) -> Iterator[Iterator[Heard]]:
        """Give the events of a run as they come, until the connection ends.

        Args:
            run_id: The run.
            last: The id of the last event that was heard; what came since then comes first.

        Raises:
            GatewayError: The stream could not be opened, or is lost.
        """
        call = Call("GET", "/events", "events:subscribe", _NO_RUN)
        headers = {"accept": "text/event-stream", "cache-control": "no-store"}
        if last is not None:
            headers["last-event-id"] = last
        timeout = httpx.Timeout(self._timeout, read=self._silence)
        with (
            self._reaching(),
            self._client.stream(
                call.method, call.path, params={"run": run_id}, headers=headers, timeout=timeout
            ) as answer,
        ):
            if answer.status_code != 200:
                raise error(call, answer.status_code, answer.headers, self._body(call, answer))
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "text/event-stream" or _packed(answer):
                raise unexpected(call, "with something else than a stream of events")
            yield _stream(call, answer, run_id)

    def _asked(self, call: Call, success: int, **more: Any) -> dict[str, Any]:
        with self._reaching(), self._client.stream(call.method, call.path, **more) as answer:
            body = self._body(call, answer)
        if answer.status_code != success:
            raise error(call, answer.status_code, answer.headers, body)
        parsed = document(body)
        if parsed is None:
            raise unexpected(call, "with something else than a JSON object")
        return parsed

    def _body(self, call: Call, answer: httpx.Response) -> bytes:
        if _packed(answer):
            raise unexpected(call, "in an encoding that was not asked for")
        ends = time.monotonic() + self._timeout
        body = bytearray()
        for part in answer.iter_raw():
            body += part
            if len(body) > _MOST:
                raise unexpected(call, "with more than 1 MiB")
            if time.monotonic() > ends:
                raise GatewayUnavailableError(f"{self.url} can't be reached: no answer in time")
        return bytes(body)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as fault:
            # Neither its text goes on, nor its request with the token.
            message = f"{self.url} can't be reached: {_reason(fault)}"
            raise GatewayUnavailableError(message) from None


class _Bounded(httpx.SyncByteStream):
    """The bytes of a stream, refused where too many come without an event among them."""

    def __init__(self, call: Call, stream: httpx.SyncByteStream) -> None:
        self._call = call
        self._stream = stream
        self.since = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            self.since += len(part)
            if self.since > _MOST:
                raise unexpected(self._call, "with an event of more than 1 MiB")
            yield part

    def close(self) -> None:
        self._stream.close()


def _stream(call: Call, answer: httpx.Response, run_id: str) -> Iterator[Heard]:
    bounded = _Bounded(call, cast("httpx.SyncByteStream", answer.stream))
    answer.stream = bounded
    # Whatever the answer says: else it could choose any codec that Python has.
    answer.encoding = "utf-8"
    for each in httpx_sse.EventSource(answer).iter_sse():
        bounded.since = 0
        # A sign of life comes as an event without data.
        if each.data:
            yield from _heard(call, document(each.data), run_id)


def _heard(call: Call, event: object, run_id: str) -> Iterator[Heard]:
    """Yield the event that a document is, if it is one of this run."""
    if not isinstance(event, dict) or not is_uuid(event.get("id")):
        raise unexpected(call, "with something that is no event")
    kind = event.get("type")
    if not isinstance(kind, str):
        raise unexpected(call, "with an event without a type")
    heard = Heard(event["id"], kind, event)
    if heard.data.get("run_id") == run_id:
        yield heard


def _packed(answer: httpx.Response) -> bool:
    coding: str = answer.headers.get("content-encoding", "identity")
    return coding.strip().lower() != "identity"


def _reason(fault: BaseException) -> str:
    """Return why nothing was answered; never by the fault's own words."""
    causes = [fault]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for kind, reason in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    return "the connection broke off"


# The first that fits counts.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.TimeoutException, "no answer in time"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted (SSL_CERT_FILE names others)"),
    (ssl.SSLError, "no TLS is spoken there"),
    (ConnectionRefusedError, "nothing listens there; is 'qp serve' running?"),
    (socket.gaierror, "no such host"),
    (httpx.ProxyError, "the proxy refuses"),
    (httpx.ConnectError, "the connection failed"),
)
