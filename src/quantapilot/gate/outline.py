"""Outlines: the offending line of a document with its keys, and no more of a value than its type.

What breaks the contract may be anything, also what no rule finds: so no value is shown.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from quantapilot.pii.mask import Excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.contract.positions import Node, Pointer

# What of a node is pointed to: its key, its value, or the beginning of what is in it.
Focus = Literal["key", "value", "inside"]

_BEFORE, _BEHIND = 28, 44
_LONGEST_KEY = 40
_ELLIPSIS = "..."
_LITERALS = {"true": "boolean", "false": "boolean", "null": "null"}
_BRACKETS = {"object": ("{", "}"), "array": ("[", "]")}


class Outline:
    """The outline of one document.

    Args:
        nodes: All its values, parents before members.
        key_shown: Returns a key as it may be shown.
    """

    def __init__(self, nodes: Sequence[Node], key_shown: Callable[[str | int], str | int]) -> None:
        self._root = nodes[0]
        self._key_shown = key_shown
        self._members: dict[Pointer, list[Node]] = defaultdict(list)
        self._objects = {node.pointer for node in nodes if node.kind == "object"}
        self._at: dict[int, int] = {}
        for node in nodes[1:]:
            members = self._members[node.pointer[:-1]]
            self._at[node.start] = len(members)
            members.append(node)

    def around(self, node: Node, focus: Focus) -> Excerpt:
        """Return one line with the neighbours of a node, pointing to it."""
        if focus == "inside" or node is self._root:
            return self._inside(node)
        members = self._members[node.pointer[:-1]]
        at = self._at[node.start]
        before, left = "", at
        while left and len(before) < _BEFORE:
            left -= 1
            before = f"{self._member(members[left])}, {before}"
        behind, right = "", at + 1
        while right < len(members) and len(behind) < _BEHIND:
            behind += f", {self._member(members[right])}"
            right += 1
        within = "object" if node.pointer[:-1] in self._objects else "array"
        opened, closed = _BRACKETS[within]
        before = (f"{_ELLIPSIS} " if left else opened) + before
        behind += f", {_ELLIPSIS}" if right < len(members) else closed
        name, kind = self._name(node), _type(node)
        text = f"{before}{name}{kind}{behind}"
        if focus == "key":
            return Excerpt(text, len(before) + 1, max(1, len(name) - len('"": ')))
        return Excerpt(text, len(before) + len(name), len(kind))

    def _inside(self, node: Node) -> Excerpt:
        members = self._members.get(node.pointer, [])
        if node.kind not in _BRACKETS:
            return Excerpt(_type(node), 0, len(_type(node)))
        opened, closed = _BRACKETS[node.kind]
        inside, at = "", 0
        while at < len(members) and len(inside) < _BEFORE + _BEHIND:
            inside += f"{', ' if at else ''}{self._member(members[at])}"
            at += 1
        inside += f", {_ELLIPSIS}" if at < len(members) else ""
        return Excerpt(f"{opened}{inside}{closed}", 0, 1)

    def _member(self, node: Node) -> str:
        return self._name(node) + _type(node)

    def _name(self, node: Node) -> str:
        if node.key_at is None:
            return ""
        name = str(self._key_shown(node.pointer[-1]))
        if len(name) > _LONGEST_KEY:
            name = name[:_LONGEST_KEY] + _ELLIPSIS
        return f'"{name}": '


def _type(node: Node) -> str:
    return f"<{_LITERALS[node.text] if node.kind == 'literal' else node.kind}>"
