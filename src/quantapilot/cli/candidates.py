"""Candidates for shell completion: what may stand behind an option, read when a shell asks.

Whatever is wrong with a project is told by the command itself; a shell is told nothing then.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantapilot.config import load_config
from quantapilot.errors import QuantaPilotError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from quantapilot.config import Config


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:  # noqa: ARG001
    """Return what makes a shell complete the names of files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the ids of rules that begin so."""
    return [rule for rule in _rules(ctx) if rule.startswith(incomplete)]


def rule_patterns(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of rules that begin so, and the patterns of their categories."""
    patterns = [each for each in ("contract/*", "input/*", "pii/*") if each.startswith(incomplete)]
    return patterns + rules(ctx, param, incomplete)


def definitions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the names of the contract's definitions that begin so, in either spelling."""
    from quantapilot.contract.catalog import snake
    from quantapilot.gate.project import Project

    try:
        names = list(Project(_config(ctx)).contract().definitions)
    except QuantaPilotError:
        return []
    spelt = names if incomplete[:1].isupper() else [snake(name) for name in names]
    return [name for name in spelt if name.startswith(incomplete)]


def documents(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the formats of documents that begin so."""
    from quantapilot.documents.registry import DOCUMENTS

    return [name for name in DOCUMENTS if name.startswith(incomplete)]


def events(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the types of event that begin so, by the last part of their names."""
    from quantapilot.contract.events import EventTypes
    from quantapilot.gate.project import Project

    try:
        names = EventTypes(Project(_config(ctx)).contract()).names
    except QuantaPilotError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def mocks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return what samples can be made of that begins so: events and definitions."""
    return [*events(ctx, param, incomplete), *definitions(ctx, param, incomplete)]


def sinks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the names of an outbox's sinks that begin so."""
    from quantapilot.outbox.survey import status

    outbox = ctx.params.get("outbox") or os.environ.get("QP_OUTBOX", "")
    if not outbox:
        return []
    try:
        known = status(Path(outbox)).sinks
    except QuantaPilotError:
        return []
    return [each.name for each in known if each.name.startswith(incomplete)]


def repositories(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the address of the repository around the current folder, if it begins so."""
    from quantapilot.client.repository import surroundings

    found = surroundings().repo_url
    return [found] if found and found.startswith(incomplete) else []


def branches(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Return the branches of the repository around the current folder that begin so."""
    from quantapilot.client.repository import branches

    return [name for name in branches() if name.startswith(incomplete)]


def _rules(ctx: click.Context) -> list[str]:
    from quantapilot.contract.rules import CONTRACT_RULES
    from quantapilot.inputs.rules import INPUT_RULES
    from quantapilot.pii.compiled import compiled_rules
    from quantapilot.pii.rules import load_own_rules

    packaged = compiled_rules()
    try:
        config = _config(ctx)
        own = load_own_rules([config.root / path for path in config.rules], packaged)
    except QuantaPilotError:
        own = ()
    ids = [rule.id for rule in (*packaged, *own)]
    return sorted([*ids, *CONTRACT_RULES, *INPUT_RULES])


def _config(ctx: click.Context) -> Config:
    file = ctx.params.get("config")
    return load_config(Path(file) if file else None)
