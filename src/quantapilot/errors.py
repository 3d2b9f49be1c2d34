"""What can go wrong before anything is judged, and the exit codes that tell it apart.

Findings are values (`quantapilot.findings`); an exception here always means "could not check".
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every `qp` command that checks something.

    "Could not check" is never "clean": when several hold, the order is
    UNCHECKED, FINDINGS, NOTHING, CLEAN.
    """

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    NOTHING = 3
    UNCHECKED = 4


class QuantaPilotError(Exception):
    """Base of every error the toolkit raises on purpose; its text never holds a checked value."""


class ConfigError(QuantaPilotError):
    """Configuration that can't be used; the text names file, key and repair."""


class RuleError(QuantaPilotError):
    """A rule file that can't be used; the text names file, rule and repair."""


class RuleTimeoutError(RuleError):
    """A rule did not finish on one text within its time; the text counts as unchecked."""


class UnknownNameError(QuantaPilotError):
    """A name that was asked for stands for nothing; the text gives the nearest one, or all."""


class InputError(QuantaPilotError):
    """A list of files, or a git repository, that can't tell what to check; the text says why."""


class UnsearchableError(QuantaPilotError):
    """An input that can't be searched at all; the text names it and says why."""


class ContractError(QuantaPilotError):
    """A schema, catalog or example file that can't be used; the text names file and place."""


class MissingExtraError(QuantaPilotError):
    """An optional part was asked for whose packages are not installed."""

    def __init__(self, extra: str, feature: str) -> None:
        super().__init__(
            f"{feature} needs the extra '{extra}': pip install 'quantapilot-contract[{extra}]'"
        )
        self.extra = extra
