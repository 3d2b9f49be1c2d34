"""Edits: files as they would become, shown before anything is written and written all or none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """A file with its text before (None where there is none) and after; `path` is absolute."""

    path: Path
    before: str | None
    after: str
    executable: bool = False

    def name(self, root: Path) -> str:
        """Return how the file is called below `root`, with `/`; its whole path elsewhere."""
        below = self.path.is_relative_to(root)
        return (self.path.relative_to(root) if below else self.path).as_posix()

    def diff(self, root: Path) -> Iterator[str]:
        """Yield the lines of the unified diff, without line ends; paths are relative to `root`.

        It has no lines of context: what stands in the file already may be personal data.
        """
        name = self.name(root)
        old = (self.before or "").splitlines()
        source = "/dev/null" if self.before is None else f"a/{name}"
        return unified_diff(old, self.after.splitlines(), source, f"b/{name}", lineterm="", n=0)


def text_of(path: Path, errors: str = "strict") -> str | None:
    """Return the text of a file with its line ends, or None where there is no such file.

    Args:
        path: The file.
        errors: How bytes that are not UTF-8 are read, as `bytes.decode` knows it.

    Raises:
        ConfigError: It can't be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8", errors) if path.exists() else None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})") from error


def write(edits: Sequence[Edit]) -> None:
    """Write all edits; when one can't be written, those before it are taken back.

    Raises:
        OSError: A file can't be written; all are as they were.
    """
    done: list[Edit] = []
    try:
        for edit in edits:
            edit.path.parent.mkdir(parents=True, exist_ok=True)
            done.append(edit)
            _put(edit)
    except OSError:
        for edit in reversed(done):
            with suppress(OSError):
                _take_back(edit)
        raise


def _put(edit: Edit) -> None:
    # A link stays one: what it leads to is written.
    path = edit.path.resolve()
    part = path.with_name(f".{path.name}.tmp")
    try:
        part.write_bytes(edit.after.encode())
        if edit.before is not None:
            part.chmod(path.stat().st_mode)
        elif edit.executable:
            part.chmod(0o755)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _take_back(edit: Edit) -> None:
    if edit.before is None:
        edit.path.unlink(missing_ok=True)
    else:
        edit.path.write_bytes(edit.before.encode())
