"""Errors: exit codes that scripts rely on, and texts that tell what to do."""

from __future__ import annotations

import pytest

from quantapilot import errors
from quantapilot.contract.catalog import BrokenContractError
from quantapilot.errors import (
    ExitCode,
    MissingExtraError,
    QuantaPilotError,
    RuleTimeoutError,
    needing,
)


def test_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "CLEAN": 0, "FINDINGS": 1, "USAGE": 2, "NOTHING": 3, "UNCHECKED": 4,
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in dir(errors) if name.endswith("Error")])
def test_one_except_clause_catches_whatever_the_toolkit_raises(name: str) -> None:
    assert issubclass(getattr(errors, name), QuantaPilotError)
    assert issubclass(BrokenContractError, QuantaPilotError)


def test_a_missing_extra_is_named_with_the_command_that_installs_it() -> None:
    error = MissingExtraError("reference", "--engine reference")
    assert error.extra == "reference"
    assert str(error) == (
        "--engine reference needs the extra 'reference': "
        "pip install 'quantapilot-contract[reference]'"
    )


def test_a_rule_that_takes_too_long_counts_as_a_rule_that_cannot_be_used() -> None:
    assert issubclass(RuleTimeoutError, errors.RuleError)


def test_a_package_that_is_not_installed_is_told_by_its_extra() -> None:
    with pytest.raises(MissingExtraError, match="a sink needs the extra 'emitter'"):  # noqa: SIM117
        with needing("emitter", "a sink"):
            import not_installed_anywhere  # type: ignore[import-not-found]  # noqa: F401


def test_a_part_of_the_toolkit_that_is_missing_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError):  # noqa: SIM117
        with needing("emitter", "a sink"):
            import quantapilot.nothing  # type: ignore[import-not-found]  # noqa: F401
