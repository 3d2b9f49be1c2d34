"""Markup that is escaped by construction: text becomes markup through `element` alone."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"br", "meta"})
_CODE = re.compile(r"`([^`]+)`")


class Markup(str):
    """A piece of a page; every other string is text, and is escaped where it is put in."""

    __slots__ = ()


Child = str | Markup | None


def element(name: str, *children: Child, **attributes: str | bool) -> Markup:
    """Return an element with its children in order; None among them is left out.

    Args:
        name: Its name.
        children: Markup as it is, and texts.
        attributes: By name; a `_` at the end is dropped, others become hyphens. True stands for an
            attribute without a value, False leaves it out.
    """
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    inside = "" if name in _VOID else f"{joined(children)}</{name}>"
    return Markup(f"<{name}{opened}>{inside}")


def joined(children: Iterable[Child], between: str = "") -> Markup:
    """Return pieces one behind the other, with a text between them."""
    pieces = [each if isinstance(each, Markup) else text(each) for each in children if each]
    return Markup(text(between).join(pieces))


def text(words: str) -> Markup:
    """Return words as they show, what nobody could see as its code."""
    seen = "".join(each if _shows(each) else f"<U+{ord(each):04X}>" for each in words)
    return Markup(escape(seen, quote=False))


def told(words: str) -> Markup:
    """Return a description, with what stands in backticks as code."""
    parts = _CODE.split(words)
    return joined(element("code", each) if at % 2 else each for at, each in enumerate(parts))


def _attribute(key: str, value: str | bool) -> str:
    if value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def _shows(char: str) -> bool:
    return char.isprintable() or char in "\n\t"
