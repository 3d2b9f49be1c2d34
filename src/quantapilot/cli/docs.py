"""`qp docs`: documents from the contract, or the difference to what is there."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli import candidates
from quantapilot.cli.options import CONFIG
from quantapilot.config import load_config
from quantapilot.errors import ExitCode, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.documents.folder import Inputs, Result
    from quantapilot.gate.project import Project

# How many files of one folder are told by their names.
_FEW = 3


@click.command()
@click.argument("formats", metavar="[FORMAT]...", nargs=-1, shell_complete=candidates.documents)
@click.option("--check", is_flag=True, help="Write nothing; show the difference and exit 1 if any.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the documents; else the one that the configuration names.",
)
@CONFIG
def docs(formats: tuple[str, ...], check: bool, output: Path | None, config: Path | None) -> None:
    """Write the documents of the contract: all, or those of each FORMAT.

    FORMAT is openapi, asyncapi, typescript, html or markdown.
    """
    from quantapilot.gate.project import Project

    _known(formats)
    project = Project(load_config(config))
    folder = output or project.files.documents
    if check:
        if not documents_checked(project, folder, formats):
            click.echo("documents differ: run 'qp docs' and commit the result", err=True)
            sys.exit(ExitCode.FINDINGS)
        return
    write_documents(project, folder, formats)


def write_documents(project: Project, folder: Path, formats: Sequence[str] = ()) -> None:
    """Write documents, and tell which.

    Raises:
        ContractError: A format can't say what the contract says.
        GeneratedError: The folder can't be written, or holds somebody's own file in the way.
        MissingToolError: A format that is asked for by name needs what is not installed.
    """
    from quantapilot.documents.folder import write

    result = write(_inputs(project), folder, formats)
    _refuse_asked(formats, result)
    click.echo(f"wrote {_listed(result.changes) or 'nothing, all is as it was'} in {folder}")
    for name, why in result.left.items():
        click.echo(f"{name} is left as it was, and is not what the contract says: {why}", err=True)
    for name, why in result.never.items():
        click.echo(f"{name} is left out: {why}", err=True)


def documents_checked(project: Project, folder: Path, formats: Sequence[str] = ()) -> bool:
    """Show how documents differ from what the contract says; return whether none does.

    Raises:
        ContractError: A format can't say what the contract says.
        MissingToolError: A format that is asked for by name needs what is not installed.
    """
    from quantapilot.documents.folder import check

    result = check(_inputs(project), folder, formats)
    if set(formats) & result.never.keys():
        _refuse_asked(formats, result)
    for change in result.changes:
        click.echo(change)
    for name, why in result.left.items():
        click.echo(f"{name} is not what the contract says, and can't be written here: {why}")
    for name, why in result.never.items():
        click.echo(f"{name} is left out: {why}", err=True)
    if result.otherwise:
        click.echo(
            f"{', '.join(result.otherwise)}: schemas and examples are as they were; another version"
            " of the toolkit, or other rules of the project, writes them otherwise",
            err=True,
        )
    if result.changes or result.left:
        return False
    click.echo(f"{folder} is what the contract says")
    return True


def _inputs(project: Project) -> Inputs:
    from quantapilot.contract.digests import inputs_digests
    from quantapilot.contract.examples import load_examples
    from quantapilot.documents.folder import Inputs
    from quantapilot.documents.source import Source

    files = project.files
    examples = load_examples(files.examples) if files.examples.is_file() else {}
    source = Source(project.sound_contract(), examples, project.detector())
    return Inputs(source, inputs_digests(files.schemas, files.examples))


def _listed(names: Sequence[str]) -> str:
    """Return names of files in a line, those of a folder as their number where they are many."""
    below = Counter(name.rpartition("/")[0] for name in names)
    many = {folder for folder, count in below.items() if folder and count > _FEW}
    shown = {
        f"{folder}/ ({below[folder]} files)" if folder in many else name
        for name in names
        for folder in (name.rpartition("/")[0],)
    }
    return ", ".join(sorted(shown))


def _refuse_asked(formats: Sequence[str], result: Result) -> None:
    from quantapilot.errors import MissingToolError

    for name, why in {**result.left, **result.never}.items():
        if name in formats:
            raise MissingToolError(why)


def _known(formats: Sequence[str]) -> None:
    from quantapilot.documents.registry import DOCUMENTS

    for name in formats:
        if name not in DOCUMENTS:
            known = ", ".join(DOCUMENTS)
            raise UnknownNameError(f"there are no documents '{name}'; known are {known}")
