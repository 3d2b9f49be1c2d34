"""Plain text for reports that people read: what is unprintable as escapes, counts as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    from quantapilot.findings import Finding, Summary


def printable(text: str) -> str:
    """Return a text on one line, what does not print (line ends too) as visible escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def place(finding: Finding) -> str:
    """Return where a finding stands as `path:line:column`, as far as it is known."""
    shown = printable(finding.path)
    if shown.lstrip().startswith("::"):
        # On a line of its own GitHub would take the name for a command.
        shown = f"./{shown}"
    if finding.line is not None:
        shown += f":{finding.line}"
        if finding.column is not None:
            shown += f":{finding.column}"
    return shown


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 file` or `2,944 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tally(summary: Summary) -> list[str]:
    """Return what was checked and what was found as lines of text, the verdict last."""
    lines = []
    if summary.schemas:
        schemas, examples = counted(summary.schemas, "schema"), counted(summary.examples, "example")
        lines.append(f"contract: {schemas} and {examples} checked")
    checked = (
        f"checked {counted(summary.files, 'file')}, {counted(summary.documents, 'document')}, "
        f"{summary.bytes:,} bytes in {summary.elapsed_s:.2f} s"
    )
    passed_over = {"binary file": summary.skipped, "empty file": summary.empty}
    if any(passed_over.values()):
        told = (counted(number, noun) for noun, number in passed_over.items() if number)
        checked += f"; passed over {', '.join(told)}"
    if summary.allowed:
        checked += f"; allowed {summary.allowed:,} with a reason"
    if summary.accepted:
        checked += f"; accepted {summary.accepted:,} by the baseline"
    lines.append(checked)
    for title, counts in (("by class", summary.by_class), ("by rule", summary.by_rule)):
        if counts:
            listed = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
            lines.append(f"{title}: {listed}")
    return [*lines, _verdict(summary)]


def _verdict(summary: Summary) -> str:
    found = f"{counted(summary.errors, 'error')}, {counted(summary.warnings, 'warning')}"
    match summary.exit_code:
        case ExitCode.UNCHECKED:
            return f"{found}; not everything could be checked"
        case ExitCode.FINDINGS:
            return found
        case ExitCode.NOTHING:
            return "nothing to check" + (f"; {found}" if summary.findings else "")
    clean = "clean"
    if summary.if_nothing and not summary.documents:
        clean = f"clean: {printable(summary.if_nothing)}"
    return clean if not summary.findings else f"{clean}; {found}"


def _escape(code: int) -> str:
    # Python keeps a byte of a file name that is not UTF-8 as a lone surrogate.
    code -= 0xDC00 * (0xDC80 <= code <= 0xDCFF)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
