"""Drift: whether the generated files still belong to the schemas, told without the generator.

`catalog.json` holds a digest of every schema and every generated file, so that the small install
of a hook or a CI job sees a changed schema or an edited model at once. `digests.json` does the same
in the folder of documents, where there is one.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.catalog import CATALOG_FILE, LIFECYCLE_SUFFIX
from quantapilot.contract.digests import RECORD_FILE, digest, inputs_digests, schema_digests
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantapilot.findings import Finding

_BY_TOOLS = frozenset({".pyc", ".tmp"})


def drift(schemas: Path, generated: Path) -> Iterator[Finding]:
    """Yield what `qp generate` would change, as far as digests can tell; each names its file."""
    path = generated / CATALOG_FILE
    if not path.is_file():
        yield _drift(path, "is missing: nothing was generated from these schemas yet")
        return
    catalog = _catalog(path)
    if catalog is None:
        yield _drift(path, "is broken: it holds no schemas and digests")
        return
    yield from _schemas(schemas, path, catalog)
    yield from _generated(generated, catalog["digests"]["generated"])


def documents_drift(
    schemas: Path, examples: Path, documents: Path, *, dated: bool = True
) -> Iterator[Finding]:
    """Yield what `qp docs` would change; nothing where it never wrote any documents.

    Args:
        schemas: Folder of the schemas.
        examples: File of the examples.
        documents: Folder of the documents.
        dated: Whether it counts that schemas or examples have changed.
    """
    path = documents / RECORD_FILE
    if not path.is_file():
        return
    record = read_record(path)
    if record is None:
        yield _drift(path, "is broken: it holds no digests of documents")
        return
    now = inputs_digests(schemas, examples)
    old = [name for name, entry in record.items() if any(entry[key] != now[key] for key in now)]
    if old and dated:
        message = f"schemas or examples were changed since these were written: {', '.join(old)}"
        yield _drift(path, message)
    for entry in record.values():
        yield from _written(documents, entry["files"])


def read_record(path: Path) -> dict[str, dict[str, Any]] | None:
    """Return what the record of a folder of documents holds, by format; None where it is broken.

    One that names a file outside the folder is.
    """
    try:
        record = orjson.loads(path.read_bytes())["documents"]
        for entry in record.values():
            texts = (entry["schemas"], entry["examples"], *entry["files"], *entry["files"].values())
            if not all(isinstance(text, str) for text in texts):
                return None
            if any(map(_leads_out, entry["files"])):
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(record)


def _leads_out(name: str) -> bool:
    path = PurePath(name)
    return bool(path.anchor) or ".." in path.parts


def _catalog(path: Path) -> dict[str, Any] | None:
    try:
        catalog = orjson.loads(path.read_bytes())
        parts = (catalog["schemas"], catalog["digests"]["schemas"], catalog["digests"]["generated"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return catalog if all(isinstance(part, dict) for part in parts) else None


def _schemas(schemas: Path, path: Path, catalog: dict[str, Any]) -> Iterator[Finding]:
    found, recorded = schema_digests(schemas), catalog["digests"]["schemas"]
    orders = [name for name in recorded if name.endswith(LIFECYCLE_SUFFIX)]
    held = {**catalog["schemas"], **dict.fromkeys(orders, catalog.get("lifecycle"))}
    for name in sorted({*found, *recorded}):
        if name not in recorded:
            yield _drift(schemas / name, "is new: nothing was generated from it yet")
        elif name not in found:
            yield _drift(schemas / name, "is gone, but the generated files still come from it")
        elif found[name] != recorded[name]:
            yield _drift(schemas / name, "was changed since the models were generated")
        elif held.get(name) != orjson.loads((schemas / name).read_bytes()):
            yield _drift(path, f"was edited by hand: it holds another {name}")


def _generated(generated: Path, recorded: dict[str, str]) -> Iterator[Finding]:
    found = {
        file.relative_to(generated).as_posix(): file
        for file in generated.rglob("*")
        if file.is_file() and file.suffix not in _BY_TOOLS
    }
    yield from _written(generated, recorded)
    for name in sorted(found.keys() - recorded.keys() - {CATALOG_FILE}):
        yield _drift(generated / name, "does not belong here: it was not generated")


def _written(folder: Path, recorded: dict[str, str]) -> Iterator[Finding]:
    for name, held in sorted(recorded.items()):
        if not (folder / name).is_file():
            yield _drift(folder / name, "is missing")
        elif digest((folder / name).read_bytes()) != held:
            yield _drift(folder / name, "was edited by hand, or belongs to another version")


def _drift(path: Path, message: str) -> Finding:
    return CONTRACT_RULES["contract/drift"].at(str(path), message)
