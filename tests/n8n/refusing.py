"""A gateway that is always asked too often, which a real one is not."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Refused:
    """How many requests were refused."""

    count: int = 0


@contextmanager
def refusing(port: int) -> Iterator[Refused]:
    """Refuse every request to a port of loopback, for a second each."""
    refused = Refused()
    body = json.dumps({"error_code": "RATE_LIMITED", "message": "Wait."}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            refused.count += 1
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(429)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield refused
        finally:
            server.shutdown()
            thread.join()
