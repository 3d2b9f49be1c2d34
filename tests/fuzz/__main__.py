"""`make test-fuzz`: schemathesis asks a real gateway whatever its own document allows, and more.

It ends with 1 where an answer was a fault, was none of those documented, or repeated what was sent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gateways import GENEROUS, PROJECT, REPOSITORY, ROOT, Gateway

PROGRAM = Path(ROOT, ".venv-fuzz", "bin", "schemathesis")
# What it would keep beside this repository is worth nothing: a run is made again by its seed.
OPTIONS = (
    "--seed=6",
    "--max-examples=60",
    "--phases=coverage,fuzzing,stateful",
    "--continue-on-failure",
    "--generation-database=none",
    "--request-timeout=20",
    # It does not end.
    "--exclude-operation-id=stream",
    # That a text is good, and yet holds personal data, or names what is not there, is no surprise.
    "--exclude-checks=positive_data_acceptance",
    "--warnings=off",
    "--no-color",
)


def main() -> None:
    """Start a gateway, and have it asked."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--allow-private", *GENEROUS)
        with Gateway(str(Path(folder, "store.db")), Path(folder), options) as gateway:
            gateway.register()
            code = _asked(gateway, folder)
            fault = '"level":"error"' in gateway.log
            if fault:
                sys.stderr.write(gateway.log)
    sys.exit(1 if fault else code)


def _asked(gateway: Gateway, folder: str) -> int:
    command: list[str | Path] = [PROGRAM, "run", f"{gateway.url}/openapi.json", *OPTIONS]
    # One that sees all, as metrics ask for that.
    token = gateway.token("*")
    command.append(f"--header=Authorization: Bearer {token}")
    words = {
        "PYTHONPATH": ROOT,
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "QP_FUZZ_PROJECT": PROJECT,
        "QP_FUZZ_REPOSITORY": REPOSITORY,
    }
    # It writes down what failed where it is started.
    return subprocess.run(command, env=os.environ | words, cwd=folder, check=False).returncode


if __name__ == "__main__":
    main()
