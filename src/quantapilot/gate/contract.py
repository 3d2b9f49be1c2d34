"""The check of the contract itself: schemas, generated files and examples keep their own law.

The examples prove, on every run, that the gate can still say yes and no: a valid one with a
finding fails, and so does an invalid one that is not refused by exactly the rules it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import LIFECYCLE_SUFFIX, SCHEMA_SUFFIX, BrokenContractError
from quantapilot.contract.drift import documents_drift, drift
from quantapilot.contract.examples import load_examples
from quantapilot.contract.lifecycle_lint import lint_lifecycle
from quantapilot.contract.lint import lint
from quantapilot.contract.positions import locate, pointer_of
from quantapilot.contract.rules import CONTRACT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.inspector import Inspector
    from quantapilot.gate.project import ContractFiles


def check_contract(
    files: ContractFiles,
    contract: Contract,
    inspector: Inspector,
    summary: Summary,
    forbidden_name: Callable[[str], bool],
) -> Iterator[Finding]:
    """Yield what breaks the law of the contract itself: lint, drift, examples.

    Args:
        files: Where schemas, models and examples stand.
        contract: The contract as loaded from `files.schemas`.
        inspector: Judges the examples by this contract.
        summary: Counts what is checked here.
        forbidden_name: Tells whether a property of this name would ask for personal data.
    """
    examples: dict[str, Any] | None = None
    if not files.examples.is_file():
        message = "no definition has examples: there is no such file"
        yield CONTRACT_RULES["contract/example-missing"].at(str(files.examples), message)
    else:
        try:
            examples = load_examples(files.examples)
        except BrokenContractError as error:
            yield error.finding
    summary.schemas += len(contract.schemas)
    for finding in lint(contract, files.schemas, forbidden_name, examples):
        yield finding
        if unusable(finding):
            return
    yield from lint_lifecycle(contract, files.schemas)
    drifted = list(drift(files.schemas, files.generated))
    yield from drifted
    # A changed schema is told once, not for the documents again.
    yield from documents_drift(files.schemas, files.examples, files.documents, dated=not drifted)
    for name, groups in (examples or {}).items():
        if not name.startswith("$"):
            summary.examples += len(groups.get("valid", ())) + len(groups.get("invalid", ()))
            yield from _definition(files.examples, contract, inspector, name, groups)


def unusable(finding: Finding) -> bool:
    """Tell whether a finding means that nothing can be validated by the schemas."""
    return finding.rule == "contract/schema-invalid" and finding.path.endswith(SCHEMA_SUFFIX)


def unordered(finding: Finding) -> bool:
    """Tell whether a finding means that no order of events can be judged."""
    return finding.unchecked and finding.path.endswith((SCHEMA_SUFFIX, LIFECYCLE_SUFFIX))


def _definition(
    path: Path, contract: Contract, inspector: Inspector, name: str, groups: dict[str, Any]
) -> Iterator[Finding]:
    definition = contract.definitions.get(name)
    if definition is None:
        yield _example(path, "unknown", "no definition of the contract has this name", (name,))
        return
    for at, value in enumerate(groups.get("valid", ())):
        yield from _valid(path, inspector, definition, value, (name, "valid", at))
    for at, case in enumerate(groups.get("invalid", ())):
        yield from _invalid(path, inspector, definition, case, (name, "invalid", at))


def _valid(
    path: Path,
    inspector: Inspector,
    definition: Definition,
    value: Any,
    pointer: tuple[str | int, ...],
) -> Iterator[Finding]:
    found = inspector.value(value, definition, str(path))
    if found:
        reasons = "; ".join(f"{f.rule} at '{f.pointer}' ({f.message})" for f in found)
        yield _example(path, "refused", f"this valid example is refused: {reasons}", pointer)


def _invalid(
    path: Path,
    inspector: Inspector,
    definition: Definition,
    case: Any,
    pointer: tuple[str | int, ...],
) -> Iterator[Finding]:
    if not isinstance(case, dict) or "value" not in case or not case.get("rules"):
        message = "an invalid example is an object with 'value', 'rules' and 'why'"
        yield _example(path, "accepted", message, pointer)
        return
    wanted = set(case["rules"])
    found = {f.rule for f in inspector.value(case["value"], definition, str(path))}
    if found != wanted:
        gone = ", ".join(sorted(wanted - found)) or "none"
        more = ", ".join(sorted(found - wanted)) or "none"
        message = f"not refused as it says: missing {gone}; besides {more}"
        yield _example(path, "accepted", message, pointer)


def _example(path: Path, rule: str, message: str, pointer: tuple[str | int, ...]) -> Finding:
    line, column = locate(path.read_text("utf-8"), pointer)
    return CONTRACT_RULES[f"contract/example-{rule}"].at(
        str(path), message, line=line, column=column, pointer=pointer_of(pointer)
    )
