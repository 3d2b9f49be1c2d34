"""A folder of generated files: brought up to what they have to be, or compared with it."""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from quantapilot.contract.digests import with_lf
from quantapilot.errors import GeneratedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def update(folder: Path, files: Mapping[str, bytes], stale: Iterable[str]) -> list[str]:
    """Bring the folder up to date; return the names of the files that changed, sorted.

    Each file is replaced in one step, in the order given: what tells that all of them belong
    together comes last, so that an interrupted run shows.

    Args:
        folder: The folder; made where it is missing.
        files: What it has to hold, by names relative to it.
        stale: Files in it that have to go.

    Raises:
        GeneratedError: The folder, or a file in it, can't be written.
    """
    gone = list(stale)
    path = folder
    try:
        changed = [name for name, data in files.items() if _on_disk(folder / name) != data]
        for path in (folder / name for name in gone):
            path.unlink()
        for name in changed:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, files[name])
    except OSError as error:
        told = error.strerror or type(error).__name__
        raise GeneratedError(f"{path}: can't be written ({told})") from None
    return sorted([*changed, *gone])


def differences(folder: Path, files: Mapping[str, bytes], stale: Iterable[str]) -> list[str]:
    """Return the unified diff of every file that `update` would change, in order of names."""
    names = sorted({*files, *stale})
    diffs = (_diff(name, _on_disk(folder / name), files.get(name)) for name in names)
    return [diff for diff in diffs if diff]


def _on_disk(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _replace(path: Path, data: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _diff(name: str, found: bytes | None, wanted: bytes | None) -> str:
    before, after = (with_lf(data or b"") for data in (found, wanted))
    if before == after and found is not None and wanted is not None:
        return ""
    lines = unified_diff(
        before.decode(errors="replace").splitlines(keepends=True),
        after.decode(errors="replace").splitlines(keepends=True),
        "/dev/null" if found is None else f"a/{name}",
        "/dev/null" if wanted is None else f"b/{name}",
    )
    return "".join(lines) or f"--- /dev/null\n+++ b/{name}\n"
