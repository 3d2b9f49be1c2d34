"""Sources: which files a command's paths and patterns stand for.

Folders are walked in a stable order; what .gitignore files and `exclude` name is left out.
A path that stands for nothing is a finding, not silence.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from errno import ELOOP
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.urls import local_path, shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

    from quantapilot.findings import Finding
    from quantapilot.inputs.lines import AddedLines

    _Ignores = list[tuple[Path, GitIgnoreSpec]]

STDIN = "-"
STDIN_LABEL = "<stdin>"
_NEVER = frozenset({".git", ".hg", ".svn"})
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Source:
    """One input: the name it is reported by, its file (None is standard input).

    `named` tells that the user named this very file, so that passing it over must be said.
    `kind` is the kind of documents it holds, where configuration says so. `data` is its content
    where that is not what the file holds now, `lines` the lines that are reported, None all. `url`
    is the address of what is no file of this machine, and `size` its bytes where they are known.
    `first` is the number of the first line in `data`, where that is only what was added to a file.
    """

    label: str
    path: Path | None
    named: bool = False
    kind: str | None = None
    data: bytes | None = field(default=None, repr=False)
    lines: AddedLines | None = None
    url: str | None = field(default=None, repr=False)
    size: int | None = None
    first: int = 1


def sources(
    arguments: Iterable[str],
    exclude: Sequence[str] = (),
    kind: str | None = None,
    root: Path | None = None,
) -> Iterator[Source | Finding]:
    """Yield what each path of a command line stands for: files, `-`, or the files of a folder.

    An address such as `s3://bucket/logs/*.jsonl` is looked up where it is. `exclude` is read as a
    .gitignore in the folder `root`, or in the folder walked without one; it leaves out no address.
    """
    read_stdin = False
    for argument in arguments:
        if (name := local_path(argument)) is None:
            # Imported here: only who names an address pays for it.
            from quantapilot.inputs.remote import remote_sources

            yield from remote_sources(argument, kind)
        elif name != STDIN:
            yield from _named(name, exclude, kind, root)
        elif not read_stdin:
            read_stdin = True
            yield Source(STDIN_LABEL, None, named=True, kind=kind)


def patterns(
    globs: Iterable[str], root: Path, kind: str | None = None
) -> Iterator[Source | Finding]:
    """Yield the files below `root` that match patterns such as `logs/**/*.jsonl`."""
    for pattern in globs:
        anchor = Path(pattern).anchor
        base = Path(anchor) if anchor else root
        try:
            matching = sorted(base.glob(pattern.removeprefix(anchor)))
        except (ValueError, NotImplementedError) as error:
            yield INPUT_RULES["input/no-match"].at(str(base / pattern), str(error))
            continue
        found = [path for path in matching if path.is_file() or not path.exists()]
        if not found:
            yield INPUT_RULES["input/no-match"].at(str(base / pattern), "no file matches")
        for path in found:
            there = path.exists()
            yield Source(str(path), path, kind=kind) if there else _unreadable(str(path), None)


def listed(
    names: Iterable[str], exclude: Sequence[str], kind: str | None, root: Path
) -> Iterator[Source | Finding]:
    """Yield the files of a list that a program wrote.

    No name in it is a pattern or standard input, `exclude` counts for each file, and what is empty
    or binary may be passed over.
    """
    excluded = left_out(exclude, root, Path.cwd())
    for given in names:
        name = local_path(given)
        if name is None:
            yield Source(shown_url(given), None, kind=kind, url=given)
            continue
        path = Path(name)
        if path.is_dir():
            yield from sources([f"./{name}" if name == STDIN else name], exclude, kind, root)
        elif not os.path.lexists(path):
            yield INPUT_RULES["input/missing-file"].at(name, "there is no such file or folder")
        elif not excluded(path):
            there = path.exists()
            yield Source(name, path, kind=kind) if there else _unreadable(name, None)


def left_out(exclude: Sequence[str], root: Path, other: Path) -> Callable[[Path], bool]:
    """Return what tells whether `exclude` leaves a file out.

    Its patterns are read as a .gitignore in the folder `root`; for a file elsewhere, in `other`.
    """
    if not exclude:
        return lambda _: False
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(exclude)
    anchors = (root.resolve(), other.resolve())

    def excluded(path: Path) -> bool:
        real = path.parent.resolve() / path.name
        below = (real.relative_to(each) for each in anchors if real.is_relative_to(each))
        name = next(below, None)
        return name is not None and spec.match_file(name.as_posix())

    return excluded


def matches(globs: Iterable[str], root: Path) -> Callable[[Path], bool]:
    """Return what tells whether patterns such as `logs/**/*.jsonl` name a path.

    The path need not exist; it is absolute and its folders are no links.
    """
    whole = [Path(os.path.normpath(Path(_literal(root.resolve())) / each)) for each in globs]
    return lambda path: any(path_matches(path.parts, pattern.parts) for pattern in whole)


def _named(
    name: str, exclude: Sequence[str], kind: str | None, root: Path | None
) -> Iterator[Source | Finding]:
    path = Path(name)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        if error.errno != ELOOP:
            yield _unreadable(name, error)
            return
    if path.is_dir():
        yield from _folder(path, exclude, kind, root)
    elif path.exists():
        yield Source(name, path, named=True, kind=kind)
    elif _GLOB & set(name):
        yield from patterns([name], Path(), kind)
    else:
        yield INPUT_RULES["input/missing-file"].at(name, "there is no such file or folder")


def _literal(folder: Path) -> str:
    return re.sub(r"([*?[])", r"[\1]", str(folder))


def path_matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a path matches a pattern, both by their parts; `**` is any number of folders."""
    if not pattern:
        return not parts
    first, *rest = pattern
    if first == "**":
        return path_matches(parts, rest) or (bool(parts) and path_matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], first) and path_matches(parts[1:], rest)


