"""Changes: the files of a git repository that a change touches, and the lines it adds to them.

Names are read NUL-separated, so that no name can deceive; of a diff only hunk headers are read,
and the lines that they announce are counted off, so that no content can.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.errors import InputError
from quantapilot.inputs.blocks import is_binary
from quantapilot.inputs.git import repository
from quantapilot.inputs.lines import AddedLines
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.inputs.sources import Source, left_out, matches
from quantapilot.inputs.unpacking import packed
from quantapilot.urls import is_url, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from quantapilot.findings import Finding
    from quantapilot.inputs.git import Repository, Stored

# No setting of a user or a repository may change what a diff says, or hide a file from it:
# `--text` also shows files that .gitattributes calls binary.
_DIFF = (
    "-c", "diff.relative=false", "diff",
    "--no-ext-diff", "--no-textconv", "--no-color", "--text", "--find-renames",
    "--ignore-submodules=all", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_RAW = ("--raw", "--no-abbrev", "-z")
_HUNKS = ("--patch", "--unified=0", "--inter-hunk-context=0", "--diff-filter=MR")
_HUNK = re.compile(rb"@@ -\d+(?:,(?P<gone>\d+))? \+(?P<start>\d+)(?:,(?P<count>\d+))? @@")
_REGULAR = "100"
_SNIFFED = 8192

# Tells the kinds of documents that a file is checked as; none where it is not looked at.
Kinds = Callable[[Path], Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that a change touches: its path from the top of the repository, and git's letter.

    `mode` and `blob` are those of its new state, `blob` is None where git has not stored it.
    `lines` are the lines added to it, None for all of them. `old` is its name before a rename.
    """

    name: str
    status: str
    mode: str = ""
    blob: str | None = None
    lines: AddedLines | None = None
    old: str | None = None


def of_no_kind(_: Path, /) -> Sequence[str | None]:
    """Return that a file is looked at, whatever it holds."""
    return (None,)


def kinds_by(globs: Mapping[str, Sequence[str]], root: Path) -> Kinds:
    """Return what tells the kinds of the files that a configuration's patterns name."""
    by_kind = {kind: matches(patterns, root) for kind, patterns in globs.items()}
    return lambda path: [kind for kind, named in by_kind.items() if named(path)]


def staged_sources(
    paths: Sequence[str],
    exclude: Sequence[str],
    root: Path,
    limit: int,
    *,
    kinds: Kinds = of_no_kind,
) -> Iterator[Source | Finding]:
    """Yield the files that the index adds lines to, with their content in the index.

    Args:
        paths: Files and folders to look at; none means the whole repository.
        exclude: Patterns as in .gitignore, below the folder `root`, of files that are left out.
        root: Folder of the configuration.
        limit: Size in bytes over which a file counts as not checked.
        kinds: What each file is checked as.

    Raises:
        InputError: Git can't tell what changed.
    """
    repo = repository()
    found = _changes(repo, ("--cached",))
    asked = _Asked(repo, found, paths, left_out(exclude, root, repo.top), kinds)
    yield from _sources(asked, limit, staged=True)


