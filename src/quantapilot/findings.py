"""Findings: the one value that passes from every check to every reporter.

A finding holds no matched value: its message, excerpt and pointer are masked where it is made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from quantapilot.errors import ExitCode, QuantaPilotError

if TYPE_CHECKING:
    from collections.abc import Sequence

Category = Literal["pii", "contract", "input"]
PiiClass = Literal["email", "phone", "name", "token", "national_id", "ip"]
Severity = Literal["error", "warning"]

PII_CLASSES: tuple[PiiClass, ...] = ("email", "phone", "name", "token", "national_id", "ip")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not stand where it stands; shaped as in `report.schema.json`.

    Lines and columns count from 1, columns in characters; `pointer` is RFC 6901. `caret` is where
    in the excerpt the place is, offset and length in characters. `description` says what its rule
    refuses, wherever that is; `unchecked` tells that something was not looked at. `hints` are
    ready-to-use repairs, made where they were asked for. `content` is the fingerprint without the
    path, so that `located` can name the same file from any folder.
    """

    rule: str
    category: Category
    severity: Severity
    path: str
    message: str
    help: str
    fingerprint: str
    pii_class: PiiClass | None = None
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    excerpt: str | None = None
    description: str = ""
    unchecked: bool = False
    content: str = ""
    caret: tuple[int, int] | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule outside the detector: what it refuses, why, how to repair it, and how it ends."""

    id: str
    description: str
    why: str
    fix: str
    severity: Severity = "error"
    exit_code: ExitCode = ExitCode.FINDINGS

    @property
    def category(self) -> Category:
        """Return the category, which the id begins with."""
        return "contract" if self.id.startswith("contract/") else "input"

    def at(
        self,
        path: str,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        pointer: str | None = None,
        excerpt: str | None = None,
        caret: tuple[int, int] | None = None,
        known_as: str | None = None,
    ) -> Finding:
        """Return the finding of this rule at a place; `message` must hold no checked value.

        `known_as` is what of the message makes it the same finding in another run; None is all.
        """
        place = f"{pointer_shape(pointer or '')} {message if known_as is None else known_as}"
        held = content(None, rule=self.id, place=place, value="")
        return Finding(
            rule=self.id,
            category=self.category,
            severity=self.severity,
            path=path,
            message=message,
            help=self.fix,
            fingerprint=located(path, held),
            line=line,
            column=column,
            pointer=pointer,
            excerpt=excerpt,
            description=self.description,
            unchecked=self.exit_code in {ExitCode.UNCHECKED, ExitCode.NOTHING},
            content=held,
            caret=caret,
        )


def registry(*rules: RuleInfo) -> dict[str, RuleInfo]:
    """Return the rules by their id."""
    return {rule.id: rule for rule in rules}


class RefusedError(QuantaPilotError):
    """Something may not leave; `findings` tell what and where, masked.

    The text is made of rules and places, never of what was refused.
    """

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)

    def __reduce__(self) -> tuple[type[RefusedError], tuple[str, tuple[Finding, ...]]]:
        # So that it can leave a worker process.
        return type(self), (str(self), self.findings)


class EventRefusedError(RefusedError):
    """An event may not leave: it breaks the contract or holds personal data."""


class LogRefusedError(RefusedError):
    """A log record may not be written: it holds personal data."""


@dataclass(slots=True)
class Summary:
    """What was checked so far; grows while a check streams.

    `files`, `documents` and `bytes` count what inputs held, `schemas` and `examples` what was
    checked of the contract itself. `skipped` counts the binary files that were passed over since
    nobody named them, `empty` those without content. `asked` tells that inputs were named at all.
    `if_nothing` says what it means that nothing was checked where that is no fault, as where a
    change added nothing. `allowed` and `accepted` count what was found and not reported: excused
    with a reason, or accepted by the baseline. `outcomes` holds the exit codes that findings called
    for, so that "not looked at" never passes as "clean". `consumed` counts the bytes of inputs as
    they are stored, which `bytes` exceeds where they are compressed; `now` names the input that is
    looked at.
    """

    files: int = 0
    documents: int = 0
    schemas: int = 0
    examples: int = 0
    bytes: int = 0
    errors: int = 0
    warnings: int = 0
    skipped: int = 0
    allowed: int = 0
    accepted: int = 0
    empty: int = 0
    asked: bool = False
    if_nothing: str = ""
    elapsed_s: float = 0.0
    consumed: int = 0
    now: str = ""
    by_rule: Counter[str] = field(default_factory=Counter)
    by_class: Counter[str] = field(default_factory=Counter)
    outcomes: set[ExitCode] = field(default_factory=set)

    @property
    def findings(self) -> int:
        """Number of findings of any severity."""
        return self.errors + self.warnings

    @property
    def exit_code(self) -> ExitCode:
        """Return how the run ends: what could not be checked outranks what was found."""
        for code in (ExitCode.UNCHECKED, ExitCode.FINDINGS, ExitCode.NOTHING):
            if code in self.outcomes:
                return code
        checked = self.documents or (self.examples and not self.asked)
        return ExitCode.CLEAN if checked or self.if_nothing else ExitCode.NOTHING

    def count(self, other: Summary) -> None:
        """Count what was looked at elsewhere too."""
        self.files += other.files
        self.documents += other.documents
        self.bytes += other.bytes
        self.consumed += other.consumed
        self.skipped += other.skipped
        self.empty += other.empty

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        if finding.severity == "error":
            self.errors += 1
        else:
            self.warnings += 1
        self.by_rule[finding.rule] += 1
        if finding.pii_class is not None:
            self.by_class[finding.pii_class] += 1


def fingerprint(key: bytes | None, *, rule: str, path: str, place: str, value: str) -> str:
    """Return the stable id of a finding as 32 hexadecimal digits.

    With a key it is a keyed BLAKE2b (RFC 7693) over the value, so that equal values can be
    recognised by whoever holds the key and by nobody else. Without a key the value stays out:
    short values could be guessed from a plain hash. `place` is what of the surroundings counts.
    """
    return located(path, content(key, rule=rule, place=place, value=value))


def content(key: bytes | None, *, rule: str, place: str, value: str) -> str:
    """Return what a fingerprint covers besides the path, as 32 hexadecimal digits."""
    return _digest((rule, place, value if key else ""), key)


def located(path: str, held: str) -> str:
    """Return the fingerprint of a finding whose `content` is known, in the file `path`."""
    return _digest((path, held), None)


def pointer_shape(pointer: str) -> str:
    """Return an RFC 6901 pointer that does not tell which element of an array it leads through."""
    if not pointer:
        return ""
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))


def _digest(parts: tuple[str, ...], key: bytes | None) -> str:
    from hashlib import blake2b

    data = [part.encode("utf-8", "surrogatepass") for part in parts]
    each = b"".join([len(part).to_bytes(8, "big") + part for part in data])
    return blake2b(each, key=(key or b"")[:64], digest_size=16).hexdigest()
