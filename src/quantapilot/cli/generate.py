"""`qp generate`: models and catalog from the schemas, or the difference to what is there."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from quantapilot.config import load_config
from quantapilot.errors import ExitCode


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; show the difference and exit 1 if any.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from FILE; else from the nearest quantapilot.toml or pyproject.toml.",
)
def generate(check: bool, config: Path | None) -> None:
    """Write the Pydantic models and the catalog from the schemas."""
    from quantapilot.contract.codegen import check as difference
    from quantapilot.contract.codegen import generate as generated
    from quantapilot.contract.codegen import write
    from quantapilot.gate.project import Project

    files = Project(load_config(config)).files
    wanted = generated(files.schemas)
    if check:
        changes = difference(wanted, files.generated)
        for change in changes:
            click.echo(change, nl=False)
        if changes:
            click.echo("\ngenerated files differ; run 'qp generate' and commit the result", err=True)
            sys.exit(ExitCode.FINDINGS)
        click.echo(f"{files.generated} is what {files.schemas} says")
        return
    write(wanted, files.generated)
    click.echo(f"wrote {len(wanted)} files to {files.generated}")
