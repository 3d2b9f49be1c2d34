"""The choice of a run: which inputs its options stand for, from paths, a list or a git diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.inputs.sources import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.project import Project
    from quantapilot.inputs.sources import Source


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is to look at, as its options say it.

    `staged` and `since` ask for what a git diff adds, `paths` limits them. `files_from` is a list
    of files, `from_hook` tells that `paths` is one too.
    """

    paths: tuple[str, ...] = ()
    staged: bool = False
    since: str | None = None
    files_from: str | None = None
    from_hook: bool = False

    def walked(self, default: Sequence[str] = ()) -> Sequence[str]:
        """Return the paths that are looked at as a whole, `default` where none is named."""
        listed = self.files_from is not None or self.from_hook
        return () if self.staged or self.since is not None or listed else self.paths or default


def chosen(
    project: Project,
    choice: Choice,
    summary: Summary,
    kind: str | None = None,
    default: Sequence[str] = (),
) -> Iterator[Source | Finding]:
    """Yield the sources that a choice stands for.

    The summary learns what it means where there are none, and that is no fault.

    Args:
        project: Gives the exclusions, and the inputs where the choice names none.
        choice: What to look at.
        summary: Of the run.
        kind: The kind of documents to look at, None for all.
        default: Paths to look at where the choice names none; else those of the configuration.

    Raises:
        InputError: The list can't be read, or git can't tell what changed.
    """
    config = project.config
    if choice.staged or choice.since is not None:
        summary.if_nothing = "nothing to check is staged"
        if choice.since is not None:
            summary.if_nothing = f"nothing to check was added since {choice.since}"
        yield from _changed(project, choice, kind, configured=not (choice.paths or default))
    elif choice.files_from is not None:
        from quantapilot.inputs.lists import names_in

        summary.if_nothing = "the list names nothing to check"
        yield from listed(names_in(choice.files_from), config.exclude, kind, config.root)
    elif choice.from_hook:
        summary.if_nothing = "the hook names nothing to check"
        yield from listed(choice.paths, config.exclude, kind, config.root)
    else:
        yield from project.inputs(choice.paths or default, kind)


def _changed(
    project: Project, choice: Choice, kind: str | None, *, configured: bool
) -> Iterator[Source | Finding]:
    from quantapilot.inputs.changes import kinds_by, sources_since, staged_sources

    config = project.config
    kinds = kinds_by(project.patterns(kind), config.root) if configured else lambda _: (kind,)
    limits = (choice.paths, config.exclude, config.root, config.max_document_bytes)
    if choice.since is None:
        return staged_sources(*limits, kinds=kinds)
    return sources_since(choice.since, *limits, kinds=kinds)
