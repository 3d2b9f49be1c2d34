"""Calls that show what is going on: the event stream, and measurements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from quantapilot.gateway.metrics import CONTENT_TYPE
from quantapilot.gateway.operations import TYPES
from quantapilot.gateway.problems import HEADERS, ProblemError
from quantapilot.gateway.stream import TokenEndedError, TooManyStreamsError, Wanted

if TYPE_CHECKING:
    from quantapilot.gateway.calls import Call

_TYPES = re.compile(TYPES)
_FULL = 10.0


async def stream(call: Call) -> Response:
    """Tell events as they come, of the projects that the caller sees."""
    gateway, request = call.gateway, call.request
    project_id = call.project("project")
    if project_id is not None and not call.token.sees(project_id):
        raise ProblemError("FORBIDDEN")
    wanted = Wanted(_types(call), project_id, call.uuid("run"))
    last = request.headers.get("last-event-id")
    try:
        return await gateway.streams.open(gateway.holder(call.token), wanted, last)
    except TooManyStreamsError as error:
        raise ProblemError("RATE_LIMITED", str(error), retry_after=_FULL) from None
    except TokenEndedError:
        raise ProblemError("UNAUTHENTICATED") from None


async def metrics(call: Call) -> Response:
    """Tell what was counted, for Prometheus: of all projects together."""
    if not call.token.sees_all:
        raise ProblemError("FORBIDDEN")
    headers = {**HEADERS, "content-type": CONTENT_TYPE}
    return Response(call.gateway.metrics.exposed(), headers=headers)


def _types(call: Call) -> frozenset[str]:
    given = call.request.query_params.get("types", "")
    if given and not _TYPES.fullmatch(given):
        raise ProblemError(
            "BAD_REQUEST",
            "the parameter 'types' is not types like quantapilot.run_failed, commas between them",
        )
    return frozenset(given.split(",")) if given else frozenset()
