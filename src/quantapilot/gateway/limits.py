"""How often somebody may do something: moving windows, of one process or shared through Redis.

Where Redis is away, each process counts for itself until it is back: a limit that is too wide for a
while is better than a gateway that answers nobody.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from quantapilot.errors import ConfigError, needing
from quantapilot.gateway.windows import Window

with needing("gateway", "the gateway"):
    from limits import parse_many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limits import RateLimitItem

MEMORY = "memory://"
# More would be kept of each caller, and is no limit.
_MOST_CALLS = 1_000_000
# Longer than a burst of calls takes, one behind the other; a Redis that hangs costs it once.
_DEADLINE = 2.0
_PAUSE = 5.0
_DATABASE = re.compile(r"/?|/[0-9]{1,9}")

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The limits, each as `AMOUNT/UNIT` or `AMOUNT per NUMBER UNIT`.

    Attributes:
        trigger: Runs that a token starts.
        emit: Events that a token adds to runs.
        read: What a token reads.
        subscribe: Changes to subscriptions, and streams that are opened, of a token.
        refused: Requests of an address class that prove no token.
    """

    trigger: str = "600/minute"
    emit: str = "6000/minute"
    read: str = "1200/minute"
    subscribe: str = "60/minute"
    refused: str = "60/minute"


class Shared(Protocol):
    """Windows that several processes share."""

    async def hit(self, item: RateLimitItem, bucket: str, who: bytes) -> float | None:
        """Count a call, or return for how many seconds the caller must wait."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class Limits:
    """Counts calls by bucket and caller; for one event loop.

    Attributes:
        alone: Whether this process counts for itself now, though it should share.
    """

    def __init__(
        self,
        settings: LimitSettings,
        storage_url: str = MEMORY,
        *,
        now: Callable[[], float] = time.monotonic,
        deadline: float = _DEADLINE,
    ) -> None:
        """Take the limits and where calls are counted; nothing is connected to.

        Args:
            settings: The limits.
            storage_url: `memory://`, or the address of a Redis that processes share.
            now: Tells the time of this process's windows, in seconds.
            deadline: The seconds that a call to Redis may take.

        Raises:
            ConfigError: A limit or the address can't be used.
            MissingExtraError: The packages for Redis are not installed.
        """
        self._items = _items(settings)
        self._now = now
        self._windows = {
            bucket: Window(item.amount, item.get_expiry(), now)
            for bucket, item in self._items.items()
        }
        self._shared = None if storage_url == MEMORY else _redis(storage_url, deadline)
        self._deadline = deadline
        self._away_until = -math.inf
        self.alone = False

    async def hit(self, bucket: str, who: bytes) -> float | None:
        """Count a call and return None; or return for how many seconds the caller must wait.

        What has to wait does not count.

        Args:
            bucket: The name of a limit.
            who: The caller: any bytes, which are kept for as long as the limit's window.
        """
        now = self._now()
        if self._shared is None or now < self._away_until:
            return self._windows[bucket].hit(who)
        asking = self.alone
        if asking:
            # One call asks whether Redis is back; the others need not wait for it.
            self._away_until = now + _PAUSE
        try:
            async with asyncio.timeout(self._deadline):
                wait = await self._shared.hit(self._items[bucket], bucket, who)
        # A server may answer what the client is not ready for.
        except Exception as error:  # noqa: BLE001
            self._lost(error)
            return self._windows[bucket].hit(who)
        if asking:
            self.alone = False
            self._away_until = -math.inf
            _LOGGER.warning("rate limits are shared again")
        return wait

    async def close(self) -> None:
        """Close the connections."""
        if self._shared is not None:
            await self._shared.close()

    def _lost(self, error: Exception) -> None:
        self._away_until = self._now() + _PAUSE
        if not self.alone:
            self.alone = True
            # The kind alone: an address may hold a password.
            _LOGGER.warning(
                "rate limits are not shared: Redis is away (%s); this process counts for itself",
                type(error).__name__,
            )


def _items(settings: LimitSettings) -> Mapping[str, RateLimitItem]:
    return {each.name: _item(each.name, getattr(settings, each.name)) for each in fields(settings)}


def _item(name: str, text: str) -> RateLimitItem:
    try:
        found = parse_many(text)
    except ValueError:
        found = []
    if len(found) != 1 or not 1 <= found[0].amount <= _MOST_CALLS:
        raise ConfigError(
            f"the limit '{name}' is not one such as 600/minute or 10 per 5 seconds, "
            f"of 1 to {_MOST_CALLS:,} calls"
        )
    return found[0]


def _redis(url: str, deadline: float) -> Shared:
    if not _names_redis(url):
        raise ConfigError(
            f"the limits are counted at '{MEMORY}' or at an address like redis://HOST:PORT/0, "
            "without options; the one that is given is neither"
        )
    with needing("redis", "limits that processes share"):
        from quantapilot.gateway.redis_windows import RedisWindows
    return RedisWindows(url, deadline)


def _names_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(
        parts.scheme in {"redis", "rediss"}
        and parts.hostname
        and port != 0
        and not (parts.query or parts.fragment)
        and _DATABASE.fullmatch(parts.path)
    )
