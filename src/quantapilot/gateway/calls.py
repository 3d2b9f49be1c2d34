"""What a handler is given, and how it reads what was sent: strictly, and told without an echo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import orjson
from starlette.responses import Response

from quantapilot.contract.ids import PROJECT, UUID
from quantapilot.gateway.problems import HEADERS, MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request

    from quantapilot.gateway.gateway import Gateway
    from quantapilot.gateway.model import Token

    Handler = Callable[["Call"], Awaitable[Response]]

_T = TypeVar("_T")
_P = ParamSpec("_P")
# So many bytes of parts an answer has, about: who does not read it holds no more of our memory.
_MOST_ANSWER = 1 << 20
_LIMIT = re.compile(r"[1-9][0-9]{0,2}")
_MOST = 500
_USUAL = 100
# RFC 8941 has the key as a string in quotes; many clients send it bare.
_IDEMPOTENCY_KEY = re.compile(r'"([!#-~]{1,255})"|([!#-~]{1,255})')


@dataclass(frozen=True, slots=True)
class Call:
    """A request of somebody who may make it.

    Attributes:
        gateway: What answers it.
        request: The request.
        token: Whose it is.
        body: What was sent with it.
        again_by: What the caller names it by, should it be sent again.
    """

    gateway: Gateway
    request: Request
    token: Token
    body: bytes = b""
    again_by: str | None = None

    async def read(self, function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
        """Return what a blocking call returns, as `Gateway.in_turn` has it made.

        Raises:
            StoreError: As the call raises it.
        """
        return await self.gateway.in_turn(self.token, function, *arguments, **named)

    @property
    def projects(self) -> frozenset[str] | None:
        """Return the projects that the caller sees; None where it sees every one."""
        return None if self.token.sees_all else self.token.projects

    @property
    def run_id(self) -> str:
        """Return the run that the address names.

        Raises:
            ProblemError: It names none.
        """
        return self._named("run_id")

    @property
    def subscription_id(self) -> str:
        """Return the subscription that the address names.

        Raises:
            ProblemError: It names none.
        """
        return self._named("subscription_id")

    def uuid(self, name: str) -> str | None:
        """Return an id from the query; None where it is not given.

        Raises:
            ProblemError: It is no UUID of a kind that ids are.
        """
        return self._matching(name, UUID, "a UUID in lower case")

    def project(self, name: str) -> str | None:
        """Return a project from the query; None where none is given.

        Raises:
            ProblemError: It is no id of a project.
        """
        return self._matching(name, PROJECT, "a project's id")

    @property
    def limit(self) -> int:
        """Return how many are asked for.

        Raises:
            ProblemError: It is no number of those that can be asked for.
        """
        given = self._matching("limit", _LIMIT, f"a number from 1 to {_MOST}")
        number = _USUAL if given is None else int(given)
        if number > _MOST:
            raise ProblemError("BAD_REQUEST", f"the parameter 'limit' is at most {_MOST}")
        return number

    def one_of(self, name: str, known: tuple[str, ...]) -> str | None:
        """Return a word from the query; None where it is not given.

        Raises:
            ProblemError: It is none of those that are known.
        """
        given = self.request.query_params.get(name)
        if given is not None and given not in known:
            raise ProblemError(
                "BAD_REQUEST", f"the parameter '{name}' is one of {', '.join(known)}"
            )
        return given

    def _named(self, name: str) -> str:
        given: str = self.request.path_params[name]
        if not UUID.fullmatch(given):
            raise ProblemError("NOT_FOUND")
        return given

    def _matching(self, name: str, form: re.Pattern[str], told: str) -> str | None:
        given = self.request.query_params.get(name)
        if given is not None and not form.fullmatch(given):
            raise ProblemError("BAD_REQUEST", f"the parameter '{name}' is not {told}")
        return given


def json_answer(
    value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer of JSON."""
    return raw_answer(orjson.dumps(value), status, headers)


def raw_answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer that is JSON already."""
    return Response(body, status, {**HEADERS, **(headers or {})}, _JSON)


def page_answer(name: str, ids: Sequence[str], parts: Sequence[bytes], limit: int) -> Response:
    """Return an answer that lists parts, as they are, and tells where the next page begins.

    Args:
        name: What the list is called.
        ids: What each part is known by.
        parts: JSON; more than are answered where there is a next page.
        limit: How many are asked for; fewer are answered where they are large, at least one.
    """
    count = size = 0
    for part in parts[:limit]:
        size += len(part)
        if count and size > _MOST_ANSWER:
            break
        count += 1
    told = b'{"%b":[%b]' % (name.encode(), b",".join(parts[:count]))
    if count < len(parts):
        told += b',"next":"%b"' % ids[count - 1].encode()
    return raw_answer(told + b"}")


def problem_answer(error: ProblemError) -> Response:
    """Return the answer to a request that can't be carried out."""
    headers = {**HEADERS, **error.headers}
    return Response(error.body, error.problem.status, headers, MEDIA_TYPE)


def idempotency_key(request: Request) -> str | None:
    """Return what the caller names a request by, should it be sent again; None where it does not.

    Raises:
        ProblemError: It is sent twice, or is no text of 1 to 255 visible ASCII characters.
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    found = _IDEMPOTENCY_KEY.fullmatch(given[0]) if len(given) == 1 else None
    if found is None:
        raise ProblemError(
            "BAD_REQUEST",
            "the header 'Idempotency-Key' is not one text of 1 to 255 visible ASCII characters",
        )
    return found[1] or found[2]


def check_query(request: Request, known: frozenset[str]) -> None:
    """Refuse parameters that are not known, or given twice: a mistyped filter would show too much.

    Raises:
        ProblemError: There is one.
    """
    given = request.query_params.multi_items()
    if not given:
        return
    names = [name for name, _ in given]
    if not known.issuperset(names):
        told = ", ".join(sorted(known)) or "none"
        raise ProblemError("BAD_REQUEST", f"a parameter is not known; known here: {told}")
    if len(set(names)) < len(names):
        raise ProblemError("BAD_REQUEST", "a parameter is given twice")


def check_unsigned(request: Request) -> None:
    """Refuse a key's id beside a token: whoever sends it takes the trigger for a signed one.

    Raises:
        ProblemError: There is one.
    """
    if "key" in request.query_params:
        raise ProblemError(
            "BAD_REQUEST", "the parameter 'key' is for signed triggers, and this one has a token"
        )


_JSON = "application/json"
_BODY_TYPES = frozenset({_JSON, "application/cloudevents+json"})


def check_media_type(request: Request) -> None:
    """Refuse a body that is not sent as plain JSON in UTF-8.

    Raises:
        ProblemError: It is sent otherwise.
    """
    headers = request.headers
    if headers.get("content-type") == _JSON and "content-encoding" not in headers:
        return
    media_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    plain = headers.get("content-encoding", "identity").lower() == "identity"
    utf8 = charset in {"", "charset=utf-8", "charset=utf8"}
    if media_type.strip() not in _BODY_TYPES or not utf8 or not plain:
        raise ProblemError("UNSUPPORTED_MEDIA_TYPE")
