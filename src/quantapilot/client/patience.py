"""Patience: when a gateway is asked again, and when that is given up."""

from __future__ import annotations

import random as chance
import time
from typing import TYPE_CHECKING, TypeVar

from quantapilot.errors import GatewayError, GatewayUnavailableError, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

_FIRST = 0.5
_LONGEST = 15.0


class Patience:
    """Waits before each further try: as long as it is asked to, else longer every time."""

    def __init__(
        self,
        seconds: float,
        tell: Callable[[str], None],
        *,
        tries: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """Take how long it lasts.

        Args:
            seconds: For how long is waited in all.
            tell: Is told what is waited for, and for how long.
            tries: How often a gateway that does not answer is asked again; None: without end.
            sleep: Waits.
            random: Returns a number from 0 to below 1, so that many clients do not come at once.
        """
        self._seconds = seconds
        self._tell = tell
        self._tries = tries
        self._sleep = sleep
        self._random = random
        self.renew()

    def renew(self) -> None:
        """Begin anew, after something went well."""
        self._left = self._seconds
        self._failures = 0

    def until(self, call: Callable[[], _T]) -> _T:
        """Call something until it goes well, and return what it returns.

        Raises:
            GatewayError: Another try would not help, or comes too late.
        """
        while True:
            try:
                return call()
            except GatewayError as error:
                self.wait(error)

    def wait(self, error: GatewayError) -> None:
        """Wait until the next try.

        Raises:
            GatewayError: The same, where another try would not help or comes too late.
        """
        if not isinstance(error, GatewayUnavailableError | RateLimitedError):
            raise error
        spent = self._tries is not None and self._failures >= self._tries
        if spent and isinstance(error, GatewayUnavailableError):
            raise error
        pause = min(_FIRST * 2 ** min(self._failures, 16), _LONGEST) * (1 - self._random() / 2)
        if error.retry_after is not None:
            pause = max(pause, error.retry_after)
        if pause > self._left:
            if error.retry_after is None:
                raise error
            raise type(error)(f"{error}: again in {told(pause)}", pause) from None
        self._failures += 1
        self._left -= pause
        self._tell(f"{error}; trying again in {told(pause)}")
        self._sleep(pause)


def told(seconds: float) -> str:
    """Return a time in words, such as `12 s` or `3 min 5 s`."""
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
