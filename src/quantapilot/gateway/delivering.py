"""Deliveries of a store by whichever process has the lead: one at a time, another when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.gateway.deliveries import Deliveries
from quantapilot.gateway.store.leader import Lead
from quantapilot.gateway.store.ledger import StoreLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantapilot.gateway.model import Directory, StoredEvent
    from quantapilot.gateway.store.store import Store
    from quantapilot.gateway.webhooks import DeliverySettings, SubscriptionKeys
    from quantapilot.sinks.sink import Outcome


class Delivering:
    """Delivers while this process has the lead; `lead` is to be called again and again."""

    def __init__(
        self,
        store: Store,
        directory: Callable[[], Directory],
        keys: SubscriptionKeys,
        settings: DeliverySettings,
        *,
        changed: Callable[[], None] = lambda: None,
        counted: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """Take what is delivered, to whom, and how.

        Args:
            store: What knows the events, and what became of them.
            directory: Returns, at once and on any thread, the subscriptions and tokens there are.
            keys: What derives the secrets of subscriptions.
            settings: How to deliver.
            changed: Called on any thread where the directory may be stale.
            counted: Told, on any thread, what became of each attempt.
        """
        self._store = store
        self._directory = directory
        self._keys = keys
        self._settings = settings
        self._changed = changed
        self._counted = counted
        self._lead = Lead(store)
        self._deliveries: Deliveries | None = None

    def lead(self) -> None:
        """Take the lead if nobody has it, and begin to deliver; end where it was lost.

        Raises:
            StoreUnavailableError: The store can't be asked who leads.
        """
        leads = self._lead.try_take()
        deliveries = self._deliveries
        if leads and (deliveries is None or not deliveries.alive):
            deliveries = Deliveries(
                StoreLedger(self._store, self._settings.pause),
                self._store,
                self._directory,
                self._keys,
                self._settings,
                changed=self._changed,
                counted=self._counted,
            )
            deliveries.start()
            self._deliveries = deliveries
        elif not leads and deliveries is not None:
            self._deliveries = None
            deliveries.stop()

    def told(self, events: Sequence[StoredEvent]) -> None:
        """Take that events were committed; from any thread."""
        if (deliveries := self._deliveries) is not None:
            deliveries.told(events)

    def sync(self) -> None:
        """Take that the directory has changed; from any thread."""
        if (deliveries := self._deliveries) is not None:
            deliveries.sync()

    def trouble(self, subscription_id: str) -> str:
        """Return why deliveries to a subscription fail now; nothing where they don't."""
        deliveries = self._deliveries
        return "" if deliveries is None else deliveries.trouble(subscription_id)

    def close(self) -> None:
        """End deliveries, and give the lead back."""
        deliveries, self._deliveries = self._deliveries, None
        if deliveries is not None:
            deliveries.stop()
        self._lead.release()
