"""A running gateway: its parts, in the order in which they open and close."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from quantapilot.config import load_config
from quantapilot.contract.lifecycle import Lifecycle
from quantapilot.emitter.checking import EventCheck
from quantapilot.errors import ContractError, StoreError
from quantapilot.gateway.access import Access, SignedTriggers
from quantapilot.gateway.deliveries import Deliveries
from quantapilot.gateway.keys import load_keys
from quantapilot.gateway.limits import Limits
from quantapilot.gateway.live import Tail
from quantapilot.gateway.metrics import Metrics
from quantapilot.gateway.model import Directory
from quantapilot.gateway.run_events import RunEvents
from quantapilot.gateway.store.leader import Lead
from quantapilot.gateway.store.ledger import StoreLedger
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.store.writer import Writer
from quantapilot.gateway.subscribing import Subscribing
from quantapilot.gateway.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from quantapilot.config import Config
    from quantapilot.contract.catalog import Contract
    from quantapilot.gateway.model import Refusal, StoredEvent, Subscription
    from quantapilot.gateway.settings import GatewaySettings

    _T = TypeVar("_T")

_READERS = 4
# How often it is looked for what other processes changed, and how soon again at most.
_REFRESH = 0.5
_SOONEST = 0.05
_PURGE = 3600.0
_KNOWN_RUNS = 100_000


class Gateway:
    """All that a running gateway is made of; for one event loop.

    Attributes:
        directory: Who may what; brought up to date by itself.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        config: Config | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Take the settings; nothing is opened yet.

        Args:
            settings: How it is run.
            config: The project's settings; those of the current folder where it is None.
            environ: Where the gateway's key may stand; the process's own where it is None.

        Raises:
            ContractError: The contract can't be used.
            ConfigError: A setting can't be used.
        """
        self.settings = settings
        self.directory = Directory(0)
        self.metrics = Metrics()
        self.records = Records()
        check = EventCheck(config or load_config(), settings.source)
        self._contract = _contract_of(check)
        lifecycle = Lifecycle(self._contract)
        self._environ = os.environ if environ is None else environ
        self._check, self._lifecycle = check, lifecycle
        self.run_events = RunEvents(check, lifecycle)
        self.subscriptions = Subscribing(check, settings.deliveries, settings.most_subscriptions)
