"""What the gateway costs: runs accepted a second beside a bare server, and idle event streams.

The load comes from wrk, on the PATH (`apt-get install wrk`), on this machine: it takes a core.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import MeasureError
from benchmarks.streams import Cost, measure
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.tokens import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 64
_REPOSITORY = "https://git.example.com/team/app"
_PROJECT = "proj_bench"
_BODY = f'{{"repo_url":"{_REPOSITORY}","branch":"main"}}'
_BARE = """
import socket, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def echo(request):
    return Response(await request.body(), 202, media_type="application/json")

listening = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(
    Starlette(routes=[Route("/run", echo, methods=["POST"])]),
    access_log=False, log_level="error", http="httptools", loop="uvloop",
)
uvicorn.Server(config).run([listening])
"""
_QP = ("-c", "from quantapilot.cli import main; main()", "serve", "--listen", "127.0.0.1:0")
_QUIET = ("--log-level", "warning", "--limit", "trigger=1000000/second")
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second over `CONNECTIONS` connections, and milliseconds that 99 % stay below."""

    rate: float
    p99: float


@dataclass(frozen=True, slots=True)
class GatewayCost:
    """What was measured.

    Attributes:
        bare: A server that answers with what it was sent.
        run: `POST /run`: authenticated, limited, checked, on the disk before it is answered.
        streams: Idle event streams.
    """

    bare: Load
    run: Load
    streams: Cost


def gateway(root: Path, scale: float = 1.0) -> GatewayCost:
    """Return what one run measures; `scale` says how much is done.

    Raises:
        MeasureError: wrk is not there, or a request failed.
    """
    seconds = max(round(10 * scale), 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _server(root, folder, "-c", _BARE) as address:
            bare = _loaded(folder, address, "", seconds)
        store = folder / "store.db"
        token = _token(store)
        with _server(root, folder, *_QP, "--store", str(store), *_QUIET) as address:
            run = _loaded(folder, address, token, seconds)
    return GatewayCost(bare, run, measure(max(round(1000 * scale), 10)))


def _token(path: Path) -> str:
    with Store(path) as store:
        store.add_repository(_PROJECT, _REPOSITORY)
        text, token = new_token(["run:trigger"], [_PROJECT], time.time())
        store.add_token(token)
    return text


@contextmanager
def _server(root: Path, folder: Path, *arguments: str) -> Iterator[str]:
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *arguments], cwd=root, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield server.stdout.readline().strip() if server.stdout is not None else ""
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _loaded(folder: Path, address: str, token: str, seconds: int) -> Load:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise MeasureError("the gateway is measured with wrk: apt-get install wrk")
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{_BODY}'\n"
        "wrk.headers['content-type'] = 'application/json'\n"
        f"wrk.headers['authorization'] = 'Bearer {token}'\n"
    )
    command = [wrk, "-t1", f"-c{CONNECTIONS}", "--latency", "-s", str(script)]
    # The first second is the server's to warm up.
    _told([*command, "-d1s", f"{address}/run"])
    told = _told([*command, f"-d{seconds}s", f"{address}/run"])
    rate, slow = _RATE.search(told), _P99.search(told)
    if rate is None or slow is None or "Non-2xx" in told:
        raise MeasureError(f"requests to the gateway failed: {told}")
    return Load(float(rate[1]), float(slow[1]) * _IN_MS[slow[2]])


def _told(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
