"""Runs: what `qp scan` and `qp validate:api` check, for the command line and for a baseline."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.errors import ContractError, UnknownNameError
from quantapilot.gate.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.contract.validator import Engine
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.excuses import Accepting
    from quantapilot.gate.inspector import Inspector
    from quantapilot.gate.order import StreamOrder
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.project import Project
    from quantapilot.gate.workers import Workers
    from quantapilot.inputs.sources import Source


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run reports.

    Attributes:
        select, ignore: Rules that are reported, or not.
        walked: Paths of which the inputs are all that there is.
        whole: Whether the inputs are all that the configuration names.
        accepting: What accepts findings in place of the project's baseline.
        hints: Whether findings bring ready-to-use repairs.
        compatible_with: The git revision that the contract has to be compatible with.
        workers: Makes who looks at the inputs, from a plan and from what looks at them here; None
            is this process alone.
        follows: Whether the inputs are what is added to files, rather than all that is in them.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    walked: Sequence[str] = ()
    whole: bool = False
    accepting: Accepting | None = None
    hints: bool = False
    compatible_with: str | None = None
    workers: Callable[[Plan, Scanner], Workers] | None = None
    follows: bool = False


def scanned(
    project: Project, summary: Summary, inputs: Iterable[Source | Finding], terms: Terms
) -> Iterator[Finding]:
    """Yield the personal data in some inputs.

    Raises:
        RuleError: A rule file can't be used.
    """
    detector = project.detector()
    excuses = project.excuses(
        "scan",
        detector,
        summary,
        terms.walked,
        accepting=terms.accepting,
        telling=not terms.follows,
    )
    inspector = project.inspector(detector, hints=terms.hints)
    workers = _workers(project, summary, terms, inspector)
    gate = project.gate(inspector, summary, terms.select, terms.ignore, excuses, workers=workers)
    yield from gate.check(inputs)


def validated(
    project: Project,
    summary: Summary,
    inputs: Iterable[Source | Finding],
    terms: Terms,
    *,
    as_name: str | None = None,
    engine: Engine = "jsonschema-rs",
    beside: bool = False,
    whole_runs: bool = False,
) -> Iterator[Finding]:
    """Yield what is wrong with contract, examples and inputs.

    Args:
        project: Whose contract it is.
        summary: Counts what is checked.
        inputs: Events, logs and errors.
        terms: What is reported.
        as_name: The definition that every document is checked as.
        engine: JSON Schema engine.
        beside: Whether the inputs are what is asked about, so that a contract which was found clean
            before need not be checked again.
        whole_runs: Whether the inputs are events of whole runs, whose order is checked too.

    Raises:
        InputError: There is no revision that the contract has to be compatible with.
        RuleError: A rule file can't be used.
        UnknownNameError: There is no definition `as_name`.
        ContractError: The order is asked for, and the contract declares none.
        ScratchError: There are more runs than fit into memory, and no room beside it.
    """
    from quantapilot.contract.catalog import BrokenContractError
    from quantapilot.contract.validator import Validator
    from quantapilot.gate.proof import Proof

    detector = project.detector()
    # Made before the contract is read: a change while it is checked must ask for a new check.
    proof = Proof(project, engine, (*terms.select, "not", *terms.ignore))
    older = None
    if terms.compatible_with is not None:
        from quantapilot.gate.compatibility import older_contract

        older = older_contract(project, terms.compatible_with)
    excuses = project.excuses(
        "validate:api",
        detector,
        summary,
        terms.walked,
        whole=terms.whole,
        accepting=terms.accepting,
        telling=as_name is None,
    )
    chosen = (terms.select, terms.ignore, excuses)
    try:
        schemas = project.contract()
        contract = project.extended(schemas, detector)
    except BrokenContractError as error:
        gate = project.gate(project.inspector(detector), summary, *chosen)
        yield from gate.report([error.finding])
        yield from gate.check(inputs)
        return
    if whole_runs and contract.lifecycle is None:
        raise ContractError(
            "the contract declares no order of events: put a file such as "
            f"{contract.lifecycle_file} beside its schemas"
        )
    definition = _named(contract, as_name) if as_name else None
    validator = Validator(contract, engine)
    inspector = project.inspector(detector, validator, definition, hints=terms.hints)
    if project.has_contract and not (beside and proof.known):
        # Imported here: a payload beside a contract that is proven does not pay for it.
        from quantapilot.gate.contract import check_contract, unordered, unusable

        judge = project.inspector(detector, Validator(schemas, engine))
        checked = check_contract(
            project.files, schemas, judge, summary, lambda name: bool(detector.named(name))
        )
        clean = True
        for finding in project.gate(judge, summary, *chosen).report(checked):
            clean = False
            if unusable(finding):
                # What can't be validated is still searched for personal data.
                inspector = project.inspector(detector, hints=terms.hints)
            if unordered(finding):
                whole_runs = False
            yield finding
        excuses.contract_ended(project.files)
        # What is excused here is found by a run without the exceptions.
        if clean and not (summary.allowed or summary.accepted):
            proof.remember()
    if older is not None:
        from quantapilot.gate.compatibility import incompatible

        changes = incompatible(project, older, schemas)
        yield from project.gate(inspector, summary, *chosen).report(changes)
    with ExitStack() as stack:
        order = _order(contract, inspector, stack) if whole_runs else None
        # The order of a stream is one thought: nobody can have a part of it.
        workers = None if order else _workers(project, summary, terms, inspector, engine)
        gate = project.gate(inspector, summary, *chosen, order=order, workers=workers)
        yield from gate.check(inputs)


def _workers(
    project: Project,
    summary: Summary,
    terms: Terms,
    inspector: Inspector,
    engine: Engine = "jsonschema-rs",
) -> Workers | None:
    """Return who looks at the inputs as an inspector does; None is this process."""
    if terms.workers is None:
        return None
    from quantapilot.gate.plan import plan_of

    plan = plan_of(project, inspector, engine)
    return terms.workers(plan, Scanner(inspector, summary, project.limits))


def _order(contract: Contract, inspector: Inspector, stack: ExitStack) -> StreamOrder:
    """Return what judges the order of events, until the stack is closed."""
    from quantapilot.contract.copies import Copies
    from quantapilot.contract.lifecycle import Lifecycle
    from quantapilot.contract.order import Order
    from quantapilot.contract.standings import Standings
    from quantapilot.gate.order import StreamOrder

    standings = stack.enter_context(Standings())
    return StreamOrder(Order(Lifecycle(contract), standings), Copies(contract), inspector)


def _named(contract: Contract, name: str) -> Definition:
    definition = contract.named(name)
    if definition is None:
        from difflib import get_close_matches

        from quantapilot.contract.catalog import snake

        spelt = {snake(known): known for known in contract.definitions}
        near = get_close_matches(snake(name.replace("-", "_")), spelt, n=1)
        meant = [word if name == name.lower() else spelt[word] for word in near]
        hint = f", did you mean '{meant[0]}'?" if meant else ""
        hint = hint or f"; there are {', '.join(contract.definitions)}"
        raise UnknownNameError(f"no definition '{name}'{hint}")
    return definition
