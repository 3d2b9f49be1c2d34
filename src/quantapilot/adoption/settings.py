"""Settings of a repository that had none: the baseline's name goes where settings stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quantapilot.adoption.edits import Edit, text_of
from quantapilot.adoption.files import packaged
from quantapilot.config import OWN_FILE, PROJECT_FILE
from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BASELINE = ".quantapilot-baseline.json"
_TABLE = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*quantapilot[ \t]*\][^\n]*\n", re.MULTILINE)


def settings_edit(root: Path) -> Edit | None:
    """Return how the baseline gets into a repository's settings, None where one is set already.

    Settings stand in quantapilot.toml, or in pyproject.toml where there is one.

    Raises:
        ConfigError: The file can't be read, or its table can't be added to; the text says what to
            write by hand.
    """
    own, project = root / OWN_FILE, root / PROJECT_FILE
    if own.exists() or not project.exists():
        return _edit(own, ())
    return _edit(project, ("tool", "quantapilot"))


def _edit(file: Path, table: Sequence[str]) -> Edit | None:
    before = text_of(file)
    new = packaged("settings.toml")
    if before is None:
        return Edit(file, None, new)
    end = "\r\n" if "\r\n" in before else "\n"
    settings = _within(_parsed(file, before), table)
    if settings is None:
        gap = end if before.endswith("\n") else end * 2
        head = f"[{'.'.join(table)}]\n"
        return _checked(file, before, before + gap + (head + new).replace("\n", end), table)
    if "baseline" in settings:
        return None
    line = f'baseline = "{BASELINE}"{end}'
    at = 0
    if table:
        found = _TABLE.search(before)
        if found is None:
            raise _by_hand(file, table)
        at = found.end()
    return _checked(file, before, before[:at] + line + before[at:], table)


def _checked(file: Path, before: str, after: str, table: Sequence[str]) -> Edit:
    """Return the edit, after reading it: it must say what was said before, and the baseline."""
    import tomli

    try:
        written = tomli.loads(after)
    except tomli.TOMLDecodeError:
        raise _by_hand(file, table) from None
    settings = _within(written, table)
    if settings is None or settings.pop("baseline", None) != BASELINE:
        raise _by_hand(file, table)
    was = tomli.loads(before)
    if not settings and _within(was, table) is None:
        _forget(written, table)
    if written != was:
        raise _by_hand(file, table)
    return Edit(file, before, after)


def _forget(document: dict[str, Any], table: Sequence[str]) -> None:
    """Take out a table that is empty, and the tables that hold nothing else."""
    if table:
        _forget(document[table[0]], table[1:])
        if not document[table[0]]:
            del document[table[0]]


def _within(document: dict[str, Any], table: Sequence[str]) -> dict[str, Any] | None:
    found: Any = document
    for key in table:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _parsed(file: Path, text: str) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise ConfigError(
            f"{file.name}:{error.lineno}:{error.colno}: not valid TOML: {error.msg}"
        ) from error


def _by_hand(file: Path, table: Sequence[str]) -> ConfigError:
    place = f" to [{'.'.join(table)}]" if table else ""
    return ConfigError(
        f"{file.name}: its settings can't be added to without changing others: "
        f'add baseline = "{BASELINE}"{place} by hand, then run it again'
    )
