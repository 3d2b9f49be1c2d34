"""The SARIF 2.1.0 report: for code scanning services, made so that GitHub's takes it.

Results are written as they come; the rules that they name, and how the run went, stand behind
them, for the order of keys in JSON is free. Sections in comments and docstrings are those of
"Static Analysis Results Interchange Format (SARIF) Version 2.1.0", OASIS.
"""

from __future__ import annotations

import os.path
import re
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote

from quantapilot import __version__
from quantapilot.errors import ExitCode
from quantapilot.findings import PII_CLASSES
from quantapilot.reports.json_ import dumps
from quantapilot.urls import is_url, on_the_web

if TYPE_CHECKING:
    from quantapilot.findings import Finding, PiiClass, Summary
    from quantapilot.reports import Reporter

Json = dict[str, object]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "quantapilot/v1"

# GitHub refuses a file with a run of more results, and with it every other finding.
MAX_RESULTS = 25_000
# What could not be checked is kept until the end of the run; this much of it is told one by one.
MAX_NOTIFICATIONS = 1_000

# How GitHub sorts alerts: 9 and more is critical, 7 high, 4 medium, less low.
_SECURITY_SEVERITY: dict[PiiClass, str] = {
    "token": "9.0",
    "national_id": "8.0",
    "email": "6.0",
    "phone": "6.0",
    "name": "6.0",
    "ip": "4.0",
}
# What the path of an address keeps as it is (RFC 3986, section 3.3), and a host besides.
_KEPT = "/:@!$&'()*+,;="
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
_EXIT_CODES = {
    ExitCode.CLEAN: "clean",
    ExitCode.FINDINGS: "findings",
    ExitCode.NOTHING: "nothing to check",
    ExitCode.UNCHECKED: "could not check",
}


class SarifReporter:
    """Writes one log with one run, a result a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._root = Path.cwd()
        self._rules: dict[str, Json] = {}
        self._results = 0
        self._left_out = 0
        self._notifications: list[Json] = []
        self._unchecked = 0

    def start(self) -> None:
        """Open the log, its run and the results."""
        tokens = dumps([f"<{pii_class}>" for pii_class in PII_CLASSES])
        self._out.write(
            f'{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{{'
            f'"columnKind":"unicodeCodePoints","redactionTokens":{tokens},"results":['
        )

    def add(self, finding: Finding) -> None:
        """Write one result; what was not checked is also kept as a notification."""
        if finding.unchecked:
            self._unchecked += 1
            if len(self._notifications) < MAX_NOTIFICATIONS:
                self._notifications.append(self._notification(finding))
        if self._results == MAX_RESULTS:
            self._left_out += 1
            return
        self._out.write((",\n" if self._results else "\n") + dumps(self._result(finding)))
        self._results += 1

    def finish(self, summary: Summary) -> None:
        """Close the results; write how the run went and the rules that were named."""
        code = summary.exit_code
        notifications = [*self._notifications]
        if self._unchecked > len(self._notifications):
            more = self._unchecked - len(self._notifications)
            notifications.append(_told("error", f"{more:,} more inputs were not checked"))
        if self._left_out:
            text = (
                f"{self._left_out:,} more findings are left out: a run holds {MAX_RESULTS:,} "
                "results at most"
            )
            notifications.append(_told("warning", text))
        invocation = {
            "executionSuccessful": code not in {ExitCode.UNCHECKED, ExitCode.NOTHING},
            "exitCode": int(code),
            "exitCodeDescription": _EXIT_CODES[code],
            "toolExecutionNotifications": notifications,
        }
        driver = {
            "name": "QuantaPilot",
            "version": __version__,
            "rules": [*self._rules.values()],
        }
        end = "\n" if self._results else ""
        self._out.write(
            f'{end}],"invocations":[{dumps(invocation)}],"tool":{{"driver":{dumps(driver)}}}}}]}}\n'
        )

    def _result(self, finding: Finding) -> Json:
        return {
            "ruleId": finding.rule,
            "ruleIndex": self._index(finding),
            "level": finding.severity,
            "message": {"text": _message(finding.message)},
            "locations": [self._location(finding)],
            "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        }

    def _notification(self, finding: Finding) -> Json:
        return {
            **_told(finding.severity, finding.message),
            "locations": [self._location(finding)],
            "associatedRule": {"id": finding.rule, "index": self._index(finding)},
        }

    def _index(self, finding: Finding) -> int:
        """Return the place of a finding's rule among those of the run, which it may be new to."""
        if finding.rule not in self._rules:
            self._rules[finding.rule] = _rule(finding)
        return list(self._rules).index(finding.rule)

    def _location(self, finding: Finding) -> Json:
        physical: Json = {"artifactLocation": artifact_location(finding.path, self._root)}
        region: Json = {}
        if finding.line is not None:
            region["startLine"] = finding.line
            if finding.column is not None:
                region["startColumn"] = finding.column
            if finding.excerpt is not None:
                region["snippet"] = {"text": finding.excerpt}
            physical["region"] = region
        location: Json = {"physicalLocation": physical}
        if finding.pointer:
            location["logicalLocations"] = [_logical_location(finding.pointer)]
        return location


