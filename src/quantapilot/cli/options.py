"""Options that several commands have, so that they are called and told alike everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from quantapilot.cli import candidates

CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from FILE; else from the nearest quantapilot.toml or pyproject.toml.",
)
SELECT = click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    help="Only this rule counts; repeatable, 'pii/*' works.",
    shell_complete=candidates.rule_patterns,
)
IGNORE = click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    help="This rule does not count; repeatable.",
    shell_complete=candidates.rule_patterns,
)
