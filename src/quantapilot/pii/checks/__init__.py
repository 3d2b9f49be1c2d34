"""Checks: the part of a rule that no regular expression can say.

Each takes a candidate and tells whether it really is a value of the rule's class. There is one
module a class of personal data, with its checks by name in `CHECKS`; it is imported when a rule of
the class first needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from quantapilot.pii.candidate import Candidate, Check, is_placeholder

if TYPE_CHECKING:
    from quantapilot.findings import PiiClass


def checks_of(pii_class: PiiClass) -> dict[str, Check]:
    """Return the checks of a class by name; `not_placeholder` is one of every class."""
    own: dict[str, Check] = import_module(f"{__name__}.{pii_class}").CHECKS
    return {"not_placeholder": not_placeholder, **own}


def not_placeholder(candidate: Candidate) -> bool:
    """Accept everything that is not a placeholder."""
    return not is_placeholder(candidate.value)
