"""Digests that tie the generated files to the schemas they were made from.

Line ends are normalised first: git may check files out with CRLF, which changes nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from quantapilot.contract.catalog import LIFECYCLE_SUFFIX, SCHEMA_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path


def with_lf(data: bytes) -> bytes:
    """Return a text file's bytes with LF line ends."""
    return data.replace(b"\r\n", b"\n")


def digest(data: bytes) -> str:
    """Return the SHA-256 of a text file, whatever its line ends."""
    return sha256(with_lf(data)).hexdigest()


def schema_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each schema file of a folder by its name, and of the lifecycle."""
    paths = sorted([*folder.glob(f"*{SCHEMA_SUFFIX}"), *folder.glob(f"*{LIFECYCLE_SUFFIX}")])
    return {path.name: digest(path.read_bytes()) for path in paths}
