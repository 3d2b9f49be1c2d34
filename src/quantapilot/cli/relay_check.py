"""`qp relay --check`: a stream through the check, into one of clean events and a quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from quantapilot.cli.runtime import sink_options
from quantapilot.errors import ExitCode, RuleTimeoutError, needing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantapilot.config import Config
    from quantapilot.relay.feed import Taken
    from quantapilot.relay.quarantine import Held
    from quantapilot.relay.stream import CheckedStream, Passes, Tally


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What the command line says of a stream that is checked."""

    check: str
    to: tuple[str, ...]
    quarantine: str | None
    config: Path | None
    once: bool
    ordered: bool
    deadline: float
    give_up_after: float | None
    quiet: bool


def relay_checked(options: StreamOptions) -> ExitCode:
    """Relay a stream as the command line says, and return how that ended.

    Raises:
        click.UsageError: Options are missing, or name one stream twice.
        SinkError: An address can't be used.
        ContractError, RuleError, ConfigError: The project can't be checked by.
    """
    if options.quarantine is None or len(options.to) != 1:
        raise click.UsageError(
            "--check needs one stream for clean events, --to nats://…, and one for records of the "
            "others, --quarantine nats://…"
        )
    for url in (*options.to, options.quarantine):
        if url.partition(":")[0].lower() not in {"nats", "nats+tls"}:
            raise click.UsageError(
                "--check relays between streams of NATS: --to and --quarantine are nats://…"
            )
    from quantapilot.config import load_config

    judge = judge_of(load_config(options.config))
    with needing("nats", "a stream nats:"):
        from quantapilot.relay.nats_feed import from_url
    from quantapilot.relay.stream import CheckedStream, StreamSettings
    from quantapilot.sinks import sink_for

    def told(line: str) -> None:
        click.echo(f"qp: {line}", err=True)

    feed = from_url(options.check, told=told)
    sending = sink_options(allow_private=True, deadline=options.deadline)
    clean, quarantine = (sink_for(url, sending) for url in (*options.to, options.quarantine))
    if clean.name == quarantine.name:
        raise click.UsageError("--to and --quarantine are one and the same")
    if any(sink.name.partition("?")[0] == feed.name for sink in (clean, quarantine)):
        raise click.UsageError("--check can't send into the stream that it reads")
    settings = StreamSettings(ordered=options.ordered, give_up_after=options.give_up_after)
    tally = _run(
        lambda: CheckedStream(feed, judge, clean, quarantine, settings, told=told),
        once=options.once,
    )
    code = ended(tally)
    if code is not ExitCode.CLEAN or not options.quiet:
        click.echo(summary(feed.name, tally), err=True)
    return code


def judge_of(config: Config) -> Callable[[Taken], Passes | Held]:
    """Return what judges messages by a project's contract and rules.

    Raises:
        ContractError: The contract can't be used, or describes no events.
        RuleError: A rule file can't be used.
    """
    from quantapilot.contract.validator import Validator
    from quantapilot.emitter.envelope import Envelopes
    from quantapilot.gate.check import Selection
    from quantapilot.gate.message import MessageCheck
    from quantapilot.gate.project import Project
    from quantapilot.relay.quarantine import Held, shown_id
    from quantapilot.relay.stream import Passes

    project = Project(config)
    contract = project.sound_contract()
    detector = project.detector()
    inspector = project.inspector(detector, Validator(contract, copies=True))
    check = MessageCheck(inspector, Selection(ignore=config.ignore), project.limits).check
    envelopes = Envelopes(contract)

    def judge(taken: Taken) -> Passes | Held:
        event, findings = check(taken.body, taken.name)
        if event is not None and not findings:
            # Where rules are ignored, an event may lack its type.
            kind = str(event.get(envelopes.told_by, ""))
            return Passes(kind, envelopes.subject_of(event))
        event_id = shown_id((event or {}).get(envelopes.id))
        return Held(findings, event_id, taken.subject if is_clean(taken.subject) else None)

    def is_clean(subject: str) -> bool:
        try:
            return not detector.find(subject)
        except RuleTimeoutError:
            return False

    return judge


def ended(tally: Tally) -> ExitCode:
    """Return the exit code: what could not be done or looked at outranks what was found."""
    if tally.waiting or tally.unchecked:
        return ExitCode.UNCHECKED
    return ExitCode.FINDINGS if tally.quarantined else ExitCode.CLEAN


def summary(name: str, tally: Tally) -> str:
    """Return what became of the events, in one line; what is nothing is left out."""
    parts = [f"{tally.clean:,} clean"]
    if tally.quarantined:
        parts.append(f"{tally.quarantined:,} quarantined")
    if tally.unchecked:
        parts.append(f"{tally.unchecked:,} of them could not be checked")
    line = f"{name}: {', '.join(parts)}"
    if tally.waiting:
        line += "; something waits"
    return f"{line} ({tally.reason})" if tally.reason else line


def _run(made: Callable[[], CheckedStream], *, once: bool) -> Tally:
    import asyncio

    from quantapilot.relay.stopping import asked_to_stop
    from quantapilot.relay.thread import loop_factory

    async def relay() -> Tally:
        stream = made()
        with asked_to_stop(stream.stop):
            return await stream.run(once=once)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(relay())
