"""Drawing: documents that conform and hold no personal data, each by a key of its own.

A key says which document is meant, such as "the third RunStarted": the same key and seed give the
same document, whatever else was drawn before. Nothing leaves unchecked: what contract or detector
refuse is drawn anew.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.contract.sampling import Sampler
from quantapilot.contract.validator import Validator
from quantapilot.errors import ContractError
from quantapilot.mock.events import Events
from quantapilot.mock.friendly import INSTANT, Befriending

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quantapilot.contract.catalog import Contract, Definition
    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Inspector

_TRIES = 60
# So often friendly values are tried; then those that were drawn must do.
_FRIENDLY = 40
_DAY = 86_400_000


class Drawing:
    """Draws documents of a contract."""

    def __init__(self, contract: Contract, inspector: Inspector, seed: int | str) -> None:
        """Take the contract, and what judges documents by it."""
        self.contract = contract
        self.inspector = inspector
        self.validator = inspector.validator or Validator(contract)
        self.events = Events(contract)
        self._seed = seed
        self._random = Random()  # noqa: S311 - nothing secret is drawn
        self._sampler = Sampler(contract, self._random)

    def chance(self, key: str) -> Random:
        """Return a random generator of its own for a key."""
        return Random(f"{self._seed}/{key}")  # noqa: S311 - nothing secret is drawn

    def document(
        self,
        definition: Definition,
        key: str,
        moment: datetime | None = None,
        adjust: Callable[[Any], None] | None = None,
    ) -> Any:
        """Return a document.

        Args:
            definition: What it conforms to.
            key: Says which one is meant.
            moment: When it happens; near a fixed instant where it is None.
            adjust: Puts values into it that others decided on, before it is checked.

        Raises:
            ContractError: None was found that conforms and holds no personal data.
        """
        self._random.seed(f"{self._seed}/{key}")
        if moment is None:
            moment = INSTANT + timedelta(milliseconds=self._random.randrange(_DAY))
        found: list[Finding] = []
        for tried in range(_TRIES):
            branch = self._branch(definition)
            value = self._sampler.document(branch)
            if tried < _FRIENDLY:
                value = self._befriended(value, branch, moment)
            if adjust is not None:
                adjust(value)
            self.events.complete(value)
            found = self.findings(value, branch)
            if not found:
                return value
        told = f"{found[0].rule} at '{found[0].pointer or ''}': {found[0].message}"
        raise ContractError(
            f"{definition.file}: {definition.name}: nothing was drawn in {_TRIES} tries that may "
            f"leave; the last one broke {told}"
        )

    def findings(self, value: Any, definition: Definition) -> list[Finding]:
        """Return what a value breaks and holds."""
        if self.validator.is_valid(definition, value) and self.inspector.detector.proves(
            orjson.dumps(value)
        ):
            return []
        return self.inspector.value(value, definition, definition.name)

    def branch_of(self, definition: Definition, value: Any) -> Definition:
        """Return the branch of a union that a value belongs to, or the definition."""
        if isinstance(value, dict):
            return self.validator.branch(definition, value).definition or definition
        return definition

    def _branch(self, definition: Definition) -> Definition:
        """Return the definition, or any branch of a union that a value tells apart."""
        while "discriminator" in definition.schema:
            mapping = definition.schema["discriminator"]["mapping"]
            branch = self.contract.branch(definition, self._random.choice(sorted(mapping)))
            if branch is None:
                break
            definition = branch
        return definition

    def _befriended(self, value: Any, definition: Definition, moment: datetime) -> Any:
        conforms = self.validator.compiled(definition).is_valid
        friendly = Befriending(self.contract, definition, conforms, self._random, moment)
        return friendly.made(value)
