"""What a workflow goes on with: a place that it posts to, and that remembers what came."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Listener:
    """What came, in order; `url` is where it listens."""

    url: str = ""
    came: list[dict[str, Any]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, document: dict[str, Any]) -> None:
        """Remember what came."""
        with self._changed:
            self.came.append(document)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 120) -> bool:
        """Return whether something that is wanted comes in time."""
        with self._changed:
            return self._changed.wait_for(lambda: any(map(wanted, self.came)), seconds)


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of loopback."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.add(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
