"""A contract surveyed: everything that a reference tells of it, gathered from schemas and examples.

Nothing of a particular contract stands here. What an annotation is missing for, such as operations
or an order of events, the reference does without.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.documents.about import about
from quantapilot.documents.reference.examples import invalid, valid
from quantapilot.documents.reference.fields import choices, fields, own_limits, own_type
from quantapilot.documents.reference.groups import call, groups, uses
from quantapilot.documents.reference.model import (
    FREE_TEXT,
    DataClass,
    Definition,
    Reference,
    SchemaFile,
)
from quantapilot.documents.reference.naming import Names
from quantapilot.documents.reference.order import order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantapilot.documents.reference.model import Use
    from quantapilot.documents.source import Source
    from quantapilot.pii.rules import Rule

_CLASSES = {
    "identifier": "An opaque id: a UUID, or a string of a fixed shape.",
    "technical": "A number, or a string of a known shape or length, such as an address or a path.",
    "aggregate": "A number that counts or measures.",
    "timestamp": "A date or a time.",
    "status": "A value out of a few that are listed, true or false, or a number within bounds.",
    FREE_TEXT: "Words for people.",
}
_SEARCHED = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "name": "names",
    "token": "credentials",
    "national_id": "personal identifiers",
    "ip": "IP addresses",
}

# More kinds of data than this are not named one by one beside a field.
_FEW = 2


def survey(source: Source) -> Reference:
    """Return what is told of a contract.

    Raises:
        ContractError: It declares an order of events that can't be used.
    """
    contract = source.contract
    names = Names(contract)
    used = uses(names)
    grouped = groups(names, used)
    definitions = {
        entry.name: _definition(names, entry.name, used[entry.name], source)
        for group in grouped
        for entry in group.entries
    }
    files = tuple(_file(name, schema) for name, schema in contract.schemas.items())
    said = about(contract)
    return Reference(
        title=said.title,
        description=said.description,
        version=said.version,
        files=files,
        groups=grouped,
        definitions=definitions,
        classes=_classes(definitions.values(), source.detector.rules),
        order=order(contract),
        rules=_rules(definitions.values(), source.detector.rules),
    )


def _definition(names: Names, name: str, used_by: Sequence[Use], source: Source) -> Definition:
    definition = names.definitions[name]
    part = names.root(definition)
    cases = source.examples.get(name, {})
    chosen, chosen_by = choices(names, definition)
    return Definition(
        name=name,
        file=definition.file,
        uri=definition.uri,
        description=str(names.keywords(part).get("description", "")),
        type=own_type(names, definition),
        limits=own_limits(names, definition),
        data_class=names.data_class(part),
        fields=fields(names, definition),
        choices=chosen,
        chosen_by=chosen_by,
        call=call(names, definition),
        used_by=tuple(used_by),
        valid=valid(cases),
        invalid=invalid(cases, source.detector),
        schema=definition.schema,
    )


def _file(name: str, schema: Mapping[str, Any]) -> SchemaFile:
    told = (str(schema.get(key, "")) for key in ("$id", "title", "description", "x-version"))
    return SchemaFile(name, *told)


def _classes(definitions: Iterable[Definition], rules: Sequence[Rule]) -> tuple[DataClass, ...]:
    used: dict[str, None] = {}
    for each in definitions:
        used.update(dict.fromkeys([each.data_class, *(place.data_class for place in each.fields)]))
    return tuple(
        DataClass(name, holds, *_sought(name, rules))
        for name, holds in _CLASSES.items()
        if name in used
    )


def _sought(data_class: str, rules: Sequence[Rule]) -> tuple[str, str]:
    """Return in a few words what is searched for in fields of a class, and in a sentence."""
    searched = Counter(name for rule in rules for name in rule.data_classes)
    found = {rule.pii_class for rule in rules if data_class in rule.data_classes}
    kinds = [words for name, words in _SEARCHED.items() if name in found]
    told = ", ".join(kinds)
    if not found:
        return "not searched", "Nothing: what has this form can hold nobody's data."
    if searched[data_class] == max(searched.values()):
        return "every rule", f"Every rule runs: {told}."
    brief = told if len(kinds) <= _FEW else "some rules"
    return brief, f"Only what such a form lets through: {told}."


def _rules(definitions: Iterable[Definition], rules: Sequence[Rule]) -> dict[str, str]:
    known = {rule.id: rule.description for rule in rules}
    known |= {name: rule.description for name, rule in CONTRACT_RULES.items()}
    named = {rule for each in definitions for case in each.invalid for rule in case.rules}
    return {rule: known[rule] for rule in sorted(named) if rule in known}
