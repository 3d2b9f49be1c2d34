"""Findings of every shape and what a reporter writes of them, for the tests of the reporters."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ExitCode
from quantapilot.findings import Finding, Summary
from quantapilot.reports import open_reporter

if TYPE_CHECKING:
    from collections.abc import Iterable


def finding(**changes: Any) -> Finding:
    """Return a finding of an e-mail address, or one that differs from it."""
    base: dict[str, Any] = {
        "rule": "pii/email", "category": "pii", "pii_class": "email", "severity": "error",
        "path": "logs/a.jsonl", "line": 3, "column": 17, "pointer": "/data/2/message",
        "message": "E-mail address", "excerpt": "message: to <email>, later",
        "fingerprint": "0" * 32, "help": "Drop the address.", "description": "E-mail address",
    }  # fmt: skip
    return Finding(**{**base, **changes})


def told(rule: str, message: str, **changes: Any) -> Finding:
    """Return a finding outside the detector."""
    base: dict[str, Any] = {
        "category": rule.partition("/")[0], "pii_class": None, "line": None, "column": None,
        "pointer": None, "excerpt": None, "fingerprint": "f" * 32, "help": "Repair it.",
        "description": f"what {rule} refuses",
    }  # fmt: skip
    return finding(rule=rule, message=message, **{**base, **changes})


UNCHECKED = (
    told("input/missing-file", "there is no such file or folder", path="no where", unchecked=True),
)
TYPICAL = (
    finding(),
    finding(
        rule="pii/email",
        line=4,
        column=1,
        message="E-mail address inside a JSON string",
        fingerprint="1" * 32,
    ),
    finding(
        rule="pii/phone",
        pii_class="phone",
        pointer=None,
        excerpt="call <phone>",
        path="b.txt",
        message="Phone number",
        description="Phone number",
    ),
    told("contract/drift", "was edited by hand", path="generated/api.py"),
    told("input/bom", "starts with a BOM", severity="warning", path="c.json", line=1, column=1),
    told("contract/type", "must be of type string", path="c.json", line=2, pointer=""),
)
HOSTILE = (
    finding(path="a b/\"quoted\" 'name' & <tag>;%41#?.jsonl", pointer='/"><script>/~0~1/`|_*'),
    finding(path="::error file=x::y\n::stop-commands::z.jsonl", pointer="/a\n::set-output::b"),
    finding(path="grüße/数据.jsonl", pointer="/schlüssel/名"),
    finding(path="bad\udcff\x1b[31m\x00\u202e\ufffe.jsonl", pointer="/a\x1b[0m\u200b\ud800"),
    finding(path="c:d,e.jsonl", message="[click](javascript:x) \r\n%0A::warning::z | ]]> --> `"),
    finding(path="f.md", excerpt="\n## [x](y) | <img src=x> \\| ![z](w) <name>"),
    finding(path="<stdin>", line=None, column=None),
    finding(path="/elsewhere/../other dir/f.txt"),
    finding(path="../up.txt"),
    finding(path="./x/../g.txt"),
)


def summary(findings: Iterable[Finding], **counted: Any) -> Summary:
    """Return the summary of a run that found these, among 1,234 documents."""
    counts = {"files": 2, "documents": 1234, "bytes": 56789, "elapsed_s": 1.234, **counted}
    total = Summary(**counts)
    for one in findings:
        total.add(one)
        if one.severity == "error":
            total.outcomes.add(ExitCode.UNCHECKED if one.unchecked else ExitCode.FINDINGS)
    return total


def report(name: str, findings: Iterable[Finding], *, quiet: bool = False, **counted: Any) -> str:
    """Return what the reporter of this name writes of a run that found these."""
    return written(name, findings, quiet=quiet, **counted).decode("utf-8", "surrogatepass")


def written(
    name: str, findings: Iterable[Finding], *, quiet: bool = False, **counted: Any
) -> bytes:
    """Return the bytes of a report, of a format that is no text too."""
    findings = list(findings)
    held = io.BytesIO()
    # So that a test sees each character that a reporter writes.
    out = io.TextIOWrapper(held, "utf-8", "surrogatepass", newline="", write_through=True)
    reporter = open_reporter(name, out, quiet=quiet)
    reporter.start()
    for one in findings:
        reporter.add(one)
    reporter.finish(summary(findings, **counted))
    return held.getvalue()
