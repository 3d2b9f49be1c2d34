"""Wake-ups over NATS core: published, heard by who is there, kept by nobody."""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from quantapilot.errors import ConfigError, QuantaPilotError, SinkError
from quantapilot.sinks.broker_url import parse_broker_url
from quantapilot.sinks.nats_connection import PORT, NatsConnection, no_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.msg import Msg

    from quantapilot.sinks.broker_url import BrokerUrl

_SUBJECT = "quantapilot.gateway."
# A server that is gone without a word is noticed after two of these.
_PING = 5
# A place as PostgreSQL counts them.
_PLACE = re.compile(rb"[0-9]{1,19}")


class WakeUpsAwayError(QuantaPilotError):
    """Other nodes can't be heard now; the text says why, and nothing of where."""


class NatsWakeUps:
    """Wake-ups over NATS; for one event loop."""

    def __init__(self, url: str, gateway: bytes, heard: Callable[[int], None]) -> None:
        """Take where and of whom; nothing is connected to.

        Args:
            url: `nats://HOST:PORT`, several servers with commas between; `nats+tls:` with TLS.
            gateway: What all nodes of one gateway have in common; it is not shown.
            heard: Called, on the event loop, with the place up to which another has events.

        Raises:
            ConfigError: It is no such address.
        """
        self._address = _address(url)
        self._subject = _SUBJECT + blake2b(gateway, digest_size=12).hexdigest()
        self._heard = heard
        self._connection: NatsConnection | None = None
        self._last = 0
        self._telling: asyncio.Task[None] | None = None

    def told(self, seq: int) -> None:
        """Have the others hear that there are events up to a place; on the event loop.

        What is told while a message is on its way goes into one that follows.
        """
        self._last = max(self._last, seq)
        if self._connection is not None and self._telling is None:
            self._telling = asyncio.create_task(self._tell(self._connection))

    async def keep(self) -> None:
        """Connect where there is no connection.

        Raises:
            WakeUpsAwayError: There is none.
        """
        if self._connection is not None and self._connection.usable:
            if self._connection.forbidden:
                raise WakeUpsAwayError(f"NATS: the server forbids this user {_SUBJECT}>")
            return
        await self._let_go()
        connection = NatsConnection()
        reason = ""
        try:
            await connection.connect(self._address, no_echo=True, ping_interval=_PING)
            await connection.client.subscribe(self._subject, cb=self._woken)
        # A server may send what the client is not ready for.
        except Exception as error:  # noqa: BLE001
            reason = no_connection(error, connection.error)
        if reason:
            await connection.close()
            # Outside the handler: what a server said hangs on that error.
            raise WakeUpsAwayError(f"NATS: {reason}")
        self._connection = connection

    async def close(self) -> None:
        """Tell and hear nothing more."""
        if self._telling is not None:
            self._telling.cancel()
        await self._let_go()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _tell(self, connection: NatsConnection) -> None:
        said = 0
        try:
            while said < self._last and connection.usable:
                said = self._last
                await connection.client.publish(self._subject, b"%d" % said)
        # Whoever was not told looks by itself.
        except Exception:  # noqa: BLE001
            connection.lost = True
        finally:
            self._telling = None

    async def _woken(self, message: Msg) -> None:
        if _PLACE.fullmatch(message.data):
            self._heard(int(message.data))


def _address(url: str) -> BrokerUrl:
    try:
        address = parse_broker_url(url, PORT, ())
    except SinkError:
        address = None
    if address is None or address.scheme not in {"nats", "nats+tls"} or address.path:
        raise ConfigError(
            "nodes wake each other at an address like nats://HOST:PORT, or nats+tls:, without a "
            "path or options; the one that is given is none"
        )
    return address
