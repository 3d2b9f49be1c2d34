"""`qp project`: which repositories a gateway starts runs for, and whose they are."""

from __future__ import annotations

import sys
from collections import defaultdict

import click

from quantapilot.cli.gateway_options import FORMAT, STORE, checked_project, opened, print_json
from quantapilot.errors import ExitCode, RepositoryError
from quantapilot.reports.plain import printable

_PROJECT = click.argument("project", callback=checked_project)


@click.group()
def project() -> None:
    """Say which repositories a gateway starts runs for.

    Exit codes: 0 done, 1 refused or nothing to remove, 2 usage, 3 nothing there, 4 could not be
    done.
    """


@project.command()
@_PROJECT
@STORE
@click.option(
    "--repo",
    "repos",
    multiple=True,
    required=True,
    metavar="URL",
    help="A repository of the project, by its https or ssh address; repeatable.",
)
@click.option("--allow-private", is_flag=True, help="Hosts inside a network are fine.")
def add(project: str, store: str, *, repos: tuple[str, ...], allow_private: bool) -> None:
    """Register repositories of a project: triggers for them start runs of it.

    All addresses of a repository are one, with https and with ssh.
    """
    found = _normal(repos, allow_private=allow_private)
    with opened(store, made=True) as gateway:
        registered = gateway.directory().repositories
        for repository in found:
            if registered.get(repository, project) != project:
                click.echo(
                    f"qp: {repository} belongs to {registered[repository]}: "
                    "remove it there first; nothing was changed",
                    err=True,
                )
                sys.exit(ExitCode.FINDINGS)
        for repository in found:
            gateway.add_repository(project, repository)
    for repository in found:
        click.echo(f"{project}  {repository}")


@project.command("list")
@STORE
@FORMAT
def list_(store: str, report_format: str) -> None:
    """List the projects and their repositories."""
    with opened(store) as gateway:
        registered = gateway.directory().repositories
    projects = defaultdict(list)
    for repository, owner in sorted(registered.items()):
        projects[owner].append(repository)
    if report_format == "json":
        print_json(
            [
                {"project_id": owner, "repositories": repositories}
                for owner, repositories in sorted(projects.items())
            ]
        )
    else:
        for owner, repositories in sorted(projects.items()):
            for repository in repositories:
                click.echo(f"{printable(owner)}  {printable(repository)}")
    if not projects:
        click.echo("nothing is listed: no repository is registered", err=True)
        sys.exit(ExitCode.NOTHING)


@project.command()
@_PROJECT
@STORE
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="URL",
    help="Only this repository; repeatable; else all of the project.",
)
def remove(project: str, store: str, *, repos: tuple[str, ...]) -> None:
    """Let go of a project's repositories: nothing more is started for them.

    Runs that there are stay, and so do tokens.
    """
    named = _normal(repos, allow_private=True)
    with opened(store) as gateway:
        registered = gateway.directory().repositories
        its = [each for each, owner in registered.items() if owner == project]
        gone = [each for each in its if not named or each in named]
        for repository in gone:
            gateway.remove_repository(project, repository)
    if not gone:
        click.echo(f"qp: {project} has no such repository; 'qp project list' has all", err=True)
        sys.exit(ExitCode.FINDINGS)
    for repository in gone:
        click.echo(f"removed {printable(repository)}")


def _normal(repos: tuple[str, ...], *, allow_private: bool) -> list[str]:
    from quantapilot.gateway.repositories import normal

    try:
        return list(dict.fromkeys(normal(each, allow_private=allow_private) for each in repos))
    except RepositoryError as error:
        raise click.BadParameter(str(error), param_hint="'--repo'") from None
