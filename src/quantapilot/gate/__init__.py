"""The gate: documents x contract x detector -> findings."""

from quantapilot.gate.check import Gate, Limits, Selection
from quantapilot.gate.contract import ContractFiles, check_contract
from quantapilot.gate.inspector import Inspector

__all__ = ["ContractFiles", "Gate", "Inspector", "Limits", "Selection", "check_contract"]
