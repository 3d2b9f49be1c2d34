"""Candidates: what a rule's pattern found, as the checks see it.

Light on purpose: the detector needs it at every start, the checks only where a pattern matched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a project may tell the checks.

    `internal_networks` are passed beside the private ranges; `phone_regions` are the ISO 3166
    regions whose national phone formats are tried.
    """

    internal_networks: tuple[Network, ...] = ()
    phone_regions: tuple[str, ...] = (
        "US", "CA", "GB", "DE", "FR", "ES", "IT", "PL", "UA", "IN", "BR", "RU", "JP", "KR", "CN",
        "AU", "NZ", "NL", "BE", "CH", "AT", "TR", "MX", "SE", "IE", "PT", "CZ", "RO", "IL", "ZA",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A span `text[start:end]` that a rule's pattern found; never shown, so it has no repr.

    `name` is the field that the text or the span is the value of, where there is one.
    """

    text: str
    start: int
    end: int
    settings: DetectorSettings = field(default_factory=DetectorSettings)
    name: str = ""

    @property
    def value(self) -> str:
        """Return the span's text."""
        return self.text[self.start : self.end]

    @property
    def whole(self) -> bool:
        """Tell whether the span is all there is: the value of a field, not a word of a text."""
        return self.start == 0 and self.end == len(self.text)

    def before(self, reach: int) -> str:
        """Return up to `reach` characters ahead of the span."""
        return self.text[max(0, self.start - reach) : self.start]

    def after(self, reach: int) -> str:
        """Return up to `reach` characters behind the span."""
        return self.text[self.end : self.end + reach]


Check = Callable[[Candidate], bool]

_NEIGHBOUR_BEFORE = lazy(r"[\w][ ./:,-]\Z")
_DIGIT_GROUP_BEFORE = lazy(r"\d[ ./:,-]{1,2}\Z")
_DIGIT_GROUP_AFTER = lazy(r"[ ./:,-]{0,2}\d")
_PLACEHOLDER = r"""\s*(?:
        [*xX.\-_?#•]+ | <[^<>]*> | \[[^\[\]]*\] | \{\{?.*\}?\} | \$\{?\w+\}? | \$\(.*\)
      | %\w+%? | %\(\w+\)s
      | (?:null|none|nil|undefined|n/?a|unknown|anonymous|redacted|masked|hidden|removed|filtered
          |example|changeme|change[-_]me|your[-_ ].*|todo|tbd|empty|true|false|yes|no|0|-)
    )\s*"""


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands in for one: empty, masked, a variable, `null`, `<token>`."""
    return not value.strip() or _placeholder().fullmatch(value) is not None


@cache
def _placeholder() -> re.Pattern[str]:
    # On first use: compiling it costs more than the start of the program has to spare.
    return re.compile(_PLACEHOLDER, re.VERBOSE | re.IGNORECASE)


def isolated(candidate: Candidate) -> bool:
    """Tell whether no further group of digits stands next to the span."""
    return not (
        _DIGIT_GROUP_BEFORE.search(candidate.before(3))
        or _DIGIT_GROUP_AFTER.match(candidate.after(3))
    )


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the packaged word list `name`, lower-cased."""
    from quantapilot.pii.rules import words_in

    return frozenset(map(str.lower, words_in(name)))
