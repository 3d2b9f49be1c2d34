"""A webhook for the gateway's events: verifies, answers the challenge, prints each event once.

    python scripts/receive.py KEY_FILE [PORT]

KEY_FILE holds the key of the subscription, as subscribe.sh keeps it, and may come into being later;
while the key is rotated it holds both, one a line. With port 0, or none, a free one is taken.
"""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from quantapilot.errors import SecretError, SignatureError
from quantapilot.signing import verify

KEY_FILE = Path(sys.argv[1]) if len(sys.argv) > 1 else sys.exit("usage: receive.py KEY_FILE [PORT]")
CHALLENGE = "quantapilot.subscription_challenge"

# In memory it forgets when it ends. Keep the ids in your database, and write them in the
# transaction of whatever an event leads to: then nothing happens twice, and nothing is lost.
seen: set[tuple[str, str]] = set()
lock = Lock()


class Receiver(BaseHTTPRequestHandler):
    """Takes what is posted to it."""

    # A sender that says nothing is not waited for.
    timeout = 10

    def do_POST(self) -> None:
        """Verify a delivery, and only then look into it."""
        length = self.headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,6}", length):
            self.answer(413)
            return
        body = self.rfile.read(int(length))
        try:
            verified = verify(self.headers, body, KEY_FILE.read_text("ascii").split())
        except SignatureError as error:
            print("refused:", error.reason, flush=True)
            self.answer(401)
            return
        except (OSError, UnicodeError, SecretError):
            print("no usable key in KEY_FILE", flush=True)
            self.answer(503)
            return
        # The signature vouches that this is what the gateway sends.
        event = json.loads(body)
        if event["type"] == CHALLENGE:
            self.answer(200, {"challenge": event["challenge"]})
            return
        run_id = event["data"]["run_id"]
        with lock:
            # An id is its project's own, and a run is of one project.
            if (verified.message_id, run_id) not in seen:
                seen.add((verified.message_id, run_id))
                print(event["type"], event["id"], run_id, flush=True)
        self.answer(204)

    def answer(self, status: int, body: dict[str, Any] | None = None) -> None:
        """Answer, and end the connection."""
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if content:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Write no access log."""


if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print("port", server.server_port, flush=True)
    server.serve_forever()
