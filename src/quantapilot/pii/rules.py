r"""Rules are data: TOML files read into frozen values, refused when they break their own law.

A rule states what it finds (`pattern`, `check`, `fields`, `context`), why that matters and how to
repair it, and carries examples of both sides. A rule finds a value when

* its `pattern` matches inside a text and its `check` agrees, or
* it has no `pattern` and the value stands under a field that one of its `fields` names.

Where a rule has a `pattern` and also `fields` or `context`, the pattern counts only under such a
field or behind such a word.

With `named`, the words of `context` are names of fields as well.

A pattern may name a packaged word list, `\L<list>`. The first pass looks for its words; where the
pattern is confirmed any word stands for them, and the check knows which are meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from quantapilot.errors import RuleError
from quantapilot.findings import PiiClass, Severity
from quantapilot.patterns import lazy
from quantapilot.pii.checks import checks_of
from quantapilot.pii.fields import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import regex

_FOLDER = Path(__file__).parent / "rules"
RULE_FILES = ("email", "phone", "name", "token", "national_id", "ip")
DATA_CLASSES = frozenset(
    {"identifier", "technical", "aggregate", "timestamp", "status", "text"},
)

_TEXT_KEYS = ("id", "class", "description", "severity", "pattern", "check", "why", "fix")
_LIST_KEYS = ("fields", "context", "data_classes", "match", "no_match")
_FLAG_KEYS = ("generic", "named")
_REQUIRED = ("id", "class", "description", "severity", "why", "fix", "match", "no_match")
_ID = lazy(r"pii/[a-z0-9]+(?:-[a-z0-9]+)*\Z")
LEXICON = lazy(r"\\L<([a-z_]+)>")
# The same in a derived pattern that is `opened`.
OPENED = lazy(r"\(\?(i?):\\L<([a-z_]+)>\)")
# Word lists are for the first pass, which is linear in the text whatever they hold. Behind it
# stands any word there, and the rule's check knows the list.
_ANY_WORD = r"[^\W\d_]++"


class Derived(NamedTuple):
    """What a prefilter looks for: a boundary and a body, so that rules can share boundaries.

    `late` tells that a match of the rule's own pattern may begin ahead of one of these; else it
    begins within one, or a few characters behind the end of one that hides another.
    """

    boundary: str
    body: str
    late: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the detector; see the module's docstring for what its parts mean.

    `generic` marks a rule that guesses from key, context or shape: on one span it gives way to a
    rule that knows the format. `data_classes` are the classes of contract fields it runs in.
    Compiled rules have no examples and bring along what is derived: their patterns for texts and
    for raw lines, `opened` with word lists unwritten, and the `literals` that a match asks for.
    """

    id: str
    pii_class: PiiClass
    description: str
    severity: Severity
    why: str
    fix: str
    pattern: str | None
    check: str | None
    fields: tuple[tuple[str, ...], ...]
    context: tuple[str, ...]
    data_classes: frozenset[str]
    generic: bool
    source: str
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
    derived: tuple[Derived, ...] = ()
    opened: str = ""
    literals: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # No two rules of a run share an id, and all there is to a rule would be slow to hash.
        return hash(self.id)

    def compiled(self) -> regex.Pattern[str]:
        """Return the confirming pattern; compiled on first use, since compiling is what costs.

        Raises:
            RuleError: The pattern is not a regular expression.
        """
        return _compile(self.pattern or "", self.id, self.source)


@cache
def _compile(pattern: str, rule_id: str, source: str) -> regex.Pattern[str]:
    import regex

    try:
        return regex.compile(LEXICON.sub(lambda _: _ANY_WORD, pattern))
    except regex.error as error:
        raise RuleError(
            f"{source}: rule '{rule_id}': pattern is not a regular expression: {error}"
        ) from error


@cache
def lexicon(name: str) -> tuple[str, ...]:
    r"""Return the words of the packaged list `name`, which patterns use as `\L<name>`.

    Raises:
        RuleError: No such list is packaged.
    """
    return tuple(words_in(name))


def words_in(name: str) -> list[str]:
    """Return the lines of the packaged list `name`, read anew: few of its readers keep them so.

    Raises:
        RuleError: No such list is packaged.
    """
    file = _FOLDER / f"{name}.txt"
    if not file.is_file():
        raise RuleError(f"no word list '{name}' for the pattern element \\L<{name}>")
    lines = file.read_text("utf-8").splitlines()
    return [line for line in lines if line and line[0] != "#"]


def expand_lexicons(pattern: str) -> str:
    r"""Return `pattern` with each `\L<name>` written out as an alternation of its words."""

    def alternation(found: re.Match[str]) -> str:
        return "(?:" + "|".join(map(re.escape, lexicon(found[1]))) + ")"

    return LEXICON.sub(alternation, pattern)


def load_rules() -> tuple[Rule, ...]:
    """Return the packaged rules with their examples.

    Raises:
        RuleError: A rule in them breaks the law of its kind.
    """
    rules: dict[str, Rule] = {}
    for name in RULE_FILES:
        file = _FOLDER / f"{name}.toml"
        _collect(rules, file.read_text("utf-8"), f"rules/{name}.toml")
    return tuple(rules.values())


