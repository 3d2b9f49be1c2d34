"""Options that several commands have, so that they are called and told alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from quantapilot.cli import candidates
from quantapilot.reports import REPORTERS

_YEAR = 366 * 86400


class Seconds(click.FloatRange):
    """A number of seconds that a clock can wait for: finite, a year at most."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        seconds: float = super().convert(value, param, ctx)
        if not seconds <= _YEAR:
            self.fail(f"{value} is no number of seconds up to a year.", param, ctx)
        return seconds


class Jobs(click.IntRange):
    """A number of processes; `auto` is None."""

    def __init__(self) -> None:
        super().__init__(min=1, max=1024)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, None for `auto`."""
        return None if value in {"auto", None} else super().convert(value, param, ctx)


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
REPORT_FORMAT = click.option(
    "--format",
    "report_format",
    type=click.Choice(list(REPORTERS)),
    default="text",
    show_default=True,
    help="Shape of the report.",
)
OUTPUT = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)
