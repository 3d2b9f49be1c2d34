"""A real n8n on loopback, in a folder of its own, with the workflows and credentials it gets."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
from tests.n8n.install import home, n8n, node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_START_SECONDS = 240
_OFF = (
    "N8N_COMMUNITY_PACKAGES_ENABLED",
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_SECURE_COOKIE",
    "N8N_TEMPLATES_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
)


class NoN8nError(Exception):
    """n8n did not start; why stands in its log."""


def log_file() -> Path:
    """Return where n8n's own words of the last run stand."""
    return home() / "n8n.log"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    folder: Path,
    port: int,
    workflows: Sequence[dict[str, Any]],
    credentials: Sequence[dict[str, Any]],
) -> Iterator[str]:
    """Run n8n with published workflows, and return its address once all webhooks answer.

    Args:
        folder: An empty one, for its database and what is imported.
        port: Where it is to listen.
        workflows: As n8n exports them, with ids.
        credentials: As `n8n import:credentials` takes them, not encrypted.

    Raises:
        NoN8nError: It ended, or did not answer in time.
        subprocess.CalledProcessError: It refused a workflow or a credential.
    """
    environment = {
        "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "N8N_ENCRYPTION_KEY": secrets.token_hex(16),
        "N8N_HOST": "127.0.0.1",
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_USER_FOLDER": str(folder),
    } | dict.fromkeys(_OFF, "false")
    with log_file().open("wb") as log:

        def command(*arguments: str) -> None:
            subprocess.run(
                [node(), n8n(), *arguments], env=environment, stdout=log, stderr=log, check=True
            )

        for kind, documents in (("credentials", credentials), ("workflow", workflows)):
            file = folder / f"{kind}.json"
            file.write_text(json.dumps(documents), "utf-8")
            command(f"import:{kind}", f"--input={file}")
        for workflow in workflows:
            command("publish:workflow", f"--id={workflow['id']}")
        with subprocess.Popen(
            [node(), n8n(), "start"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                for path in _webhooks(workflows):
                    _wait(process, f"{url}/webhook/{path}")
                yield url
            finally:
                # Its task runner too, which has no parent any more once n8n is gone.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _webhooks(workflows: Sequence[dict[str, Any]]) -> list[str]:
    return [
        node["parameters"]["path"]
        for workflow in workflows
        for node in workflow["nodes"]
        if node["type"] == "n8n-nodes-base.webhook"
    ]


def _wait(process: subprocess.Popen[bytes], webhook: str) -> None:
    """Wait for a webhook: /healthz is green before there are any, and till then they answer 404."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NoN8nError(f"n8n ended with code {process.returncode}")
        with suppress(httpx.TransportError):
            if httpx.post(webhook, content=b"?", timeout=30).status_code != 404:
                return
        time.sleep(0.5)
    raise NoN8nError(f"n8n did not answer within {_START_SECONDS} s")
