"""What is compared: schemas of a file, a folder, or a git revision, which is never checked out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from quantapilot.compat.directions import DIRECTION, OPERATION
from quantapilot.config import shown
from quantapilot.contract.catalog import (
    LIFECYCLE_SUFFIX,
    SCHEMA_SUFFIX,
    BrokenContractError,
    Contract,
    parse_json,
)
from quantapilot.contract.positions import JsonTextError, locate_pointer
from quantapilot.errors import ContractError, InputError
from quantapilot.inputs.git import Repository, history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.config import Config
    from quantapilot.findings import Finding


@dataclass(frozen=True, slots=True)
class Schemas:
    """Schema files of one version.

    Attributes:
        name: What was asked for.
        where: How the files are called, without their own names; empty for a single file.
        texts: The files by their names.
        parsed: The same, parsed.
        single: Whether one file was asked for by its name.
    """

    name: str
    where: str
    texts: Mapping[str, bytes]
    parsed: Mapping[str, Any] = field(default_factory=dict)
    single: bool = False

    @property
    def is_contract(self) -> bool:
        """Tell whether the files say what their definitions are for."""
        return not self.single or any(map(_has_roles, self.parsed.values()))

    @property
    def schema(self) -> Any:
        """Return the only schema."""
        return next(iter(self.parsed.values()))

    def contract(self) -> Contract:
        """Return the files as a contract.

        Raises:
            ContractError: They are none; the text says where and why.
        """
        orders = [name for name in self.parsed if name.endswith(LIFECYCLE_SUFFIX)]
        schemas = {name: each for name, each in self.parsed.items() if name not in orders}
        try:
            return Contract(schemas, *(each for n in orders[:1] for each in (self.parsed[n], n)))
        except BrokenContractError as error:
            raise self.located(error.finding) from error

    def located(self, finding: Finding) -> ContractError:
        """Return the error that a finding about one of the files is, with its line and column."""
        text = self.texts.get(finding.path, b"").decode("utf-8", "replace")
        place = f"{self.where}{finding.path}"
        if finding.pointer is not None and text:
            with suppress(JsonTextError):
                place += ":{}:{}".format(*locate_pointer(text, finding.pointer))
        elif finding.line is not None:
            place += f":{finding.line}:{finding.column}"
        hint = ""
        if self.single and finding.rule == "contract/schema-reference":
            hint = "; compare folders, so that other files are known"
        return ContractError(f"{place}: {finding.message}{hint}")


def opened(given: str, config: Config) -> Schemas:
    """Return the schemas that a name stands for: a file, a folder, or a git revision.

    A revision stands for the configured schema folder in it; `REV:PATH` names another folder or a
    file. A name that is both, a path and a revision, is refused.

    Raises:
        InputError: It is none of them, or two of them, or git can't be asked.
        ContractError: A file can't be read, or is no JSON.
    """
    path = Path(given)
    if path.exists():
        if given == path.name and _commit(given) is not None:
            raise InputError(
                f"'{given}' is a path and a git revision: write ./{given} for the path, "
                f"or {given}^{{commit}} for the revision"
            )
        return _of_path(given, path)
    if given == "-":
        raise InputError("standard input can't be compared: write it to a file")
    if _commit(given.partition(":")[0]) is None:
        raise InputError(f"'{given}' is no file, no folder and no git revision{_why()}")
    return of_revision(given, config)


def of_revision(given: str, config: Config) -> Schemas:
    """Return the schemas of a git revision, or of `REV:PATH`.

    Raises:
        InputError: There is no such revision, or nothing of this kind in it.
        ContractError: A file is no JSON.
    """
    revision, colon, within = given.partition(":")
    found = history()
    commit = _commit(revision)
    if commit is None:
        raise InputError(f"'{revision}' is no revision of this repository{_why()}")
    folder = _within(found, within) if colon else _configured(found, config)
    label = f"{revision}:{folder}"
    kind = found.try_to("cat-file", "-t", f"{commit}:{folder}")
    if kind == "blob":
        name = PurePosixPath(folder).name
        data = found.ask("cat-file", "blob", f"{commit}:{folder}")
        return _parsed(given, label.removesuffix(name), {name: data}, single=True)
    if kind != "tree":
        raise InputError(f"revision '{revision}' has no {folder or 'such folder'}")
    listed = found.ask("ls-tree", "-z", "--name-only", f"{commit}:{folder}").split(b"\0")
    names = [each.decode("utf-8", "surrogateescape") for each in listed if each]
    prefix = f"{commit}:{folder}/" if folder else f"{commit}:"
    texts = {name: found.ask("cat-file", "blob", prefix + name) for name in _wanted(names)}
    if not any(name.endswith(SCHEMA_SUFFIX) for name in texts):
        raise InputError(f"{label} holds no *{SCHEMA_SUFFIX}")
    return _parsed(given, f"{label}/" if folder else label, texts)


def _of_path(given: str, path: Path) -> Schemas:
    if path.is_dir():
        texts = {name: _read(path / name) for name in _wanted(each.name for each in path.iterdir())}
        if not any(name.endswith(SCHEMA_SUFFIX) for name in texts):
            raise InputError(f"{shown(path)} holds no *{SCHEMA_SUFFIX}")
        return _parsed(given, f"{shown(path)}/", texts)
    name = path.name
    return _parsed(given, str(shown(path)).removesuffix(name), {name: _read(path)}, single=True)


def _wanted(names: Any) -> list[str]:
    return sorted(each for each in names if each.endswith((SCHEMA_SUFFIX, LIFECYCLE_SUFFIX)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ContractError(f"{shown(path)}: can't be read: {error.strerror}") from error


def _parsed(name: str, where: str, texts: Mapping[str, bytes], *, single: bool = False) -> Schemas:
    parsed: dict[str, Any] = {}
    for file, data in texts.items():
        try:
            parsed[file] = parse_json(data, f"{where}{file}")
        except BrokenContractError as error:
            found = error.finding
            at = f":{found.line}:{found.column}" if found.line else ""
            raise ContractError(f"{found.path}{at}: {found.message}") from error
    return Schemas(name, where, texts, parsed, single)


def _commit(revision: str) -> str | None:
    """Return the commit that a revision names; None where it names none, or there is no git."""
    if not revision or revision.startswith("-"):
        return None
    try:
        found = history()
        return found.try_to("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except InputError:
        return None


def _why() -> str:
    """Return in words why a revision may be missing; nothing where there is no special reason."""
    try:
        shallow = history().try_to("rev-parse", "--is-shallow-repository")
    except InputError as error:
        reason = str(error).removeprefix("git can't tell what changed: ")
        return f" ({reason})"
    return " (this clone is shallow: `git fetch --unshallow` gets the rest)" * (shallow == "true")


def _configured(found: Repository, config: Config) -> str:
    folder = (config.root / config.schemas).resolve()
    if not folder.is_relative_to(found.top):
        raise InputError(f"the schema folder {shown(folder)} lies outside of this repository")
    return _spelt(folder.relative_to(found.top))


def _within(found: Repository, path: str) -> str:
    """Return a path of `REV:PATH` from the top of the repository, as git reads it."""
    if not path.startswith(("./", "../")):
        return path.strip("/")
    whole = (Path.cwd() / path).resolve()
    if not whole.is_relative_to(found.top):
        raise InputError(f"'{path}' lies outside of this repository")
    return _spelt(whole.relative_to(found.top))


def _spelt(path: Path) -> str:
    return "" if path == Path() else path.as_posix()


def _has_roles(schema: Any) -> bool:
    if not isinstance(schema, dict) or not isinstance(schema.get("$id"), str):
        return False
    definitions = schema.get("$defs")
    return isinstance(definitions, dict) and any(
        isinstance(each, dict) and {"x-document", OPERATION, DIRECTION} & each.keys()
        for each in definitions.values()
    )
