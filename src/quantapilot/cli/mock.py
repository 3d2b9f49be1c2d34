"""`qp mock`: sample payloads, events and whole runs of the contract, and invalid ones."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from quantapilot.cli import candidates
from quantapilot.cli.options import CONFIG
from quantapilot.cli.output import written_whole
from quantapilot.config import load_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from quantapilot.config import Config
    from quantapilot.mock.invalid import Invalid
    from quantapilot.mock.mock import Mock

_EVERY = "*"
_RUN = "run"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, as the options say it."""

    names: tuple[str, ...]
    count: int
    payload: bool
    runs: int | None
    length: int | None
    end: str | None
    invalid: str | None
    bare: bool
    examples: bool


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=candidates.mocks)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="How many of each NAME; with --invalid, of each rule.",
)
@click.option(
    "--seed",
    default="0",
    show_default=True,
    metavar="SEED",
    help="What they are drawn by: the same seed makes the same documents.",
)
@click.option("--payload", is_flag=True, help="Of an event its payload alone.")
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    metavar="N",
    help="The events of N whole runs, several of which go on at the same time.",
)
@click.option(
    "--length",
    type=click.IntRange(min=1),
    metavar="N",
    help="About how many events a run has.",
)
@click.option("--end", metavar="STATE", help="The state that runs end in, such as failed.")
@click.option(
    "--invalid",
    is_flag=False,
    flag_value=_EVERY,
    metavar="[RULE]",
    shell_complete=candidates.rule_patterns,
    help="Documents that break one rule each: RULE, or each that can be broken.",
)
@click.option(
    "--examples",
    is_flag=True,
    help="The contract's file of examples, with made ones for definitions that lack them.",
)
@click.option("--bare", is_flag=True, help="Of invalid ones the documents alone.")
@click.option("--pretty", is_flag=True, help="Indented; several documents as one array.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to FILE, which is complete or not there.",
)
@CONFIG
def mock(seed: str, pretty: bool, output: Path | None, config: Path | None, **given: Any) -> None:
    """Make sample documents that conform to the contract and hold no personal data.

    NAME is an event, such as run_started, which is made with its envelope; any definition, such as
    LogRecord; or 'run' for a whole run of events. One document a line.
    """
    asked = _Asked(**given)
    _check(asked)
    from quantapilot.mock.mock import Mock

    settings = load_config(config)
    source = Mock(config=settings, seed=seed)
    documents = iter([_examples(source, settings)]) if asked.examples else _documents(source, asked)
    alone = len(asked.names) == 1 == asked.count and asked.invalid is None and not asked.runs
    pretty = pretty or asked.examples
    pretty = pretty or (alone and output is None and sys.stdout.isatty())
    if output is None:
        _write(sys.stdout.buffer, documents, pretty=pretty)
        return
    with written_whole(output, "the documents") as file:
        _write(file, documents, pretty=pretty)


def _examples(mock: Mock, settings: Config) -> dict[str, Any]:
    from quantapilot.contract.examples import load_examples

    file = settings.root / settings.examples
    return mock.examples(load_examples(file) if file.is_file() else {})


def _check(asked: _Asked) -> None:
    if asked.examples:
        others = asked.names or asked.runs or asked.invalid or asked.payload or asked.count > 1
        if others:
            raise click.UsageError("--examples is for all definitions: leave the rest out")
        return
    if not asked.names and asked.runs is None and asked.invalid not in {None, _EVERY}:
        raise click.UsageError("say what to make; a NAME comes ahead of --invalid")
    if not asked.names and asked.runs is None:
        raise click.UsageError("say what to make: a NAME, or --runs N for whole runs")
    if asked.names and asked.runs is not None:
        raise click.UsageError("--runs makes whole runs: leave NAME out")
    if asked.count > 1 and asked.runs is not None:
        raise click.UsageError("--runs says how many runs there are: leave --count out")
    if asked.bare and asked.invalid is None:
        raise click.UsageError("--bare goes with --invalid")


def _documents(mock: Mock, asked: _Asked) -> Iterator[Any]:
    """Yield what is asked for.

    Raises:
        UnknownNameError: A name or a rule stands for nothing.
        ContractError: Something can't be made of the contract.
    """
    names = asked.names
    whole = asked.runs is not None or (_RUN in names and not mock.knows(_RUN))
    if whole and len(names) > 1:
        raise click.UsageError("a whole run is made by itself: leave the other names out")
    if not whole:
        if asked.length is not None or asked.end is not None:
            raise click.UsageError("--length and --end are for whole runs")
        for name in names:
            yield from _of(mock, name, asked)
    elif asked.payload:
        raise click.UsageError("--payload is for events, not for whole runs")
    elif asked.invalid is not None:
        yield from _misordered(mock, asked)
    else:
        count = asked.runs or asked.count
        yield from mock.runs(count, length=asked.length, end=asked.end)


def _of(mock: Mock, name: str, asked: _Asked) -> Iterator[Any]:
    if asked.invalid is not None:
        rule = None if asked.invalid == _EVERY else asked.invalid
        make = mock.invalid_payload if asked.payload else mock.invalid
        none = True
        for found in make(name, rule, count=asked.count):
            none = False
            yield _shown(found, asked)
        if none and rule is not None:
            raise click.UsageError(f"'{rule}' can't be broken in {name}")
        return
    make_one = mock.payload if asked.payload else mock.any
    for _ in range(asked.count):
        yield make_one(name)


def _misordered(mock: Mock, asked: _Asked) -> Iterator[Any]:
    from quantapilot.mock.misorder import ORDER

    if asked.invalid not in {_EVERY, ORDER}:
        raise click.UsageError(f"in a whole run {ORDER} is broken, and no other rule")
    lines = 0
    for _ in range(asked.runs or asked.count):
        found = mock.invalid_run(length=asked.length, end=asked.end)
        if not asked.bare:
            yield found.told
            continue
        click.echo(f"qp: line {lines + (found.line or 0)}: {found.rule}: {found.why}", err=True)
        lines += len(found.value)
        yield from found.value


def _shown(found: Invalid, asked: _Asked) -> Any:
    return found.value if asked.bare else found.told


def _write(out: BinaryIO, documents: Iterable[Any], *, pretty: bool) -> None:
    if pretty:
        made = list(documents)
        value = made[0] if len(made) == 1 else made
        out.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    out.writelines(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in documents)
    out.flush()
