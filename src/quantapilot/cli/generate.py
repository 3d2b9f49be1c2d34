"""`qp generate`: models and catalog from the schemas, or the difference to what is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from quantapilot.cli.options import CONFIG
from quantapilot.config import load_config
from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; show the difference and exit 1 if any.")
@CONFIG
def generate(check: bool, config: Path | None) -> None:
    """Write the Pydantic models and the catalog from the schemas."""
    from quantapilot.contract import codegen
    from quantapilot.gate.project import Project

    files = Project(load_config(config)).files
    if check:
        changes = codegen.check(files.schemas, files.generated)
        for change in changes:
            click.echo(change)
        if changes:
            click.echo("generated files differ: run 'qp generate' and commit the result", err=True)
            sys.exit(ExitCode.FINDINGS)
        click.echo(f"{files.generated} is what {files.schemas} says")
        return
    written = codegen.write(files.schemas, files.generated)
    click.echo(f"wrote {', '.join(written) or 'nothing, all is as it was'} in {files.generated}")
