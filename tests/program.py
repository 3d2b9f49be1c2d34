"""The program as a test calls it: in this process, from its entry point to its exit code."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout

from quantapilot.cli import main


def call(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run `qp` and return its exit code, its output and its errors."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    given, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    argv, sys.argv = sys.argv, ["qp", *arguments]
    code: object = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv, sys.stdin = argv, given
    assert isinstance(code, int)
    return code, _written(out), _written(err)


def _written(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
