"""`qp rules` and `qp explain`: what is checked, why, and how to repair it."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click
import orjson

from quantapilot.cli import candidates
from quantapilot.cli.options import CONFIG
from quantapilot.config import load_config
from quantapilot.gate.catalogue import RuleEntry, all_rules

if TYPE_CHECKING:
    from pathlib import Path


def _entries(config: Path | None) -> list[RuleEntry]:
    settings = load_config(config)
    return all_rules([settings.root / path for path in settings.rules])


@click.command()
@CONFIG
@click.option(
    "--format",
    "report_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Shape of the list.",
)
def rules(config: Path | None, report_format: str) -> None:
    """List every rule: its id, severity and what it finds."""
    entries = _entries(config)
    if report_format == "json":
        body = [
            {
                "id": entry.id,
                "category": entry.category,
                "class": entry.pii_class,
                "severity": entry.severity,
                "description": entry.description,
            }
            for entry in entries
        ]
        click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
        return
    if report_format == "markdown":
        from quantapilot.gate.rules_page import rules_page

        click.echo(rules_page(entries), nl=False)
        return
    width = max(len(entry.id) for entry in entries)
    for entry in entries:
        click.echo(f"{entry.id:<{width}}  {entry.severity:<7}  {entry.description}")


@click.command()
@click.argument("rule", shell_complete=candidates.rules)
@CONFIG
def explain(rule: str, config: Path | None) -> None:
    """Tell what RULE finds and what not, why it matters and how to repair a finding."""
    entries = {entry.id: entry for entry in _entries(config)}
    entry = entries.get(rule) or entries.get(f"pii/{rule}")
    if entry is None:
        near = get_close_matches(rule, entries, n=1)
        hint = f", did you mean '{near[0]}'?" if near else "; 'qp rules' lists them"
        raise click.UsageError(f"no rule '{rule}'{hint}")
    click.echo("\n".join(_explanation(entry)))
    sys.exit(0)


def _explanation(entry: RuleEntry) -> list[str]:
    lines = [f"{entry.id} ({entry.severity})", f"  {entry.description}", ""]
    lines += ["Why", f"  {entry.why}", "", "What to do", f"  {entry.fix}"]
    if entry.fields:
        lines += ["", "Under fields that end in", f"  {', '.join(entry.fields)}"]
    if entry.context:
        lines += ["", "Behind the words", f"  {', '.join(entry.context)}"]
    if entry.data_classes:
        lines += ["", "In fields of the class", f"  {', '.join(entry.data_classes)}"]
    for title, examples in (("Finds", entry.match), ("Passes", entry.no_match)):
        if examples:
            lines += [
                "",
                f"{title} (synthetic examples)",
                *(f"  {example}" for example in examples),
            ]
    return lines
