"""Moving windows in Redis, by `limits`: what several processes count together.

Each call is one script that Redis runs whole, so a limit holds exactly, whoever counts. Times are
the processes' own: their clocks must agree better than the windows are long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import redis.asyncio
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

if TYPE_CHECKING:
    from limits import RateLimitItem

_PREFIX = "quantapilot"
# More don't make it faster, and a burst of calls would first have to open them all.
_CONNECTIONS = 8
# Redis keeps times to a tenth of a millisecond.
_ROUNDING = 0.001


class RedisWindows:
    """Windows that several processes share; for one event loop."""

    def __init__(self, url: str, deadline: float) -> None:
        """Take where Redis is, and the seconds it may take; nothing is connected to."""
        options: dict[str, Any] = {
            # One try more: the connection may have been closed since it was used last.
            "retry": Retry(NoBackoff(), 1),
            "socket_timeout": deadline,
            "socket_connect_timeout": deadline,
            "timeout": deadline,
            "max_connections": _CONNECTIONS,
        }
        self._pool = redis.asyncio.BlockingConnectionPool.from_url(url, **options)
        given: dict[str, Any] = {"connection_pool": self._pool}
        # The pool alone knows the address.
        storage = RedisStorage("redis://", implementation="redispy", key_prefix=_PREFIX, **given)
        self._limiter = MovingWindowRateLimiter(storage)

    async def hit(self, item: RateLimitItem, bucket: str, who: bytes) -> float | None:
        """Count a call, or return for how many seconds the caller must wait.

        Args:
            item: The limit.
            bucket: Its name.
            who: The caller.
        """
        key = bucket, who.hex()
        if await self._limiter.hit(item, *key):
            return None
        stats = await self._limiter.get_window_stats(item, *key)
        return max(stats.reset_time - time.time(), 0.0) + _ROUNDING

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.disconnect()
