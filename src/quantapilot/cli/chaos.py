"""`qp chaos`: the proof that nothing is lost, carried out on the user's own machine."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quantapilot.cli.options import Seconds
from quantapilot.errors import ExitCode, needing
from quantapilot.reports.plain import counted

if TYPE_CHECKING:
    from quantapilot.chaos.proof import Verdict


@click.command()
@click.option(
    "--kills",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="How often the emitting process is killed.",
)
@click.option(
    "--seconds",
    type=Seconds(min=0.1),
    default=2.0,
    show_default=True,
    metavar="S",
    help="The longest that it works before it is killed.",
)
@click.option(
    "--events",
    type=click.IntRange(min=1),
    default=6000,
    show_default=True,
    metavar="N",
    help="The most events that it emits before that; then it only delivers.",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Chooses moments and failures.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the outbox in DIR, on the disk that you mean; it stays there.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say only how it ended.")
def chaos(
    *, kills: int, seconds: float, events: int, seed: int, folder: Path | None, quiet: bool
) -> None:
    """Prove that no event is lost: kill an emitter over and over, let its receiver fail.

    A process emits events as fast as it can, some of them with personal data, and is killed at
    random moments; the receiver answers late, wrongly or not at all. At the end every event that
    was acknowledged must have arrived at least once, under one id, unchanged, and none with
    personal data. All of it happens on this machine.
    """
    with needing("emitter", "qp chaos"):
        from quantapilot.chaos.proof import Plan, prove
    kept = folder or Path(tempfile.mkdtemp(prefix="qp-chaos-"))
    shows = not quiet and sys.stderr.isatty()

    def told(line: str) -> None:
        if shows:
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)

    try:
        if folder is not None:
            _made(folder)
        verdict = prove(Plan(kills, seconds, events, seed=seed), kept, told)
    finally:
        if shows:
            click.echo("\r\x1b[K", nl=False, err=True)
        if folder is None:
            shutil.rmtree(kept, ignore_errors=True)
    for line in _lines(verdict, quiet=quiet):
        click.echo(line)
    sys.exit(ExitCode.CLEAN if verdict.holds else ExitCode.FINDINGS)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{folder} can't be made: {error.strerror}") from error


def _lines(verdict: Verdict, *, quiet: bool) -> list[str]:
    counts = {
        "events acknowledged": verdict.acknowledged,
        "lost": verdict.lost,
        "changed on the way": verdict.changed,
        "refused for personal data": verdict.refused,
        "leaked": verdict.leaked,
        "deliveries with a wrong signature": verdict.unverified,
        "arrived more than once, under one id": verdict.repeated,
        "arrived though unacknowledged": verdict.unacknowledged,
        "failures of the receiver": verdict.failures,
    }
    ends = "nothing was lost" if verdict.holds else "the proof failed"
    head = f"{counted(verdict.kills, 'kill')} in {verdict.seconds:.2f} s: {ends}"
    if quiet:
        return [head]
    width = max(len(f"{number:,}") for number in counts.values())
    return [head, *(f"  {number:>{width},}  {what}" for what, number in counts.items())]
