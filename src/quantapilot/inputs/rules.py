"""What can be wrong with an input itself, and how each case ends; docs/ shows the same table."""

from __future__ import annotations

from typing import Final

from quantapilot.errors import ExitCode, QuantaPilotError
from quantapilot.findings import Finding, RuleInfo, registry

_UNSEEN = "What could not be read was not checked, and unchecked is never clean."
_EMPTY = "A check of nothing must not look like a clean check."
_EXCUSED = "An exception that nobody can explain, or that fits too much, hides the next finding."
_OVER = "An exception that outlives its cause waits for the next finding, to hide it."
_SHAPE = "What no parser reads alike can hide a value from one of them."

INPUT_RULES: Final = registry(
    RuleInfo(
        "input/missing-file",
        "a path that does not exist",
        _UNSEEN,
        "Correct the path.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/unreadable",
        "a file or folder that can't be read",
        _UNSEEN,
        "Give the permission to read it, or leave it out.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/line-too-long",
        "a line, or a whole JSON document, over the size limit",
        _UNSEEN,
        "Split it, or raise max_line_bytes or max_document_bytes in [tool.quantapilot].",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/too-deep",
        "JSON nested deeper than 1,024 levels",
        _UNSEEN,
        "Flatten the document.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/rule-timeout",
        "a text on which a rule did not finish",
        _UNSEEN,
        "Shorten the text, or simplify the rule's pattern.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/no-match",
        "a folder or pattern that no file matches",
        _EMPTY,
        "Correct the folder, the pattern or the exclusions.",
        exit_code=ExitCode.NOTHING,
    ),
    RuleInfo(
        "input/empty",
        "a named input without content; exit code 3 when nothing else was checked",
        _EMPTY,
        "Check that the program that writes it runs, or leave it out.",
        severity="warning",
        exit_code=ExitCode.NOTHING,
    ),
    RuleInfo(
        "input/binary",
        "a named file that is not text",
        _UNSEEN,
        "Name text, JSON or JSONL files only.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/damaged",
        "a compressed file, archive or table that can't be unpacked",
        _UNSEEN,
        "Make it anew; what is broken off was not checked.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/encrypted",
        "an archive, or a member of one, that asks for a password",
        _UNSEEN,
        "Check it where it is not encrypted yet, or leave it out.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/expansion",
        "a compressed file, or an archive in an archive, that unpacks to more than may be",
        "A file of some kilobytes can unpack to terabytes, and keep a check busy for days.",
        "Unpack it by hand and check what it holds, or leave it out.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/needs-extra",
        "an input of a kind whose packages are not installed",
        _UNSEEN,
        "Install the extra that the message names.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/worker-lost",
        "a part of an input whose process died each time it was looked at",
        _UNSEEN,
        "Give the process more memory, or check this input alone to see what ends it.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/interrupted",
        "a check that was stopped before its end",
        _UNSEEN,
        "Run it again; what it found so far holds.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/not-a-report",
        "a file to be merged that is no report, or one that was changed",
        _UNSEEN,
        "Name reports that 'qp scan' or 'qp validate:api' wrote as json, jsonl or parquet.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "input/invalid-json",
        "text that is not JSON where JSON is required",
        "A document that can't be parsed can't conform.",
        "Write one JSON object a line, without comments or trailing commas.",
    ),
    RuleInfo(
        "input/truncated",
        "a last line that ends in the middle of a JSON value",
        "The rest of the document was lost before it could be checked.",
        "Let the writer finish its line; end each line with a newline.",
    ),
    RuleInfo(
        "input/two-documents",
        "more than one JSON value on a line",
        _SHAPE,
        "Write one JSON object a line.",
    ),
    RuleInfo(
        "input/not-an-object",
        "a JSON value on a line of its own that is no object",
        "Events and log records are objects; of an array on one line only its PII is checked.",
        "Write one JSON object a line, or an array of objects in a .json file.",
    ),
    RuleInfo(
        "input/duplicate-key",
        "a key that stands twice in one object",
        "Parsers keep one of the two, so the other can hide personal data.",
        "Remove one of them.",
    ),
    RuleInfo(
        "input/number",
        "a number that JSON does not have, or that no double can hold",
        _SHAPE,
        "Write a finite decimal number; leave out what is not known.",
    ),
    RuleInfo(
        "input/invalid-utf8",
        "bytes that are not UTF-8",
        _SHAPE,
        "Write the file as UTF-8.",
    ),
    RuleInfo(
        "input/bom",
        "a byte order mark at the start",
        "Many JSON parsers refuse it (RFC 8259, section 8.1).",
        "Write the file as UTF-8 without a byte order mark.",
        severity="warning",
    ),
    RuleInfo(
        "input/baseline-stale",
        "a finding that the baseline accepts and that no longer occurs",
        _OVER,
        "Run 'qp baseline update' and commit the file.",
        severity="warning",
    ),
    RuleInfo(
        "input/allow-reason",
        "an exception without a reason",
        _EXCUSED,
        "Write the reason behind the rule, or remove the exception.",
    ),
    RuleInfo(
        "input/allow-unknown-rule",
        "an exception from a rule that does not exist",
        _EXCUSED,
        "Name a rule that 'qp rules' lists, by its whole id.",
    ),
    RuleInfo(
        "input/allow-expired",
        "an exception whose last day has passed",
        _OVER,
        "Repair what it excuses, or give it a new reason and a new day.",
    ),
    RuleInfo(
        "input/allow-overbroad",
        "an exception for all rules, for all files, or for what could not be checked",
        _EXCUSED,
        "Name each rule by its id, and the files or the pointer that it stands for.",
    ),
    RuleInfo(
        "input/allow-unused",
        "an exception that excuses nothing",
        _OVER,
        "Remove the exception.",
        severity="warning",
    ),
)


class InputFaultError(QuantaPilotError):
    """An input, or the rest of one, can't be looked at: which rule says so, and why.

    The text holds nothing of the input.
    """

    def __init__(self, rule: str, message: str, line: int | None = None) -> None:
        """Take a rule of `INPUT_RULES`, what is wrong, and from which line on."""
        super().__init__(message)
        self.rule = rule
        self.line = line

    def at(self, label: str) -> Finding:
        """Return the finding in the input of that name."""
        return INPUT_RULES[self.rule].at(label, str(self), line=self.line)
