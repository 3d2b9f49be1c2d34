"""What documents are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quantapilot.pii.compiled import compiled_rules
from quantapilot.pii.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.catalog import Contract


def _packaged() -> Detector:
    return Detector(compiled_rules())


@dataclass(frozen=True, slots=True)
class Source:
    """A contract with its examples, and the rules for what may be shown of them.

    Attributes:
        contract: The contract.
        examples: Its examples by definition, as the examples file has them.
        detector: Finds what is masked in examples that are refused; by the packaged rules where
            nothing else is said.
    """

    contract: Contract
    examples: Mapping[str, Any]
    detector: Detector = field(default_factory=_packaged)
