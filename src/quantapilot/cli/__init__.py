"""The command line: each module parses, calls and gives an exit code, nothing else."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `qp`.

    The version is answered before anything heavy is imported: prompts and scripts ask for it often.
    """
    if sys.argv[1:] == ["--version"]:
        from quantapilot import __version__

        sys.stdout.write(f"qp {__version__}\n")
        return
    from quantapilot.cli.app import run

    run()
