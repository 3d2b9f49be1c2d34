"""Events that a pipeline sends of its run: judged as the emitter judges them, and of that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from quantapilot.emitter.texts import parsed
from quantapilot.errors import ContractError, UnknownNameError
from quantapilot.findings import EventRefusedError
from quantapilot.gateway.checks import ContentError, refused
from quantapilot.gateway.model import NewEvent
from quantapilot.gateway.problems import ProblemError

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Field
    from quantapilot.contract.lifecycle import Lifecycle
    from quantapilot.emitter.checking import EventCheck

DOCUMENT = "Event"


class RunEvents:
    """Makes events of what pipelines send; safe to share between threads."""

    def __init__(self, check: EventCheck, lifecycle: Lifecycle) -> None:
        """Take what judges events, and what knows the run of one.

        Raises:
            ContractError: The contract describes no events.
        """
        validator = check.inspector.validator
        if validator is None:
            raise ContractError("events are judged by a contract, and there is none")
        self._contract = validator.contract
        self._check = check
        self._lifecycle = lifecycle

    def event(self, raw: bytes, run_id: str) -> NewEvent:
        """Return the event that a body holds, its envelope filled in where it lacks parts.

        Args:
            raw: A whole event, or an object with its type and its payload alone.
            run_id: The run that it has to be of.

        Raises:
            ContentError: It breaks the contract or holds personal data.
            ProblemError: It is of another run.
        """
        try:
            given = parsed(self._check, "body", raw.decode("utf-8", "surrogateescape"), 1)
        except EventRefusedError as error:
            raise refused(error.findings, self._fields(None)) from None
        try:
            entry = self._check.entry(given, None, "body")
        except EventRefusedError as error:
            kind = given.get(self._check.envelopes.told_by)
            raise refused(error.findings, self._fields(kind)) from None
        except (ContractError, UnknownNameError):
            raise ContentError("the body is no event of the contract") from None
        event = orjson.loads(entry.body)
        if self._lifecycle.run_of(event) != run_id or entry.subject not in {"", run_id}:
            raise ProblemError("CONTRACT_VIOLATION", "the event is of another run than its address")
        return NewEvent(run_id, entry, event)

    def _fields(self, kind: object) -> Field:
        """Return what the contract says of the places in an event of a type."""
        document = self._contract.definitions[DOCUMENT]
        branch = self._contract.branch(document, kind) if isinstance(kind, str) else None
        return self._contract.fields(branch or document)
