"""The page at `/` and what belongs to it, from the package's own files.

They are read once: a name that is none of theirs can reach no other file. The page asks nobody but
the gateway, and its policy lets nothing work in it that does not come from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files as resources
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_INDEX = "index.html"
_MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
# Content Security Policy, level 3; with Trusted Types no text can become markup by mistake either.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
# A browser asks each time whether a file has changed: after an update of the gateway its page,
# styles and scripts belong together.
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    headers: Mapping[str, str]


def routes() -> list[Route]:
    """Return the routes of the page: `/` and `/assets/{name}`; neither needs a token."""
    found = _read()
    index = found.pop(_INDEX)

    async def page(request: Request) -> Response:
        return _answer(request, index)

    async def asset(request: Request) -> Response:
        file = found.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return _answer(request, file)

    return [Route("/", page), Route("/assets/{name}", asset)]


def _read() -> dict[str, _File]:
    folder = resources(__package__).joinpath("page")
    found = {}
    for entry in folder.iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is None:
            continue
        body = entry.read_bytes()
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        found[entry.name] = _File(body, media_type, {**_HEADERS, "ETag": tag})
    return found


def _answer(request: Request, file: _File) -> Response:
    """Return a file, or 304 where the browser has it already (RFC 9110, section 13.1.2)."""
    asked = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    if tags & {file.headers["ETag"], "*"}:
        return Response(status_code=304, headers=file.headers)
    return Response(file.body, headers=file.headers, media_type=file.media_type)
