"""One definition on the page: what it is, its fields, who uses it, examples and the schema."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from quantapilot.documents.reference.anchors import link
from quantapilot.documents.reference.markup import Markup, element, joined, text, told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantapilot.documents.reference.anchors import Anchors
    from quantapilot.documents.reference.model import (
        Definition,
        Example,
        Field,
        Limit,
        Phrase,
        Reference,
    )

# What is longer, with its markup, has a line of its own.
_WIDE = 90
# A member's name at the beginning of a line of JSON, as Python writes it.
_NAME = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(?=: )', re.MULTILINE)


def article(definition: Definition, reference: Reference, anchors: Anchors) -> Markup:
    """Return all that is told of a definition."""
    anchor = anchors.of(definition.name)
    heading = element("h3", element("a", definition.name, href=anchors.to(definition.name)))
    return element(
        "article",
        element("header", heading, _called(definition)),
        element("p", told(definition.description), class_="about")
        if definition.description
        else None,
        _facts(definition, anchors),
        _choices(definition, anchors),
        _fields(definition, reference, anchors),
        *_valid(definition),
        _invalid(definition, reference),
        element(
            "details",
            element("summary", "JSON Schema"),
            _plain(json.dumps(definition.schema, ensure_ascii=False, indent=2)),
        ),
        id=anchor,
        class_="definition",
    )


def _called(definition: Definition) -> Markup | None:
    if definition.call is None:
        return None
    method, path = definition.call.method, definition.call.path
    return element("p", element("b", method), " ", element("code", path), class_="call")


def _facts(definition: Definition, anchors: Anchors) -> Markup:
    rows: list[tuple[str, Markup]] = []
    if not definition.choices:
        rows.append(("Type", _phrase(definition.type, anchors)))
    rows += [(each.label.capitalize(), _limit(each)) for each in definition.limits]
    if definition.data_class:
        linked = element(
            "a", definition.data_class, href=link(anchors.own(f"class-{definition.data_class}"))
        )
        rows.append(("Data class", linked))
    if definition.call is not None:
        rows += [
            (f"Answer {status}", _link(name, anchors) if name else text("no body"))
            for status, name in definition.call.answers
        ]
        if definition.call.errors:
            rows.append(("Refusals", _link(definition.call.errors, anchors)))
    if definition.used_by:
        rows.append(("Used by", _used_by(definition, anchors)))
    rows.append(("File", element("code", definition.file)))
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element("dd", value),
                class_="wide" if len(value) > _WIDE else False,
            )
            for name, value in rows
        ),
        class_="facts",
    )


def _used_by(definition: Definition, anchors: Anchors) -> Markup:
    places: dict[str, list[str]] = {}
    for use in definition.used_by:
        places.setdefault(use.name, []).append(use.path)
    return joined(
        [
            joined([
                _link(name, anchors),
                element("span", f" ({', '.join(filter(None, paths))})", class_="muted")
                if any(paths) and name != definition.name
                else None,
            ])
            for name, paths in places.items()
        ],
        ", ",
    )  # fmt: skip


def _choices(definition: Definition, anchors: Anchors) -> Markup | None:
    if not definition.choices:
        return None
    said = joined(["Which it is, ", element("code", definition.chosen_by), " says."])
    lines = [
        element(
            "li",
            joined([element("code", each.value), " "]) if each.value else None,
            _phrase(each.type, anchors),
            element("span", " ", told(each.description), class_="muted") if each.description
            else None,
        )
        for each in definition.choices
    ]  # fmt: skip
    return joined(
        [
            element("h4", "One of these"),
            element("p", said) if definition.chosen_by else None,
            element("ul", *lines, class_="choices"),
        ]
    )


def _fields(definition: Definition, reference: Reference, anchors: Anchors) -> Markup | None:
    if not definition.fields:
        return None
    searched = {each.name: each.brief for each in reference.classes}
    heads = ("Field", "Type", "Class", "What it is")
    rows = [
        element(
            "tr",
            element("th", *_name(field), scope="row"),
            element("td", *_type(field, anchors)),
            element("td", *_class(field.data_class, searched, anchors)),
            element("td", *_about(field, anchors)),
            id=anchors.of(definition.name, at),
        )
        for at, field in enumerate(definition.fields)
    ]  # fmt: skip
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    return element(
        "table",
        element("caption", f"Fields of {definition.name}", class_="unseen"),
        element("thead", head),
        element("tbody", *rows),
        class_="fields",
    )


def _class(name: str, searched: Mapping[str, str], anchors: Anchors) -> Sequence[Markup]:
    if not name:
        return ()
    if name not in searched:
        return (element("span", name, class_="class"),)
    linked = element("a", name, href=link(anchors.own(f"class-{name}")), class_="class")
    return linked, element("span", searched[name], class_="note")


def _name(field: Field) -> Sequence[Markup | str]:
    path = element("code", field.path, class_="pattern" if field.family else "path")
    needed = element("span", "required", class_="required") if field.required else ""
    family = element("span", "every name like this", class_="muted") if field.family else ""
    return [each for each in (path, needed, family) if each]


def _type(field: Field, anchors: Anchors) -> Sequence[Markup]:
    gist = element("span", field.gist, class_="gist") if field.gist else None
    out = [element("span", _phrase(field.type, anchors), class_="type")]
    out += [gist] if gist else []
    for each in field.limits:
        label = element("span", f"{each.label} ", class_="muted")
        out.append(element("span", label, _limit(each), class_="limit"))
    return out


def _about(field: Field, anchors: Anchors) -> Sequence[Markup]:
    out = [element("span", told(field.description))]
    if field.note:
        out.append(element("span", field.note, class_="note"))
    if field.origin:
        out.append(element("span", "from ", _link(field.origin, anchors), class_="note"))
    return out


def _limit(limit: Limit) -> Markup:
    said: list[Markup | str] = [
        element("code", each) if limit.literal else each for each in limit.first
    ]
    return joined([*said, limit.rest], ", ")


def _phrase(phrase: Phrase, anchors: Anchors) -> Markup:
    return joined(_link(each.target, anchors) if each.target else each.text for each in phrase)


def _link(name: str, anchors: Anchors) -> Markup:
    return element("a", name, href=anchors.to(name))


def _valid(definition: Definition) -> Sequence[Markup]:
    if not definition.valid:
        return ()
    first, *rest = [_code(each.text) for each in definition.valid]
    out = [element("h4", "Example"), first]
    if rest:
        noun = "example" if len(rest) == 1 else "examples"
        out.append(element("details", element("summary", f"{len(rest)} more {noun}"), *rest))
    return out


def _invalid(definition: Definition, reference: Reference) -> Markup | None:
    if not definition.invalid:
        return None
    count = len(definition.invalid)
    noun = "value" if count == 1 else "values"
    return element(
        "details",
        element("summary", f"What is refused: {count} {noun}"),
        *(_refused(each, reference) for each in definition.invalid),
    )


def _refused(example: Example, reference: Reference) -> Markup:
    rules = [
        element(
            "li", element("code", rule),
            element("span", f" {reference.rules[rule]}", class_="muted")
            if rule in reference.rules else None,
        )
        for rule in example.rules
    ]  # fmt: skip
    return element(
        "div",
        element("p", told(example.why), class_="why") if example.why else None,
        _code(example.text, example.marks, refused=True),
        element("ul", *rules, class_="rules", aria_label="Refused by"),
        class_="refused",
    )


def _code(code: str, marks: Sequence[str] = (), *, refused: bool = False) -> Markup:
    """Return JSON as it is read: names in a colour of their own, what is masked marked."""
    pieces: list[Markup] = []
    at = 0
    for found in _NAME.finditer(code):
        pieces += [_marked(code[at : found.start(2)], marks), element("b", found[2])]
        at = found.end(2)
    pieces.append(_marked(code[at:], marks))
    inside = element("code", *pieces)
    kind = "code refused" if refused else "code"
    return element("div", element("pre", inside), class_=kind)


def _plain(code: str) -> Markup:
    return element("div", element("pre", element("code", code)), class_="code")


def _marked(code: str, marks: Sequence[str]) -> Markup:
    if not marks:
        return text(code)
    parts = re.split(f"({'|'.join(map(re.escape, marks))})", code)
    return joined(element("mark", each) if at % 2 else each for at, each in enumerate(parts))
