"""The reference in Markdown: a page for each definition, and one that leads to them.

They read well as text, and as GitHub shows them; the links between them work in both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.documents.marker import marker
from quantapilot.documents.reference.gfm import (
    code,
    code_outside,
    fence,
    link,
    plain,
    table,
    told,
)
from quantapilot.documents.reference.index import index
from quantapilot.documents.reference.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from quantapilot.documents.reference.model import (
        Definition,
        Example,
        Field,
        Limit,
        Phrase,
        Reference,
    )
    from quantapilot.documents.source import Source

FOLDER = "markdown"
_INDEX = "README"
# Windows has no files of these names, whatever their suffix.
_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{at}" for port in ("com", "lpt") for at in range(10)
}
_ODD = re.compile(r"[^\w.-]")


@dataclass(frozen=True, slots=True)
class Pages:
    """The names of the pages by definition: each there once, on any file system."""

    names: Mapping[str, str]

    def link(self, name: str) -> str:
        """Return the link to a definition's page, from any other."""
        return link(name, f"{self.names[name]}.md")


def write(source: Source) -> dict[str, bytes]:
    """Return the pages of a contract: `markdown/README.md` and one for each definition.

    Raises:
        ContractError: The contract declares an order of events that can't be used.
    """
    reference = survey(source)
    pages = Pages(_names(reference))
    # Nothing in it may end the comment.
    said = marker("markdown", source.contract).replace("--", "- -").replace(">", ")")
    written = {_INDEX: index(reference, pages.link)}
    for group in reference.groups:
        for entry in group.entries:
            definition = reference.definitions[entry.name]
            written[pages.names[entry.name]] = _page(definition, reference, pages)
    return {
        f"{FOLDER}/{name}.md": "\n".join((f"<!-- {said} -->", *lines, "")).encode()
        for name, lines in written.items()
    }


def _names(reference: Reference) -> dict[str, str]:
    taken = {_INDEX.casefold(), *_DEVICES}
    names: dict[str, str] = {}
    for name in reference.definitions:
        page = wanted = _ODD.sub("_", name)
        more = 2
        while page.casefold() in taken:
            page, more = f"{wanted}-{more}", more + 1
        taken.add(page.casefold())
        names[name] = page
    return names


def _page(definition: Definition, reference: Reference, pages: Pages) -> list[str]:
    parts = [
        f"# {plain(definition.name)}",
        link(reference.title, f"{_INDEX}.md"),
        told(definition.description),
        "\n".join(_facts(definition, pages)),
        *_choices(definition, pages),
        *_fields(definition, reference, pages),
        *_examples(definition),
        *_refused(definition, reference),
        "## JSON Schema",
        fence(json.dumps(definition.schema, ensure_ascii=False, indent=2), "json"),
    ]
    return ["\n\n".join(filter(None, parts))]


def _facts(definition: Definition, pages: Pages) -> Iterator[str]:
    if definition.call is not None:
        yield f"- Call: {code_outside(f'{definition.call.method} {definition.call.path}')}"
        for status, name in definition.call.answers:
            yield f"- Answer {plain(status)}: {pages.link(name) if name else 'no body'}"
        if definition.call.errors:
            yield f"- Refusals: {pages.link(definition.call.errors)}"
    if not definition.choices:
        yield f"- Type: {_phrase(definition.type, pages)}"
    for limit in definition.limits:
        yield f"- {plain(limit.label.capitalize())}: {_limit(limit, code_outside)}"
    if definition.data_class:
        yield f"- Data class: {plain(definition.data_class)}"
    users = list(dict.fromkeys(use.name for use in definition.used_by))
    if users:
        yield f"- Used by: {', '.join(map(pages.link, users))}"
    yield f"- File: {code_outside(definition.file)}"


def _choices(definition: Definition, pages: Pages) -> Iterator[str]:
    if not definition.choices:
        return
    yield "## One of these"
    if definition.chosen_by:
        yield f"Which it is, {code_outside(definition.chosen_by)} says."
    rows = [
        [code(each.value), _phrase(each.type, pages), told(each.description)]
        for each in definition.choices
    ]
    first = 0 if definition.chosen_by else 1
    heads = ("Value", "Definition", "What it is")[first:]
    yield "\n".join(table(heads, [row[first:] for row in rows]))


def _fields(definition: Definition, reference: Reference, pages: Pages) -> Iterator[str]:
    if not definition.fields:
        return
    searched = {each.name: each.brief for each in reference.classes}
    yield "## Fields"
    rows = [
        [
            code(field.path),
            _type(field, pages),
            "yes" if field.required else "",
            _class(field.data_class, searched),
            _about(field, pages),
        ]
        for field in definition.fields
    ]
    yield "\n".join(table(("Field", "Type", "Required", "Class", "What it is"), rows))


def _class(name: str, searched: Mapping[str, str]) -> str:
    return f"{plain(name)} ({searched[name]})" if name in searched else plain(name)


def _type(field: Field, pages: Pages) -> str:
    said = [_phrase(field.type, pages)]
    said += [plain(field.gist)] if field.gist else []
    said += [f"{plain(limit.label)} {_limit(limit)}" for limit in field.limits]
    return "; ".join(said)


def _about(field: Field, pages: Pages) -> str:
    said = [told(field.description)] if field.description else []
    said += ["Every name that matches."] if field.family else []
    said += [f"({plain(field.note)})"] if field.note else []
    said += [f"(from {pages.link(field.origin)})"] if field.origin else []
    return " ".join(said)


def _limit(limit: Limit, as_code: Callable[[str], str] = code) -> str:
    said = [as_code(each) if limit.literal else plain(each) for each in limit.first]
    return ", ".join(filter(None, [*said, limit.rest]))


def _phrase(phrase: Phrase, pages: Pages) -> str:
    # What stands between two parts keeps its spaces.
    return "".join(
        pages.link(each.target)
        if each.target
        else re.sub(r"\S(?:.*\S)?", lambda found: plain(found[0]), each.text)
        for each in phrase
    )


def _examples(definition: Definition) -> Iterator[str]:
    if definition.valid:
        yield "## Examples"
    for each in definition.valid:
        yield fence(each.text, "json")


def _refused(definition: Definition, reference: Reference) -> Iterator[str]:
    if definition.invalid:
        yield "## What is refused"
    for each in definition.invalid:
        yield "\n".join(_why(each, reference))
        yield fence(each.text, "json" if not each.marks else "text")


def _why(example: Example, reference: Reference) -> Iterator[str]:
    yield f"**Refused:** {told(example.why)}" if example.why else "**Refused**"
    yield ""
    for rule in example.rules:
        words = reference.rules.get(rule)
        yield f"- {code_outside(rule)}{': ' + plain(words) if words else ''}"
