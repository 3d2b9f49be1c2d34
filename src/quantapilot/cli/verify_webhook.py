"""`qp verify-webhook`: a webhook that somebody saved, and whether its signature holds."""

from __future__ import annotations

import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.errors import ExitCode, InputError, SignatureError
from quantapilot.reports.plain import printable
from quantapilot.signing import REASONS, TOLERANCE, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.signing import Verified

SECRETS = "QP_WEBHOOK_SECRETS"
_STDIN = "-"
_MOST_HEADER_BYTES = 1 << 20
_MOST_BODY_BYTES = 16 << 20
_ANY_AGE = 10**12


def _moment(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    given: str | None,
) -> float | None:
    """Return the seconds since 1970 that an option stands for."""
    if given is None:
        return None
    if re.fullmatch(r"[0-9]{1,11}", given):
        return float(given)
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise click.BadParameter(
            "write seconds since 1970, or a date and time with an offset, such as "
            "2026-01-31T12:00:00Z"
        )
    return (at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


@click.command("verify-webhook")
@click.option(
    "--headers",
    "header_file",
    required=True,
    metavar="FILE",
    help="The request's headers: lines 'Name: value', or a JSON object.",
    shell_complete=candidates.files,
)
@click.option(
    "--body",
    "body_file",
    required=True,
    metavar="FILE",
    help="The request's body, byte for byte; '-' is standard input.",
    shell_complete=candidates.files,
)
@click.option(
    "--secret-env",
    default=SECRETS,
    show_default=True,
    metavar="NAME",
    help="Environment variable that holds the secrets, a space between them.",
)
@click.option(
    "--tolerance",
    type=click.IntRange(min=0),
    default=TOLERANCE,
    show_default=True,
    metavar="SECONDS",
    help="How far the time of signing may lie away.",
)
@click.option(
    "--at",
    callback=_moment,
    metavar="TIME",
    help="Verify as of TIME, in seconds since 1970 or as RFC 3339; else as of now.",
)
def verify_webhook(
    header_file: str, body_file: str, *, secret_env: str, tolerance: int, at: float | None
) -> None:
    """Tell whether a webhook's signature holds, and if not, why.

    Verifies by Standard Webhooks v1. The exit code is 0 where it holds and 1 where it does not.
    """
    from quantapilot.inputs.headers import parsed_headers

    secrets = _secrets(secret_env)
    if header_file == body_file == _STDIN:
        raise click.UsageError("only one of --headers and --body can be standard input")
    headers = parsed_headers(_read(header_file, _MOST_HEADER_BYTES), _label(header_file))
    body = _read(body_file, _MOST_BODY_BYTES)
    as_of = time.time() if at is None else at
    try:
        verified = verify(headers, body, secrets, tolerance=tolerance, now=lambda: as_of)
    except SignatureError as error:
        click.echo(f"not valid: {error.reason}")
        click.echo(f"    {error}")
        for hint in _hints(error.reason, headers, body, secrets):
            click.echo(f"    = {hint}")
        sys.exit(ExitCode.FINDINGS)
    click.echo(f"valid: message {verified.message_id}")
    click.echo(f"    signed {_told(verified)}, key {verified.key + 1} of {len(secrets)}")


def _secrets(variable: str) -> list[str]:
    # Whoever mistakes the option may have put a secret there: it is not repeated.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", variable) or variable.startswith("whsec"):
        raise click.UsageError(
            "--secret-env takes the name of an environment variable, never a secret"
        )
    secrets = os.environ.get(variable, "").split()
    if not secrets:
        raise click.UsageError(
            f"there is no secret in the environment: set {variable} to the sender's, "
            "which begins with 'whsec_'"
        )
    return secrets


def _read(file: str, most: int) -> bytes:
    try:
        if file == _STDIN:
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(most + 1)
    except OSError as error:
        raise InputError(f"{_label(file)}: can't be read: {error.strerror}") from error
    if len(data) > most:
        raise InputError(f"{_label(file)}: there is more than {most >> 20} MiB in it")
    return data


def _label(file: str) -> str:
    return "<stdin>" if file == _STDIN else printable(file)


def _told(verified: Verified) -> str:
    try:
        moment = datetime.fromtimestamp(verified.timestamp, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{verified.timestamp} seconds after 1970"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _hints(
    reason: str, headers: list[tuple[str, str]], body: bytes, secrets: Sequence[str]
) -> Iterator[str]:
    """Yield what else is known of a signature that does not hold."""
    if reason in {"too-old", "too-new"}:
        if verified := _whenever(headers, body, secrets):
            yield (
                f"The signature itself holds, made {_told(verified)}; "
                f"--at {verified.timestamp} verifies as of then."
            )
            return
        yield f"And {REASONS['no-match']}."
    elif reason != "no-match":
        return
    for told, other in _mistaken(body):
        if other != body and _whenever(headers, other, secrets):
            yield f"It holds for {told}."
            return


def _whenever(
    headers: list[tuple[str, str]], body: bytes, secrets: Sequence[str]
) -> Verified | None:
    try:
        return verify(headers, body, secrets, tolerance=_ANY_AGE)
    except SignatureError:
        return None


def _mistaken(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield bodies that may have been sent where this one was saved, and what happened to them."""
    stripped = "the body without its final newline: an editor or a shell added it"
    yield stripped, body.removesuffix(b"\n")
    yield stripped, body.removesuffix(b"\r\n")
    lost = "the body with a final newline: it was lost when the body was saved"
    yield lost, body + b"\n"
    yield lost, body + b"\r\n"
    ends = "the body with other line ends: they were changed when it was saved"
    yield ends, body.replace(b"\r\n", b"\n")
    yield ends, body.replace(b"\n", b"\r\n")
    mark = "the body without the byte order mark that was added to it"
    yield mark, body.removeprefix(b"\xef\xbb\xbf")
    for other in _rewritten(body):
        yield "the same JSON written otherwise: keep the bytes as they came, unparsed", other


def _rewritten(body: bytes) -> Iterator[bytes]:
    import json

    try:
        value = json.loads(body)
        for separators in ((",", ":"), (", ", ": ")):
            for ascii_only in (False, True):
                text = json.dumps(value, separators=separators, ensure_ascii=ascii_only)
                yield text.encode()
    except (ValueError, RecursionError):
        return
