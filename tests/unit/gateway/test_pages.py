"""The page's files as they are served: with what headers, and nothing but them."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files as resources

import httpx
import pytest
from starlette.applications import Starlette

from quantapilot.gateway import pages

FOLDER = resources("quantapilot.gateway").joinpath("page")
ASSETS = sorted(entry.name for entry in FOLDER.iterdir() if not entry.name.endswith(".html"))
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def ask(path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=pages.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asked())


@pytest.mark.parametrize("path", ["/", *(f"/assets/{name}" for name in ASSETS)])
def test_every_file_keeps_out_what_does_not_come_from_the_gateway(path: str) -> None:
    headers = ask(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"


def test_the_page_is_html_and_holds_no_script_or_style_of_its_own() -> None:
    answer = ask("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", answer.text) == []
    assert "//" not in answer.text


@pytest.mark.parametrize("name", ASSETS)
def test_a_browser_gets_every_part_under_its_type(name: str) -> None:
    answer = ask(f"/assets/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[name[name.index(".") :]]
    assert answer.content == FOLDER.joinpath(name).read_bytes()


def test_what_the_page_and_its_scripts_name_is_there() -> None:
    named = set(re.findall(r'"assets/([^"]+)"', ask("/").text))
    for name in ASSETS:
        named |= set(re.findall(r'from "\./([^"]+)"', FOLDER.joinpath(name).read_text("utf-8")))
    assert named == set(ASSETS)


@pytest.mark.parametrize("sent", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_what_a_browser_has_already_is_not_sent_again(sent: str) -> None:
    tag = ask("/").headers["etag"]
    answer = ask("/", **{"If-None-Match": sent.format(tag=tag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag
    assert "content-type" not in answer.headers
    assert ask("/", **{"If-None-Match": '"other"'}).status_code == 200


def test_a_file_is_told_of_without_its_content() -> None:
    whole, head = ask("/assets/sse.js"), ask("/assets/sse.js", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    "name", ["index.html", "none.js", "..%2fpages.py", "%2e%2e/pages.py", "..\\pages.py", "a/b.js"]
)
def test_no_other_file_can_be_reached(name: str) -> None:
    assert ask(f"/assets/{name}").status_code == 404


def test_the_page_is_only_read() -> None:
    assert ask("/", "POST").status_code == 405