def sources_since(
    revision: str,
    paths: Sequence[str],
    exclude: Sequence[str],
    root: Path,
    limit: int,
    *,
    kinds: Kinds = of_no_kind,
) -> Iterator[Source | Finding]:
    """Yield the files that the working tree adds lines to since it parted from a revision.

    What is committed, staged or neither counts alike, and so do new files that git does not
    ignore. The other arguments are those of `staged_sources`.

    Raises:
        InputError: The revision does not exist, or git can't tell what changed.
    """
    repo = repository()
    found = _changes(repo, (_parting(repo, revision),))
    listed = repo.ask("ls-files", "-z", "--others", "--exclude-standard")
    # A name that ends in a slash is another repository's folder.
    found += [Change(name, "A", _REGULAR) for name in _names(listed) if not name.endswith("/")]
    asked = _Asked(repo, found, paths, left_out(exclude, root, repo.top), kinds)
    yield from _sources(asked, limit, staged=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The changes of a repository, and what tells which of them are looked at."""

    repo: Repository
    changes: Sequence[Change]
    paths: Sequence[str]
    excluded: Callable[[Path], bool]
    kinds: Kinds

    def kinds_of(self, name: str) -> Sequence[str | None]:
        """Return the kinds that a file is checked as, none where it is left out."""
        path = self.repo.top / name
        return () if self.excluded(path) else self.kinds(path)

    def added(self, change: Change, kind: str | None) -> AddedLines | None:
        """Return the lines that a change adds to what is checked as a kind, None for all.

        A file that comes from where nobody looked at it so far is new as a whole.
        """
        if change.old is not None and kind not in self.kinds_of(change.old):
            return None
        return change.lines


def _sources(asked: _Asked, limit: int, *, staged: bool) -> Iterator[Source | Finding]:
    top = asked.repo.top
    changes = sorted(asked.changes, key=lambda change: os.fsencode(change.name))
    scope = _Scope(top, changes)
    yield from scope.limit_to(asked.paths)
    with asked.repo.stored() as stored:
        for change in changes:
            if change.status == "D" or not scope.holds(change):
                continue
            path = top / change.name
            label = os.path.relpath(path)
            for kind in asked.kinds_of(change.name):
                lines = asked.added(change, kind)
                if change.status == "U":
                    yield INPUT_RULES["input/unreadable"].at(label, "resolve its conflicts first")
                elif not change.mode.startswith(_REGULAR) or lines == AddedLines():
                    # Neither what a link leads to nor another repository is content of this one.
                    continue
                elif change.blob and (staged or not os.path.lexists(path)):
                    source = Source(label, path, kind=kind, lines=lines)
                    yield _stored(source, change.blob, stored, limit)
                elif not path.is_symlink():
                    yield Source(label, path, kind=kind, lines=lines)


def _stored(source: Source, blob: str, stored: Stored, limit: int) -> Source | Finding:
    """Return a source with its stored content; of a large binary file the beginning is enough."""
    found = stored.read(blob, limit, beginning=_SNIFFED)
    if found is None:
        return INPUT_RULES["input/unreadable"].at(source.label, "git can't find its content")
    length, data = found
    compressed = packed(data) and source.lines is None
    if length > limit and (compressed or not is_binary(data)):
        what = "packed" if compressed else "of text"
        return INPUT_RULES["input/line-too-long"].at(
            source.label,
            f"{length:,} bytes {what} in git; the limit is {limit:,}, of max_document_bytes",
        )
    return replace(source, data=data)


class _Scope:
    """What the paths of a command line stand for among the changes of a repository."""

    def __init__(self, top: Path, changes: Iterable[Change]) -> None:
        self._top = top
        self._known = {
            top / name for change in changes for name in (change.name, change.old) if name
        }
        self._limits: list[Path] | None = None

    def limit_to(self, paths: Sequence[str]) -> Iterator[Finding]:
        """Take the paths; yield a finding for each that stands for nothing, changed or not."""
        if not paths:
            return
        self._limits = []
        for path in paths:
            real = _real(Path(path))
            found = [real] if self._exists(real) else [_real(each) for each in _globbed(path)]
            self._limits += found
            if not found:
                label = shown_url(path) if is_url(path) else path
                yield INPUT_RULES["input/missing-file"].at(label, "there is no such file or folder")

    def holds(self, change: Change) -> bool:
        """Tell whether a change is to be looked at."""
        path = self._top / change.name
        return self._limits is None or any(path.is_relative_to(limit) for limit in self._limits)

    def _exists(self, path: Path) -> bool:
        return os.path.lexists(path) or any(each.is_relative_to(path) for each in self._known)


def _real(path: Path) -> Path:
    """Return an absolute path whose folders are no links; it may itself be a link to a file."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _globbed(pattern: str) -> list[Path]:
    anchor = Path(pattern).anchor
    try:
        return list((Path(anchor) if anchor else Path()).glob(pattern.removeprefix(anchor)))
    except (ValueError, NotImplementedError):
        return []


def _parting(repo: Repository, revision: str) -> str:
    """Return the commit at which the current one and a revision parted."""
    if not repo.try_to("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        raise InputError("this repository has no commit yet: check what is staged with --staged")
    commit = None
    if revision and not revision.startswith("-"):
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        commit = repo.try_to(*asked, f"{revision}^{{commit}}")
    if commit is None:
        hint = _shallow_hint(repo) or "; 'git log' and 'git branch --all' show what there is"
        raise InputError(f"--since: there is no commit '{revision}'{hint}")
    base = repo.try_to("merge-base", commit, "HEAD")
    if base is None:
        hint = _shallow_hint(repo) or ": name a commit that this branch comes from"
        raise InputError(f"--since: '{revision}' and the current commit share no history{hint}")
    return base


def _shallow_hint(repo: Repository) -> str:
    if repo.try_to("rev-parse", "--is-shallow-repository") != "true":
        return ""
    return (
        "; this clone is shallow: run 'git fetch --unshallow', "
        "or check out with 'fetch-depth: 0' in CI"
    )


def _changes(repo: Repository, between: tuple[str, ...]) -> list[Change]:
    found = list(_raw(repo.ask(*_DIFF, *_RAW, *between, "--")))
    edited = sum(change.status in {"M", "R"} for change in found)
    if not edited:
        return found
    with repo.running(*_DIFF, *_HUNKS, *between, "--") as (_, output):
        lines = list(added_lines(output))
    if len(lines) != edited:
        raise InputError("the files changed while git compared them: run the check again")
    told = iter(lines)
    return [
        replace(change, lines=next(told)) if change.status in {"M", "R"} else change
        for change in found
    ]


def _raw(output: bytes) -> Iterator[Change]:
    """Yield the changes of `git diff --raw -z`; a rename has two names."""
    names = iter(_names(output))
    for head in names:
        _, mode, _, blob, status = head.removeprefix(":").split(" ")
        name = next(names)
        old = None
        if status[0] in {"R", "C"}:
            old, name = name, next(names)
        stored = blob if blob.strip("0") else None
        yield Change(name, status[0], mode, stored, old=old)


def _names(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def added_lines(diff: Iterable[bytes]) -> Iterator[AddedLines]:
    """Yield the lines that a diff adds, for each file in it.

    Args:
        diff: The lines that `git diff --text --unified=0` prints.
    """
    ranges: list[tuple[int, int]] | None = None
    ahead = 0
    for line in diff:
        if ahead:
            # "\ No newline at end of file" stands between lines and is none of them.
            ahead -= not line.startswith(b"\\")
        elif line.startswith(b"diff --git "):
            if ranges is not None:
                yield AddedLines.of(ranges)
            ranges = []
        elif ranges is not None and (found := _HUNK.match(line)):
            count = int(found["count"] or 1)
            ranges.append((int(found["start"]), count))
            ahead = int(found["gone"] or 1) + count
    if ranges is not None:
        yield AddedLines.of(ranges)
