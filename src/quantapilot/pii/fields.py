"""Field names as evidence: `userEmail`, `user-email` and `USER_EMAIL_2` all end in the same words.

A name is judged by its last words, since the head of an English compound stands last:
`api_token` names a token, `token_count` a count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantapilot.pii.rules import Rule

_WORD = lazy(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_PAIR = lazy(
    r"""(?<![\w.-])(?P<key>[A-Za-z][\w.-]{1,63})["']?\s{0,4}[=:]\s{0,4}(?:\[\s?)?"""
    r"""(?:"(?P<double>[^"]{1,512})"|'(?P<single>[^']{1,512})'|(?P<bare>(?!//)[^\s"',;&|<>(){}\[\]]{1,512}))"""
)
_NAME = lazy(r"""[A-Za-z][\w.-]{1,63}["']?\s{0,4}[=:](?!//)""")
_SHORT_ESCAPE = r"\\[bfnrt]"
# Words for what is counted as often as it is shown; behind them, no number of few digits is a hint.
# The checks of values under such names agree (`checks.token`).
_COUNTED = frozenset({("token",)})
_NO_COUNT = (
    rf"(?:[^A-Za-z0-9\n{{]|{_SHORT_ESCAPE})*"
    r"(?:[A-Za-z\x80-\xff]|[0-9]{8}|[0-9]+(?:[.:]?[A-Za-z]|[_+/=~-]))"
)


def words(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a field name, singular at its end, digits left out."""
    found = [word.lower() for word in _WORD.findall(name)]
    if found and len(found[-1]) > 3 and found[-1].endswith("s") and not found[-1].endswith("ss"):
        found[-1] = found[-1][:-1]
    return tuple(found)


class FieldIndex:
    """Finds the rules whose `fields` name a field."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_last: dict[str, list[tuple[tuple[str, ...], Rule]]] = defaultdict(list)
        self._run_together: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for hint in rule.fields:
                self._by_last[hint[-1]].append((hint, rule))
                self._run_together["".join(hint)].append(rule)
        for hints in self._by_last.values():
            hints.sort(key=lambda entry: -len(entry[0]))

    def rules_for(self, name: str) -> tuple[Rule, ...]:
        """Return the rules that `name` calls for, the most specific hint first."""
        parts = words(name)
        if not parts:
            return ()
        found = [
            rule for hint, rule in self._by_last.get(parts[-1], ()) if parts[-len(hint) :] == hint
        ]
        return tuple(dict.fromkeys(found + self._run_together.get("".join(parts), [])))


def pairs(text: str) -> Iterable[tuple[str, int, int]]:
    """Yield `(name, start, end)` of each `name=value` and `name: value` in a text."""
    position = 0
    while found := _PAIR.search(text, position):
        group = found.lastgroup or "bare"
        start, end = found.span(group)
        yield found["key"], start, end
        # Behind a word, a colon and a space stands as often the next name: `worker: token=...`.
        named = group == "bare" and text[start - 1].isspace() and _NAME.match(text, start)
        position = start if named else found.end()


def hints_pattern(hints: Iterable[tuple[str, ...]]) -> str:
    """Return an RE2 pattern for every raw spelling of a name that ends in one of `hints`."""
    # A name is looked for wherever it stands, so that a longer one is found by its end.
    known = dict.fromkeys(hints)
    plain = known.keys() - _COUNTED
    other = [h for h in known if h in plain and not any(h[at:] in plain for at in range(1, len(h)))]
    counted = [h for h in known if h in _COUNTED]
    ends = rf"(?i:s)?(?:[^A-Za-z\n]|{_SHORT_ESCAPE})*[=:]"
    parts = [f"(?i:{_spellings(other)}){ends}"] if other else []
    parts += [f"(?i:{_spellings(counted)}){ends}{_NO_COUNT}"] if counted else []
    return "|".join(parts)


def _spellings(hints: Iterable[tuple[str, ...]]) -> str:
    # In order, so that the engine can share what neighbours begin with.
    return "|".join(sorted("[^A-Za-z\\n]*".join(map(_spelt, hint)) for hint in hints))


def _spelt(word: str) -> str:
    if word.isascii():
        return re.escape(word)
    # The engines fold bytes here, and letters beyond ASCII are several.
    return "(?:" + "|".join(dict.fromkeys((word, word.upper(), word.capitalize()))) + ")"
