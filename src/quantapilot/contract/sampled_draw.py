"""What samples are drawn by, and how a way of drawing one says that it leads nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantapilot.errors import ContractError

if TYPE_CHECKING:
    from random import Random


class UnsampledError(ContractError):
    """No value was found that a schema admits; the text says of which.

    `anywhere` tells that the place where it was to stand, and its depth, did not matter.
    """

    def __init__(self, message: str, *, anywhere: bool = False) -> None:
        super().__init__(message)
        self.anywhere = anywhere


class DeadEndError(Exception):
    """A way of drawing a value that leads to none; another may."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A random generator, and whether the value is to be one at a limit."""

    random: Random
    edge: bool = False