def _folder(
    folder: Path, exclude: Sequence[str], kind: str | None, root: Path | None
) -> Iterator[Source | Finding]:
    empty = True
    for found in _walk(folder, exclude, root):
        empty = False
        yield Source(str(found), found, kind=kind) if isinstance(found, Path) else found
    if empty:
        yield INPUT_RULES["input/no-match"].at(str(folder), "no file in this folder to check")


def _walk(top: Path, exclude: Sequence[str], root: Path | None) -> Iterator[Path | Finding]:
    from pathspec import GitIgnoreSpec

    outer = GitIgnoreSpec.from_lines(exclude)
    real = top.resolve()
    anchor = real if root is None or not real.is_relative_to(root.resolve()) else root.resolve()
    ignored: dict[Path, _Ignores] = {top: _outer_ignores(top)}
    problems: list[Finding] = []

    def failed(error: OSError) -> None:
        problems.append(_unreadable(str(error.filename), error))

    for name, folders, files in os.walk(top, onerror=failed):
        yield from problems
        problems.clear()
        folder = Path(name)
        specs = list(ignored.pop(folder, []))
        if ".gitignore" in files:
            specs.append((folder, _ignores(folder / ".gitignore")))

        def kept(path: Path, mark: str = "", specs: _Ignores = specs) -> bool:
            below = (real / path.relative_to(top)).relative_to(anchor)
            left_out = outer.match_file(below.as_posix() + mark)
            return not left_out and not _ignored(path, mark, specs)

        folders[:] = sorted(f for f in folders if f not in _NEVER and kept(folder / f, "/"))
        for below in folders:
            ignored[folder / below] = specs
        for file in sorted(files):
            path = folder / file
            if kept(path) and (path.is_file() or path.is_symlink()):
                yield path if path.exists() else _unreadable(str(path), None)
    yield from problems


def _outer_ignores(top: Path) -> _Ignores:
    """Return the .gitignore files above a folder, up to the top of its repository."""
    found: _Ignores = []
    folder = top.absolute()
    while not (folder / ".git").exists():
        if folder.parent == folder:
            return []
        folder = folder.parent
        file = folder / ".gitignore"
        if file.is_file():
            found.append((folder, _ignores(file)))
    return found[::-1]


def _ignored(path: Path, mark: str, specs: _Ignores) -> bool:
    """Tell whether .gitignore files leave a path out; the nearest one that names it decides."""
    for base, spec in reversed(specs):
        name = path.absolute().relative_to(base.absolute()).as_posix() + mark
        if (verdict := spec.check_file(name).include) is not None:
            return verdict
    return False


def _ignores(file: Path) -> GitIgnoreSpec:
    """Return what a .gitignore names; one that can't be read is reported as the file that it is."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(file.read_text("utf-8", "replace").splitlines())
    except OSError:
        return GitIgnoreSpec.from_lines(())


def open_problem(source: Source) -> Finding | None:
    """Return the finding of a source that is nothing to read from, such as a socket."""
    if source.path is None or source.data is not None:
        return None
    mode = source.path.stat().st_mode
    if stat.S_ISREG(mode) or (source.named and (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode))):
        return None
    return INPUT_RULES["input/unreadable"].at(source.label, "not a regular file")


def _unreadable(path: str, error: OSError | None) -> Finding:
    reason = error.strerror if error else "the link leads nowhere"
    return INPUT_RULES["input/unreadable"].at(path, f"can't be read: {reason}")
