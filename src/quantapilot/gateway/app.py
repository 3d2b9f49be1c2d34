"""The HTTP side: each call is authenticated, limited, read, and answered; nothing is echoed."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route

from quantapilot.errors import StoreError, unforeseen
from quantapilot.gateway import openapi, pages, run_calls, stream_calls, subscription_calls
from quantapilot.gateway.bodies import BodyTooLargeError, ClientGoneError, read_body
from quantapilot.gateway.calls import (
    Call,
    check_media_type,
    check_query,
    check_unsigned,
    idempotency_key,
    problem_answer,
    raw_answer,
)
from quantapilot.gateway.networks import address_class
from quantapilot.gateway.observed import OTHER, Answered
from quantapilot.gateway.problems import HEADERS, ProblemError

if TYPE_CHECKING:
    from starlette.requests import Request

    from quantapilot.gateway.calls import Handler
    from quantapilot.gateway.gateway import Gateway
    from quantapilot.gateway.model import Token
    from quantapilot.gateway.operations import Operation

# Operation -> what answers it.
HANDLERS: dict[str, Handler] = {
    "trigger": run_calls.trigger,
    "runs": run_calls.runs,
    "run": run_calls.run,
    "run_events": run_calls.run_events,
    "emit": run_calls.emit,
    "refusals": run_calls.refusals,
    "subscribe": subscription_calls.subscribe,
    "subscriptions": subscription_calls.subscriptions,
    "subscription": subscription_calls.subscription,
    "unsubscribe": subscription_calls.unsubscribe,
    "rotate": subscription_calls.rotate,
    "enable": subscription_calls.enable,
    "deliveries": subscription_calls.deliveries,
    "stream": stream_calls.stream,
    "metrics": stream_calls.metrics,
}
_LOG = logging.getLogger(__name__)
_SIGNATURE = "webhook-signature"
_STORE_RETRY = 1.0
# Nobody answers any more; nginx has this status for it.
_GONE = 499


def application(gateway: Gateway) -> Starlette:
    """Return the application; the gateway is opened and closed around it."""
    calls = gateway.calls
    document = orjson.dumps(openapi.document(gateway.contract, calls))

    async def described(request: Request) -> Response:  # noqa: ARG001
        return raw_answer(document)

    async def alive(request: Request) -> Response:  # noqa: ARG001
        return PlainTextResponse("ok\n", headers=HEADERS)

    async def ready(request: Request) -> Response:  # noqa: ARG001
        return await _ready(gateway)

    routes = [
        *(_route(gateway, each) for each in calls),
        Route("/openapi.json", described),
        Route("/healthz", alive),
        Route("/readyz", ready),
        *pages.routes(),
    ]
    for route in routes:
        (route.methods or set()).discard("HEAD")

    async def unrouted(request: Request, error: Exception) -> Response:  # noqa: ARG001
        return _unrouted(gateway, routes, request)

    app = Starlette(routes=routes)
    app.add_exception_handler(HTTPException, unrouted)
    # A redirect would tell the address that was asked for.
    app.router.redirect_slashes = False
    return app


def _route(gateway: Gateway, operation: Operation) -> Route:
    handler = HANDLERS[operation.name]
    query = frozenset(each.name for each in operation.parameters if each.place == "query")

    async def answered(request: Request) -> Response:
        began = time.perf_counter()
        code: str | None = None
        try:
            call = await _admitted(gateway, operation, query, request)
            response = await handler(call)
        except ProblemError as error:
            code, response = error.problem.code, problem_answer(error)
        except ClientGoneError:
            response = Response(status_code=_GONE)
        except (StoreError, asyncio.CancelledError):
            # It is cancelled only where the server ends, and it took too long to be waited for.
            code, response = _problem("UNAVAILABLE", retry_after=_STORE_RETRY)
        except Exception as error:  # noqa: BLE001
            _LOG.error("%s; please report it", unforeseen(error))
            code, response = _problem("INTERNAL")
        gateway.answered(
            Answered(
                operation.method,
                operation.path,
                response.status_code,
                time.perf_counter() - began,
                _run_of(request, response),
                code,
                operation.name == "stream",
            )
        )
        return response

    return Route(operation.path, answered, methods=[operation.method])


def _problem(code: str, retry_after: float | None = None) -> tuple[str, Response]:
    return code, problem_answer(ProblemError(code, retry_after=retry_after))


async def _admitted(
    gateway: Gateway, operation: Operation, query: frozenset[str], request: Request
) -> Call:
    """Return a call that may be made.

    Raises:
        ProblemError: It may not, or is made wrongly.
    """
    signed = operation.name == "trigger" and _SIGNATURE in request.headers
    body = await _body(gateway, request) if signed else b""
    token, again_by = await _caller(gateway, request, body, signed=signed)
    if operation.scope not in token.scopes:
        raise ProblemError("FORBIDDEN")
    wait = await gateway.limits.hit(operation.bucket, token.token_id.encode())
    if wait is not None:
        raise ProblemError("RATE_LIMITED", retry_after=wait)
    check_query(request, query)
    if operation.body:
        check_media_type(request)
        body = body if signed else await _body(gateway, request)
    if operation.name == "trigger" and not signed:
        check_unsigned(request)
        again_by = idempotency_key(request)
    return Call(gateway, request, token, body, again_by)


async def _caller(
    gateway: Gateway, request: Request, body: bytes, *, signed: bool
) -> tuple[Token, str | None]:
    """Return whose request it is, and by what a signed one is known again.

    Raises:
        ProblemError: It is nobody's.
    """
    found = _known(gateway, request, body, signed=signed)
    if found is None and await gateway.refresh():
        # The token may be newer than what is known here.
        found = _known(gateway, request, body, signed=signed)
    if found is None:
        peer = request.client.host if request.client else None
        wait = await gateway.limits.hit("refused", address_class(gateway.keys, peer))
        if wait is not None:
            raise ProblemError("RATE_LIMITED", retry_after=wait)
        raise ProblemError("UNAUTHENTICATED")
    return found


def _known(
    gateway: Gateway, request: Request, body: bytes, *, signed: bool
) -> tuple[Token, str | None] | None:
    headers = request.scope["headers"]
    if not signed:
        token = gateway.access.principal(headers)
        return None if token is None else (token, None)
    found = gateway.signed.principal(request.query_params.get("key", ""), headers, body)
    return None if found is None else (found.token, found.message_id)


async def _body(gateway: Gateway, request: Request) -> bytes:
    settings = gateway.settings
    try:
        return await read_body(request.scope, request.receive, most=settings.most_body)
    except BodyTooLargeError:
        raise ProblemError(
            "BODY_TOO_LARGE", f"The body has more than {settings.most_body:,} bytes."
        ) from None


async def _ready(gateway: Gateway) -> Response:
    try:
        await gateway.read(gateway.store.ping)
    except StoreError:
        return _problem("UNAVAILABLE", retry_after=_STORE_RETRY)[1]
    return PlainTextResponse("ready\n", headers=HEADERS)


def _unrouted(gateway: Gateway, routes: list[Route], request: Request) -> Response:
    """Return the answer to a request that no call takes: 404, or 405 with what is taken."""
    allowed: set[str] = set()
    for route in routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            allowed |= route.methods or set()
    code = "METHOD_NOT_ALLOWED" if allowed else "NOT_FOUND"
    response = _problem(code)[1]
    if allowed:
        response.headers["allow"] = ", ".join(sorted(allowed))
    gateway.answered(Answered(request.method, OTHER, response.status_code, 0.0, error_code=code))
    return response


def _run_of(request: Request, response: Response) -> str | None:
    """Return the run that a request was about, or that it started."""
    named: str | None = request.path_params.get("run_id")
    if named is None and response.status_code == 202:
        named = response.headers["location"].rpartition("/")[2]
    return named
