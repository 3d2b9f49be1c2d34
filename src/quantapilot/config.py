"""Configuration: `[tool.quantapilot]` of pyproject.toml, or quantapilot.toml, checked by itself.

Every key is known here with its type; anything else is refused with the nearest known key, so
that a typing error can't switch a check off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from quantapilot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

OWN_FILE = "quantapilot.toml"
PROJECT_FILE = "pyproject.toml"
FIELD_CLASSES = ("identifier", "technical", "aggregate", "timestamp", "status", "text")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A place that the configuration excuses from a rule: one table `[[tool.quantapilot.allow]]`.

    Attributes:
        path: Pattern of the files, as in .gitignore, relative to the configuration's folder.
        rule: Id of the rule.
        reason: Why it may stand there.
        pointer: RFC 6901 pointer of the place, `*` for any one segment; None is the whole file.
        expires: The last day on which it holds.
        line: Line of the table in the configuration file.
    """

    path: str
    rule: str
    reason: str
    pointer: str | None = None
    expires: date | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Config:
    """A project's settings; paths and patterns are relative to `root`.

    Attributes:
        root: Folder of the file that the settings come from.
        file: That file; None where the defaults hold.
        schemas: Folder of the contract's schemas.
        generated: Folder of the models that `qp generate` writes.
        examples: File of the contract's valid and invalid examples.
        documents: Folder of the documents that `qp docs` writes.
        logs, events, errors: Patterns of the files that `qp validate:api` checks by default.
        exclude: Patterns, as in .gitignore, that a walk through folders leaves out.
        rules: Rule files of the project's own.
        ignore: Rules that are not reported.
        baseline: File of the findings that are accepted; None accepts none.
        allow: Places that are excused from a rule.
        internal_networks: Networks whose addresses are no personal data, in CIDR form.
        phone_regions: ISO 3166 regions whose national phone formats are known.
        fields: Allowed fields of the project's own log records, each with its data class.
        max_line_bytes, max_document_bytes: Size over which an input counts as unchecked.
    """

    root: Path = Path()
    file: Path | None = None
    schemas: Path = Path("_schemas")
    generated: Path = Path("generated/quantapilot_models")
    examples: Path = Path("_schemas/api.examples.json")
    documents: Path = Path("generated/docs")
    logs: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: Path | None = None
    allow: tuple[Allowance, ...] = ()
    internal_networks: tuple[str, ...] = ()
    phone_regions: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    max_line_bytes: int = 16 << 20
    max_document_bytes: int = 64 << 20


def load_config(file: Path | None = None, start: Path | None = None) -> Config:
    """Return the settings of `file`, or of the nearest file at or above the folder `start`.

    Without a file the defaults hold, relative to `start`.

    Raises:
        ConfigError: The file can't be read, or a setting in it is wrong.
    """
    start = start or Path.cwd()
    if file is not None:
        return _parse(file)
    for folder in (start, *start.resolve().parents):
        if (own := folder / OWN_FILE).is_file():
            return _parse(own)
        project = folder / PROJECT_FILE
        if project.is_file() and _is_meant(project):
            return _parse(project)
        if (folder / ".git").exists():
            break
    return Config(root=start)


def shown(path: Path) -> Path:
    """Return a path as it is reported: relative to the current folder where it lies below it."""
    here = Path.cwd()
    absolute = path.absolute()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else path


def _is_meant(project: Path) -> bool:
    """Tell whether a pyproject.toml is this toolkit's configuration; most are not even parsed."""
    if b"quantapilot" not in project.read_bytes():
        return False
    _, table = _read(project)
    tools = table.get("tool")
    if not isinstance(tools, dict) or "quantapilot" in tools:
        return isinstance(tools, dict)
    for name in tools:
        if name.startswith("quantapilot"):
            raise ConfigError(f"{shown(project)}: unknown [tool.{name}], did you mean quantapilot?")
    return False


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    import tomli

    name = shown(file)
    try:
        text = file.read_text("utf-8")
        return text, tomli.loads(text)
    except OSError as error:
        raise ConfigError(f"{name}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 (byte {error.start})") from error
    except tomli.TOMLDecodeError as error:
        raise ConfigError(
            f"{name}:{error.lineno}:{error.colno}: not valid TOML: {error.msg}"
        ) from error


