"""All rules in one list, whichever part of the gate they belong to, as users are told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.pii.rules import load_own_rules, load_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantapilot.findings import Category, PiiClass, Severity


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """What users are told of a rule."""

    id: str
    category: Category
    pii_class: PiiClass | None
    severity: Severity
    description: str
    why: str
    fix: str
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    data_classes: tuple[str, ...] = ()


def all_rules(extra_files: Sequence[Path] = ()) -> list[RuleEntry]:
    """Return every rule, by category and id.

    Raises:
        RuleError: A rule file can't be used.
    """
    packaged = load_rules()
    entries = [
        RuleEntry(
            rule.id,
            "pii",
            rule.pii_class,
            rule.severity,
            rule.description,
            rule.why,
            rule.fix,
            rule.match,
            rule.no_match,
            tuple(" ".join(hint) for hint in rule.fields),
            rule.context,
            tuple(sorted(rule.data_classes)),
        )
        for rule in (*packaged, *load_own_rules(extra_files, packaged))
    ]
    entries += [
        RuleEntry(r.id, r.category, None, r.severity, r.description, r.why, r.fix)
        for r in (*CONTRACT_RULES.values(), *INPUT_RULES.values())
    ]
    return sorted(entries, key=lambda entry: entry.id)


def rule_ids(extra_files: Sequence[Path] = ()) -> list[str]:
    """Return the ids of every rule."""
    return [entry.id for entry in all_rules(extra_files)]