def load_own_rules(files: Iterable[Path], packaged: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules of a project's own files; their ids may not repeat a packaged one.

    Raises:
        RuleError: A file can't be read or a rule in it breaks the law of its kind.
    """
    rules = {rule.id: rule for rule in packaged}
    taken = set(rules)
    for path in files:
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise RuleError(f"{path}: rule file can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RuleError(f"{path}: rule file is not UTF-8 (byte {error.start})") from error
        _collect(rules, text, str(path))
    own = tuple(rule for rule_id, rule in rules.items() if rule_id not in taken)
    for rule in own:
        if rule.pattern is not None:
            rule.compiled()
    return own


def _collect(rules: dict[str, Rule], text: str, source: str) -> None:
    import tomli

    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RuleError(f"{source}: not valid TOML: {error}") from error
    if unknown := document.keys() - {"defaults", "rules"}:
        raise RuleError(f"{source}: unknown table '{min(unknown)}'; use [defaults] and [[rules]]")
    defaults = document.get("defaults", {})
    entries = document.get("rules", [])
    if not isinstance(defaults, dict) or not isinstance(entries, list):
        raise RuleError(f"{source}: write [defaults] as a table and [[rules]] as tables")
    for position, entry in enumerate(entries, start=1):
        rule = _rule({**defaults, **entry}, f"rule {position}", source)
        if rule.id in rules:
            raise RuleError(f"{source}: rule id '{rule.id}' is taken by {rules[rule.id].source}")
        rules[rule.id] = rule


def _rule(entry: Mapping[str, Any], place: str, source: str) -> Rule:
    where = f"{source}: rule '{entry['id']}'" if "id" in entry else f"{source}: {place}"
    _check_shape(entry, where)
    if not _ID.match(entry["id"]):
        raise RuleError(f"{where}: an id is 'pii/' and lower-case words joined by '-'")
    if entry["class"] not in get_args(PiiClass):
        raise RuleError(f"{where}: class must be one of {', '.join(get_args(PiiClass))}")
    if entry["severity"] not in get_args(Severity):
        raise RuleError(f"{where}: severity must be one of {', '.join(get_args(Severity))}")
    if not entry["match"] or not entry["no_match"]:
        raise RuleError(f"{where}: needs examples of both sides, in 'match' and 'no_match'")
    if "pattern" not in entry and "fields" not in entry:
        raise RuleError(f"{where}: needs a 'pattern', 'fields' or both")
    _check_lists(entry, where)
    check = entry.get("check")
    if check is not None and check not in (known := checks_of(entry["class"])):
        raise RuleError(f"{where}: no check '{check}'; there are {', '.join(sorted(known))}")
    _check_fields(entry, where)
    classes = frozenset(entry.get("data_classes", ("text",)))
    if unknown := classes - DATA_CLASSES:
        raise RuleError(f"{where}: no data class '{min(unknown)}'")
    return Rule(
        id=entry["id"],
        pii_class=cast("PiiClass", entry["class"]),
        description=entry["description"],
        severity=cast("Severity", entry["severity"]),
        why=entry["why"],
        fix=entry["fix"],
        pattern=entry.get("pattern"),
        check=check,
        fields=_fields(entry),
        context=tuple(entry.get("context", ())),
        data_classes=classes,
        generic=entry.get("generic", "pattern" not in entry),
        match=tuple(entry["match"]),
        no_match=tuple(entry["no_match"]),
        source=source,
    )


def _check_lists(entry: Mapping[str, Any], where: str) -> None:
    for name in LEXICON.findall(entry.get("pattern", "")):
        if "check" not in entry:
            raise RuleError(f"{where}: a pattern with a word list needs a check that knows it")
        lexicon(name)


def _check_fields(entry: Mapping[str, Any], where: str) -> None:
    for hint in entry.get("fields", ()):
        if words(hint) != tuple(hint.split()):
            meant = " ".join(words(hint))
            raise RuleError(f"{where}: field '{hint}' can't match; names are read as '{meant}'")


def _fields(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    named = [tuple(hint.split()) for hint in entry.get("fields", ())]
    if entry.get("named"):
        # Only what a name can be read as: `dni`, `tax id`, and no word with accents or dots.
        each = [tuple(word.split()) for word in entry.get("context", ())]
        named += [hint for hint in each if words(" ".join(hint)) == hint]
    return tuple(dict.fromkeys(named))


def _check_shape(entry: Mapping[str, Any], where: str) -> None:
    if unknown := entry.keys() - {*_TEXT_KEYS, *_LIST_KEYS, *_FLAG_KEYS}:
        raise RuleError(f"{where}: unknown key '{min(unknown)}'")
    if missing := [key for key in _REQUIRED if key not in entry]:
        raise RuleError(f"{where}: key '{missing[0]}' is missing")
    for key in _TEXT_KEYS:
        if key in entry and not (isinstance(entry[key], str) and entry[key]):
            raise RuleError(f"{where}: '{key}' must be a non-empty string")
    for key in _LIST_KEYS:
        value = entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise RuleError(f"{where}: '{key}' must be a list of non-empty strings")
    for key in _FLAG_KEYS:
        if not isinstance(entry.get(key, False), bool):
            raise RuleError(f"{where}: '{key}' must be true or false")
