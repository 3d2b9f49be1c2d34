"""`qp diff`: what a change of schemas breaks, for whom, and a value that shows it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quantapilot.cli.options import CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.compat.changes import Comparison, Direction
    from quantapilot.compat.revisions import Schemas
    from quantapilot.config import Config


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--direction",
    type=click.Choice(["backward", "forward", "full"]),
    help="What has to hold: old values stay valid, new values were valid, or both.",
)
@click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Shape of the report.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)
@CONFIG
def diff(
    old: str,
    new: str,
    *,
    direction: Direction | None,
    report_format: str,
    output: Path | None,
    config: Path | None,
) -> None:
    """Say what changed from OLD to NEW, and show a value for each break.

    OLD and NEW are schema files, folders with *.schema.json, or git revisions, such as HEAD~1,
    v1.2 or main:_schemas. Without --direction the definitions of a contract are judged by what
    they are for, and a single file by 'backward'.

    Exit codes: 0 compatible, 1 not, or nobody can tell, 2 usage, 4 could not compare.
    """
    from quantapilot.config import load_config
    from quantapilot.errors import ExitCode

    comparison = _compared(old, new, direction, load_config(config))
    _write(comparison, report_format, output)
    sys.exit(ExitCode.CLEAN if comparison.verdict == "compatible" else ExitCode.FINDINGS)


def _compared(old: str, new: str, direction: Direction | None, config: Config) -> Comparison:
    from quantapilot.compat.contracts import compare_contracts
    from quantapilot.compat.revisions import opened
    from quantapilot.compat.schemas import compare
    from quantapilot.contract.catalog import BrokenContractError

    then, now = opened(old, config), opened(new, config)
    if then.single != now.single:
        raise click.UsageError("compare a file with a file, or a folder with a folder")
    if then.is_contract and now.is_contract:
        left, right = then.contract(), now.contract()
        for schemas, contract in ((then, left), (now, right)):
            _checked(schemas, contract.schemas)
        return compare_contracts(left, right, direction)
    name = next(iter(now.parsed))
    _checked(then, then.parsed)
    _checked(now, now.parsed)
    try:
        return compare(then.schema, now.schema, direction or "backward", file=name)
    except BrokenContractError as error:
        raise then.located(error.finding) from error


def _checked(schemas: Schemas, parsed: Mapping[str, Any]) -> None:
    """Refuse schemas that are none, by the name of the version that they are of."""
    from quantapilot.compat.loading import side
    from quantapilot.contract.catalog import BrokenContractError

    try:
        side("old", parsed)
    except BrokenContractError as error:
        raise schemas.located(error.finding) from error


def _write(comparison: Comparison, report_format: str, output: Path | None) -> None:
    from quantapilot.compat.report import FORMATS, as_text

    if output is not None:
        from quantapilot.cli.output import written_whole

        with written_whole(output, "report") as out:
            out.write(FORMATS[report_format](comparison).encode())
        return
    if report_format == "text":
        from quantapilot.cli.check import shows_colour

        text = as_text(comparison, colour=shows_colour(sys.stdout))
    else:
        text = FORMATS[report_format](comparison)
    # Programs read UTF-8 whatever the terminal shows.
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if report_format == "text" else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
    sys.stdout.write(text)
