"""Real servers that remote inputs are tried with: S3 as moto has it, and HTTP with its faults."""

from __future__ import annotations

import asyncio
import gzip
import http.server
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
LEAK = b'{"note": "write to erika.beispiel@firma-beispiel.de"}\n'
CLEAN = b'{"level": "info", "message": "nothing to see"}\n'


@contextmanager
def own_connections() -> Iterator[None]:
    """Have connections of fsspec that end here: other tests begin without any."""
    from fsspec import asyn
    from fsspec.implementations.http import HTTPFileSystem
    from s3fs import S3FileSystem

    try:
        yield
    finally:
        loop, thread = asyn.loop[0], asyn.iothread[0]
        if loop is not None:
            for system in S3FileSystem._cache.values():
                system.close_session(loop, system._s3)
            sessions = [system._session for system in HTTPFileSystem._cache.values()]
            asyncio.run_coroutine_threadsafe(_ended(sessions), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()
        asyn.reset_lock()
        for system in (S3FileSystem, HTTPFileSystem):
            system.clear_instance_cache()


async def _ended(sessions: list[Any]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for session in sessions:
        if session is not None:
            await session.close()
    # What is closed ends with the next turns of the loop.
    await asyncio.sleep(0.01)


@contextmanager
def s3_server(buckets: dict[str, dict[str, bytes]], allowed: str) -> Iterator[dict[str, str]]:
    """Serve buckets of objects; yield the environment of a user who may read one of them."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.iam.models import iam_backends
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    store, users = s3_backends[ACCOUNT]["aws"], iam_backends[ACCOUNT]["aws"]
    for name, objects in buckets.items():
        store.create_bucket(name, "us-east-1")
        for key, data in objects.items():
            store.put_object(name, key, data)
    users.create_user(region_name="us-east-1", user_name="reader")
    arn = f"arn:aws:s3:::{allowed}"
    may = [{"Effect": "Allow", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": may})
    users.put_user_policy("reader", "reads", policy)
    access: Any = users.create_access_key("reader")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    before, settings.INITIAL_NO_AUTH_ACTION_COUNT = settings.INITIAL_NO_AUTH_ACTION_COUNT, 0
    ActionAuthenticatorMixin.request_count = 0
    try:
        host, port = server.get_host_and_port()
        yield {
            "AWS_ACCESS_KEY_ID": access.access_key_id,
            "AWS_SECRET_ACCESS_KEY": access.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }
    finally:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = before
        server.stop()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers each path as a server with that fault does; `/ranged` alone gives ranges."""

    protocol_version = "HTTP/1.1"
    # Else a body waits for the word that its head has arrived.
    disable_nagle_algorithm = True
    server: HttpServer

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer as the path asks for."""
        path = self.path.partition("?")[0].lstrip("/")
        self.server.asked.append((self.path, self.headers.get("Range", "")))
        data = self.server.data
        if path.isdigit():
            self._answer(int(path), b"")
        elif path == "moved":
            self._answer(302, b"", Location="/plain.jsonl")
        elif path == "packed.jsonl":
            self._answer(200, gzip.compress(data), Content_Encoding="gzip")
        elif path.startswith("breaks"):
            self._answer(200, data, Content_Length=str(len(data) + 1000))
            self.close_connection = True
        elif path.startswith("ranged"):
            self._range(data, broken="broken" in path)
        else:
            self._answer(200, data)

    def _range(self, data: bytes, *, broken: bool) -> None:
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        if first >= len(data):
            self._answer(416, b"", Content_Range=f"bytes */{len(data)}")
            return
        part = data[first : last + 1]
        told = {"Content_Range": f"bytes {first}-{first + len(part) - 1}/{len(data)}"}
        if broken and first == 0:
            # Half of what was asked for, once.
            told["Content_Length"] = str(len(part))
            part = part[: len(part) // 2]
            self.close_connection = True
        self._answer(206, part, **told)

    def _answer(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class HttpServer(http.server.ThreadingHTTPServer):
    """Serves `data`, and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.data = LEAK
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def http_server() -> Iterator[HttpServer]:
    """Serve HTTP in a thread."""
    with HttpServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