def open_reporter(out: TextIO, colour: bool, quiet: bool) -> Reporter:  # noqa: ARG001
    """Return the SARIF reporter; it has no colours and is never quiet."""
    return SarifReporter(out)


def artifact_location(path: str, root: Path) -> Json:
    """Return where a file is (section 3.4): below `root` relative to it, elsewhere absolute.

    Names are percent-encoded byte by byte (RFC 3986). An address stays the one that it is. Standard
    input is no file, so it is a relative reference to no folder.
    """
    if path == "<stdin>":
        return {"uri": _encoded(path), "description": {"text": "standard input"}}
    if is_url(path):
        return {"uri": _address(path)}
    # Segments `..` must not be left in it (section 3.10.1), and a link must not be followed.
    full = Path(os.path.normpath(root / path))
    if full.is_relative_to(root):
        return {"uri": _encoded(full.relative_to(root).as_posix()), "uriBaseId": "%SRCROOT%"}
    return {"uri": f"file:///{_encoded(full.as_posix().lstrip('/'))}"}


def _address(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    host = host if _IPV6.fullmatch(host) else _encoded(host, _KEPT)
    if on_the_web(url):
        # There a name is escaped already; what stands behind `!` in an archive is not.
        path = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", _encoded(path, f"%{_KEPT}"))
    else:
        path = _encoded(path, _KEPT)
    return f"{scheme}://{host}{slash}{path}"


def _encoded(path: str, kept: str = "/") -> str:
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    return quote(data, kept)


def _logical_location(pointer: str) -> Json:
    """Return the place inside a document (section 3.33): its RFC 6901 pointer and last key."""
    name = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    kind = "value" if name.isdecimal() else "property"
    return {"name": name, "fullyQualifiedName": pointer, "kind": kind}


def _rule(finding: Finding) -> Json:
    text = finding.description or finding.message
    described = {"text": text[:1].upper() + text[1:]}
    return {
        "id": finding.rule,
        "name": "".join(word.capitalize() for word in re.split(r"[/-]", finding.rule)),
        "shortDescription": described,
        "fullDescription": described,
        "help": {"text": finding.help},
        "defaultConfiguration": {"level": finding.severity},
        "properties": _rule_properties(finding),
    }


def _rule_properties(finding: Finding) -> Json:
    if finding.pii_class is None:
        return {
            "category": finding.category,
            "problem.severity": finding.severity,
            "tags": [finding.category],
        }
    # GitHub takes a rule for one of security by this tag alone.
    return {
        "category": finding.category,
        "class": finding.pii_class,
        "security-severity": _SECURITY_SEVERITY[finding.pii_class],
        "tags": ["security", "privacy", finding.category, finding.pii_class],
    }


def _told(level: str, text: str) -> Json:
    return {"level": level, "message": {"text": _message(text)}}


def _message(text: str) -> str:
    # Viewers make links of `[text](address)` (section 3.11.6), and a key may look like one.
    return text.replace("](", "] (")
