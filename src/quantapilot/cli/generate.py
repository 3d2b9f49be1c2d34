"""`qp generate`: models, catalog and documents from the contract, or the difference to them."""

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
    """Write the Pydantic models, the catalog and the documents from the contract."""
    from quantapilot.cli.docs import documents_checked, write_documents
    from quantapilot.contract import codegen
    from quantapilot.gate.project import Project

    project = Project(load_config(config))
    files = project.files
    if check:
        changes = codegen.check(files.schemas, files.generated)
        for change in changes:
            click.echo(change)
        if not changes:
            click.echo(f"{files.generated} is what {files.schemas} says")
        if not documents_checked(project, files.documents) or changes:
            click.echo("generated files differ: run 'qp generate' and commit the result", err=True)
            sys.exit(ExitCode.FINDINGS)
        return
    written = codegen.write(files.schemas, files.generated)
    click.echo(f"wrote {', '.join(written) or 'nothing, all is as it was'} in {files.generated}")
    write_documents(project, files.documents)
