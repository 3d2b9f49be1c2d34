"""What a reference tells of a contract: plain values, which every rendering only has to write.

A text that schemas or examples hold stands here as it is; whoever renders it escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The data class of words for people.
FREE_TEXT = "text"

_MOST_VALUES = 24


@dataclass(frozen=True, slots=True)
class Words:
    """A few words of a sentence; `target` is the definition that they name."""

    text: str
    target: str = ""


Phrase = tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that narrows a value: what kind of limit it is, and what it says.

    `literal` tells that the values are as they stand in JSON or in a schema, and no words.
    """

    label: str
    values: tuple[str, ...]
    literal: bool = False

    @property
    def first(self) -> tuple[str, ...]:
        """Return the values that are shown: all, or the first ones of very many."""
        return self.values if len(self.values) <= _MOST_VALUES + 1 else self.values[:_MOST_VALUES]

    @property
    def rest(self) -> str:
        """Return in words how many values are not; empty where all are."""
        more = len(self.values) - len(self.first)
        return f"and {more} more" if more else ""


@dataclass(frozen=True, slots=True)
class Field:
    """One place in a document of a definition.

    Attributes:
        path: The names that lead to it, such as `types[]` or `address.street`.
        type: What it is, in words.
        gist: What the definition that it refers to is, in a few words.
        limits: What else its value must be.
        required: Whether it must be there, where what holds it is.
        data_class: The class of what may stand in it; empty where it only holds others.
        description: As the schema has it.
        origin: The definition that it was taken over from.
        family: Whether `path` ends in a pattern that names must match.
        note: When it may be there, where that is not always.
    """

    path: str
    type: Phrase
    gist: str = ""
    limits: tuple[Limit, ...] = ()
    required: bool = False
    data_class: str = ""
    description: str = ""
    origin: str = ""
    family: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the definitions or types that a value may have; `value` is what names it."""

    type: Phrase
    value: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Where a definition is referred to: in which other one, and at which place of it."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """The operation that a definition is the body of, with its answers by status."""

    method: str
    path: str
    answers: tuple[tuple[str, str], ...] = ()
    errors: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A value as JSON text; where it is refused, by which rules, and why.

    `marks` are the texts in it that stand for something that may not be shown.
    """

    text: str
    rules: tuple[str, ...] = ()
    why: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """All that is told of one `$def`."""

    name: str
    file: str
    uri: str
    description: str
    type: Phrase
    limits: tuple[Limit, ...]
    data_class: str
    fields: tuple[Field, ...]
    choices: tuple[Choice, ...]
    chosen_by: str
    call: Call | None
    used_by: tuple[Use, ...]
    valid: tuple[Example, ...]
    invalid: tuple[Example, ...]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a group's list: a definition, what it is known by, and what goes with it."""

    name: str
    label: str = ""
    related: tuple[tuple[str, str], ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Definitions that serve one purpose, in the order in which they are told."""

    key: str
    title: str
    note: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class DataClass:
    """A data class that the contract uses: what may stand in it, and what is searched there.

    `brief` says the latter in one or two words.
    """

    name: str
    holds: str
    brief: str
    searched: str


@dataclass(frozen=True, slots=True)
class State:
    """A state of a run, and to which state each event leads from it; none where it is the last."""

    name: str
    on: tuple[tuple[str, str], ...]

    @property
    def last(self) -> bool:
        """Return whether nothing follows."""
        return not self.on


@dataclass(frozen=True, slots=True)
class Pair:
    """An event that opens something, the one that closes it, and the place that both name it at."""

    opens: str
    closes: str
    by: str


@dataclass(frozen=True, slots=True)
class Order:
    """How a run goes.

    Attributes:
        title: As the lifecycle has it.
        description: The same.
        run: The place that names the run.
        start: The events that begin a run, with the states they lead to.
        states: All states, those that are nearer to the start first.
        events: All events, as they come first in the above.
        pairs: What opens and closes something in between.
        constant: The places whose value is the same in all events of a run.
        definitions: The definitions of events that have one.
    """

    title: str
    description: str
    run: str
    start: tuple[tuple[str, str], ...]
    states: tuple[State, ...]
    events: tuple[str, ...]
    pairs: tuple[Pair, ...]
    constant: tuple[str, ...]
    definitions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A schema file: its name, its address, and what it says of itself."""

    name: str
    uri: str
    title: str
    description: str
    version: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A contract as it is told.

    Attributes:
        title: Of the file that the contract is known by.
        description: The same.
        version: The same; empty where it names none.
        files: All its files.
        groups: All definitions, each in one group.
        definitions: The definitions by name, in the order of the groups.
        classes: The data classes that are used.
        order: How a run goes, where that is declared.
        rules: What each rule that an example names refuses, in words.
    """

    title: str
    description: str
    version: str
    files: tuple[SchemaFile, ...]
    groups: tuple[Group, ...]
    definitions: Mapping[str, Definition]
    classes: tuple[DataClass, ...]
    order: Order | None
    rules: Mapping[str, str]

    @property
    def free_text(self) -> tuple[tuple[str, int], ...]:
        """Return where words for people may stand: definitions, and the numbers of their fields.

        A field that is taken over is named where it is told first.
        """
        return tuple(
            (name, at)
            for name, definition in self.definitions.items()
            for at, field in enumerate(definition.fields)
            if field.data_class == FREE_TEXT and not field.origin
        )