def _parse(file: Path) -> Config:
    text, document = _read(file)
    table: Any = document
    if file.name == PROJECT_FILE:
        table = table.get("tool", {})
        table = table.get("quantapilot", {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise ConfigError(f"{shown(file)}: [tool.quantapilot] must be a table")
    settings: dict[str, Any] = {"root": file.parent, "file": file}
    for key, value in table.items():
        where = f"{shown(file)}:{_line_of(text, key)}"
        if key not in _SETTINGS:
            raise ConfigError(f"{where}: unknown setting '{key}'{_nearest(key, _SETTINGS)}")
        try:
            settings[key] = _SETTINGS[key](value)
        except _TableError as error:
            at = _line_of_table(text, key, error.number, len(value), error.name)
            raise ConfigError(f"{shown(file)}:{at}: '{key}' {error}") from error
        except ValueError as error:
            raise ConfigError(f"{where}: '{key}' {error}") from error
    if allowed := settings.get("allow"):
        lines = [_line_of_table(text, "allow", at, len(allowed)) for at in range(len(allowed))]
        settings["allow"] = tuple(map(_with_line, allowed, lines))
    return Config(**settings)


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1)
    return f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


def _with_line(allowance: Allowance, line: int) -> Allowance:
    return replace(allowance, line=line)


def _line_of(text: str, key: str) -> int:
    pattern = re.compile(rf"""^\s*(?:["']?{re.escape(key)}["']?\s*=|\[[^\]]*{re.escape(key)}\])""")
    own = re.search(r"^\s*\[\s*tool\s*\.\s*quantapilot\b", text, re.MULTILINE)
    first = text.count("\n", 0, own.start()) if own else 0
    lines = text.splitlines()[first:]
    return next((at for at, line in enumerate(lines, first + 1) if pattern.match(line)), first + 1)


def _line_of_table(text: str, key: str, number: int, count: int, name: str = "") -> int:
    """Return the line of one of `count` tables `[[key]]`, or of the key `name` in it."""
    header = re.compile(rf"^\s*\[\[[^\]]*\b{re.escape(key)}\s*\]\]")
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if header.match(line)]
    if len(heads) != count:
        return _line_of(text, key)
    start, end = heads[number], [*heads, len(lines)][number + 1]
    named = re.compile(rf"""^\s*["']?{re.escape(name)}["']?\s*=""")
    inside = (at for at in range(start + 1, end) if name and named.match(lines[at]))
    return next(inside, start) + 1


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of non-empty strings")
    return tuple(value)


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a path")
    return Path(value)


def _paths(value: Any) -> tuple[Path, ...]:
    return tuple(map(Path, _texts(value)))


def _networks(value: Any) -> tuple[str, ...]:
    from ipaddress import ip_network

    for item in _texts(value):
        try:
            ip_network(item)
        except ValueError:
            raise ValueError(f"holds '{item}', which is no network such as 10.0.0.0/8") from None
    return tuple(value)


def _regions(value: Any) -> tuple[str, ...]:
    for item in _texts(value):
        if not re.fullmatch("[A-Z]{2}", item):
            raise ValueError(f"holds '{item}', which is no ISO 3166 region such as US")
    return tuple(value)


class _TableError(ValueError):
    """What is wrong with one table of an array, and which key of it where that is known."""

    def __init__(self, number: int, name: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.name = name


def _allow(value: Any) -> tuple[Allowance, ...]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise ValueError("must be tables [[tool.quantapilot.allow]]")
    allowances: list[Allowance] = []
    for number, table in enumerate(value):
        for name, given in table.items():
            if name not in _ALLOW_KEYS:
                hint = _nearest(name, _ALLOW_KEYS)
                raise _TableError(number, name, f"has the unknown key '{name}'{hint}")
            if problem := _ALLOW_KEYS[name](given):
                raise _TableError(number, name, f"needs as '{name}' {problem}")
        for name in ("path", "rule", "reason"):
            if name not in table:
                raise _TableError(number, "", f"has no '{name}'")
        made = Allowance(**table)
        place = (made.path, made.pointer, made.rule)
        if any(place == (each.path, each.pointer, each.rule) for each in allowances):
            raise _TableError(number, "", "says this twice: remove one of the two tables")
        allowances.append(made)
    return tuple(allowances)


def _no_text(value: Any) -> str:
    return "" if isinstance(value, str) else "a text"


def _no_glob(value: Any) -> str:
    usable = isinstance(value, str) and value.strip() and value[0] not in "!#"
    return "" if usable else "a pattern such as \"logs/*.jsonl\", with no '!' or '#' before it"


def _no_pointer(value: Any) -> str:
    usable = isinstance(value, str) and re.fullmatch(r"(?:/(?:[^/~]|~[01])*)*", value)
    return "" if usable else 'an RFC 6901 pointer such as "/user/email" or "/items/*/email"'


def _no_day(value: Any) -> str:
    from datetime import date, datetime

    usable = isinstance(value, date) and not isinstance(value, datetime)
    return "" if usable else "a date such as 2026-12-31, without quotes"


# Key -> what it must be, where a value is not that.
_ALLOW_KEYS: dict[str, Callable[[Any], str]] = {
    "path": _no_glob,
    "pointer": _no_pointer,
    "rule": _no_text,
    "reason": _no_text,
    "expires": _no_day,
}


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1024:
        raise ValueError("must be a number of bytes, at least 1024")
    return value


def _fields(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of field = class")  # noqa: TRY004
    for name, data_class in value.items():
        if data_class not in FIELD_CLASSES:
            raise ValueError(f"gives '{name}' no class of {', '.join(FIELD_CLASSES)}")
    return MappingProxyType(dict(value))


_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "schemas": _path,
    "generated": _path,
    "examples": _path,
    "documents": _path,
    "logs": _texts,
    "events": _texts,
    "errors": _texts,
    "exclude": _texts,
    "rules": _paths,
    "ignore": _texts,
    "baseline": _path,
    "allow": _allow,
    "internal_networks": _networks,
    "phone_regions": _regions,
    "fields": _fields,
    "max_line_bytes": _size,
    "max_document_bytes": _size,
}
