"""Proofs: a contract that was checked and found clean need not be checked again for each payload.

What is remembered is one digest a project, over everything that the check of the contract looks
at: schemas, models, documents, examples, rules, engine, the toolkit itself. It lies in the user's
cache folder and holds nothing else. A run over all that the configuration names never relies on it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot import __version__
from quantapilot.pii.compiled import FILE as COMPILED_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.gate.project import Project


_KEPT = 64


class Proof:
    """Whether the contract of a project, as it is now, was found clean before."""

    def __init__(self, project: Project, engine: str, selected: Sequence[str] = ()) -> None:
        """Take the project, the engine, and what of the rules is reported: less proves less."""
        files = project.files
        own_rules = [project.config.root / path for path in project.config.rules]
        looked_at = [
            COMPILED_RULES,
            files.examples,
            *sorted(files.schemas.glob("*.json")),
            *sorted(path for path in files.generated.glob("*") if path.is_file()),
            *sorted(path for path in files.documents.rglob("*") if path.is_file()),
            *own_rules,
        ]
        self._digest = _digest(
            (__version__, engine, *selected, "ignored", *project.config.ignore), looked_at
        )
        place = _digest((str(files.schemas.absolute()),), ())
        self._file = _cache() / "quantapilot" / f"proof-{place[:16]}"

    @property
    def known(self) -> bool:
        """Tell whether the contract was found clean as it is now."""
        try:
            return self._file.read_text("utf-8") == self._digest
        except OSError:
            return False

    def remember(self) -> None:
        """Remember that the contract is clean; where that can't be written it is checked again."""
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(self._digest, "utf-8")
            part.replace(self._file)
            proofs = sorted(
                self._file.parent.glob("proof-*"), key=lambda file: file.stat().st_mtime
            )
            for oldest in proofs[:-_KEPT]:
                oldest.unlink(missing_ok=True)
        except OSError:
            return


def _cache() -> Path:
    # XDG Base Directory Specification; LOCALAPPDATA is its counterpart on Windows.
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(named) if named else Path.home() / ".cache"


def _digest(words: Sequence[str], files: Sequence[Path]) -> str:
    from hashlib import blake2b

    digest = blake2b(digest_size=32)
    for word in words:
        digest.update(f"{len(word)}:{word}".encode("utf-8", "surrogatepass"))
    for path in files:
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        digest.update(f"{len(path.name)}:{path.name}{len(data)}:".encode("utf-8", "surrogatepass"))
        digest.update(data)
    return digest.hexdigest()
