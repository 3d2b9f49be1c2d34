"""The command group: commands are imported when they are called, faults end in exit code 4."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from quantapilot import __version__
from quantapilot.errors import ExitCode, QuantaPilotError, UnknownNameError, unforeseen

# Command -> module and function; a command costs its imports only when it is called.
COMMANDS = {
    "validate:api": ("quantapilot.cli.validate", "validate_api"),
    "scan": ("quantapilot.cli.scan", "scan"),
    "report": ("quantapilot.cli.report", "report"),
    "redact": ("quantapilot.cli.redact", "redact"),
    "rules": ("quantapilot.cli.rules", "rules"),
    "explain": ("quantapilot.cli.rules", "explain"),
    "init": ("quantapilot.cli.init", "init"),
    "baseline": ("quantapilot.cli.baseline", "baseline"),
    "emit": ("quantapilot.cli.emit", "emit"),
    "verify-webhook": ("quantapilot.cli.verify_webhook", "verify_webhook"),
    "chaos": ("quantapilot.cli.chaos", "chaos"),
    "relay": ("quantapilot.cli.relay", "relay"),
    "outbox": ("quantapilot.cli.outbox", "outbox"),
    "serve": ("quantapilot.cli.serve", "serve"),
    "token": ("quantapilot.cli.token", "token"),
    "project": ("quantapilot.cli.project", "project"),
    "run": ("quantapilot.cli.run", "run"),
    "status": ("quantapilot.cli.status", "status"),
    "diff": ("quantapilot.cli.diff", "diff"),
    "mock": ("quantapilot.cli.mock", "mock"),
    "generate": ("quantapilot.cli.generate", "generate"),
    "docs": ("quantapilot.cli.docs", "docs"),
    "completion": ("quantapilot.cli.completion", "completion"),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qp", message="%(prog)s %(version)s")
def qp() -> None:
    """Keep personal data out of QuantaPilot's events and logs.

    Exit codes: 0 clean, 1 findings, 2 usage, 3 nothing to check, 4 could not check.
    """


def run() -> None:
    """Run the command line; expected errors are one line, and no fault shows a checked value."""
    _fill_descriptors()
    if "_QP_COMPLETE" in os.environ:
        # A shell asks: the way it splits words must be known first.
        import_module("quantapilot.cli.completion")
    try:
        sys.exit(qp.main(prog_name="qp", standalone_mode=False))
    except click.Abort:
        _stop("interrupted before the end")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UnknownNameError as error:
        click.UsageError(str(error)).show()
        sys.exit(ExitCode.USAGE)
    except QuantaPilotError as error:
        _stop(str(error))
    except BrokenPipeError:
        # Whoever read the report has gone: there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.UNCHECKED)
    except OSError as error:
        _stop(f"the report can't be written: {error.strerror}")
    except Exception as error:  # noqa: BLE001
        _stop(f"{unforeseen(error)}; please report it")


def _fill_descriptors() -> None:
    """Have closed standard streams be empty: else the next file that is opened stands there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - until the end


def _stop(message: str) -> NoReturn:
    click.echo(f"qp: {message}", err=True)
    sys.exit(ExitCode.UNCHECKED)
