"""The gateway's store: all that it knows, in SQLite or in PostgreSQL.

Runs and events are added by the `Writer`, deliveries are recorded by the `StoreLedger`; the rest is
read and changed here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from sqlalchemy import literal, select

from quantapilot.errors import GatewayKeyError
from quantapilot.gateway.store import access, reading, retention, subscribed, watching
from quantapilot.gateway.store.database import Database
from quantapilot.gateway.store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from types import TracebackType

    from quantapilot.gateway.model import (
        DeliveryHealth,
        Directory,
        Refusal,
        Run,
        StoredEvent,
        Subscription,
        SubscriptionState,
        Token,
    )
    from quantapilot.gateway.store.reading import Projects


class Store:
    """What the gateway knows, durably; a context manager, safe to use from several threads.

    Every call blocks, and may raise a `StoreUnavailableError` where the database can't be used now.
    Where a call takes projects, None stands for every project, as `*` among them does.

    Attributes:
        database: What the other parts of the store work on.
    """

    def __init__(self, place: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        """Open a store, or make one where there is none.

        Args:
            place: A file, `sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST/DATABASE`.
            clock: Returns seconds since the epoch.

        Raises:
            StoreVersionError: It is of a newer version, or no store.
            StoreUnavailableError: It can't be reached, or written.
            StoreError: The address can't be used.
            MissingExtraError: It is in PostgreSQL, whose driver is not installed.
        """
        self.database = Database(place)
        self.clock = clock
        try:
            migrate(self.database)
        except BaseException:
            self.database.close()
            raise

    # Who may what.

    def directory(self) -> Directory:
        """Return who may what now."""
        with self.database.snapshot() as connection:
            return access.directory(connection)

    def directory_version(self) -> int:
        """Return the version of who may what; cheap."""
        with self.database.reading() as connection:
            return access.version(connection)

    def use_key(self, check: bytes, *, anew: bool = False) -> None:
        """Hold the gateway's key to be the one that this store has always gone with.

        With another one, nothing that webhooks and senders were given would fit any more.

        Args:
            check: What tells the key from any other, and says nothing of it.
            anew: Whether to go on with it if it is another one.

        Raises:
            GatewayKeyError: It is another one.
        """
        with self.database.writing() as connection:
            fits = access.goes_with(connection, check, anew=anew)
        if not fits:
            raise GatewayKeyError(
                f"{self.database.name} goes with another gateway's key than the one that is there: "
                "restore that; where it is lost, 'qp serve --new-key' goes on, and every webhook "
                "and every signed trigger needs a new secret"
            )

    def tokens(self) -> list[Token]:
        """Return all tokens, those that ended too, the oldest first."""
        with self.database.snapshot() as connection:
            return access.every_token(connection)

    def add_token(self, token: Token) -> None:
        """Add a token with its grants.

        Raises:
            StoreConflictError: There is one of this id.
        """
        with self.database.writing() as connection:
            access.add_token(connection, token)

    def revoke_token(self, token_id: str, at: float) -> bool:
        """End a token; return whether there was one that had not been ended."""
        with self.database.writing() as connection:
            return access.revoke_token(connection, token_id, at)

    def add_repository(self, project_id: str, repository: str) -> bool:
        """Register a repository, in its normal form; return whether it was not before.

        Raises:
            StoreConflictError: It belongs to another project.
        """
        with self.database.writing() as connection:
            return access.add_repository(connection, project_id, repository)

    def remove_repository(self, project_id: str, repository: str | None = None) -> int:
        """Let go of a project's repository, or of all; return how many those were."""
        with self.database.writing() as connection:
            return access.remove_repository(connection, project_id, repository)

    # Subscriptions.

    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return a subscription with its counts; None where there is no such."""
        with self.database.snapshot() as connection:
            return subscribed.one(connection, subscription_id)

    def subscriptions_of(self, token_id: str) -> list[Subscription]:
        """Return the subscriptions that a token made, with their counts, the oldest first."""
        with self.database.snapshot() as connection:
            return subscribed.of_token(connection, token_id)

    def add_subscription(self, subscription: Subscription) -> None:
        """Add a subscription: it hears of the events that are accepted from now on.

        Raises:
            StoreConflictError: There is one of this id, or no such token.
        """
        with self.database.writing() as connection:
            subscribed.add(connection, subscription)
            access.changed(connection)

    def remove_subscription(self, subscription_id: str) -> bool:
        """Let go of a subscription and what it did not get; return whether there was one."""
        with self.database.writing() as connection:
            removed = subscribed.remove(connection, subscription_id)
            if removed:
                access.changed(connection)
            return removed

    def set_state(
        self,
        subscription_id: str,
        state: SubscriptionState,
        reason: str = "",
        *,
        was: Collection[SubscriptionState] | None = None,
    ) -> bool:
        """Put a subscription in a state; return whether that could be.

        One that was disabled gets what was accepted meanwhile.

        Args:
            subscription_id: The subscription.
            state: The state.
            reason: Why, in a few words.
            was: The states from which alone it may change; from all where it is None.
        """
        with self.database.writing() as connection:
            done = subscribed.set_state(
                connection, subscription_id, state, reason, now=self.clock(), was=was
            )
            if done:
                access.changed(connection)
            return done

    def rotate(self, subscription_id: str, at: float) -> Subscription | None:
        """Have a subscription's next key be used; return it, or None where there is no such."""
        with self.database.writing() as connection:
            if subscribed.rotate(connection, subscription_id, at):
                access.changed(connection)
            return subscribed.one(connection, subscription_id)

    # Runs and events.

    def run(self, run_id: str, projects: Projects = None) -> Run | None:
        """Return a run; None where there is none, or it is of another project."""
        with self.database.reading() as connection:
            return reading.one_run(connection, run_id, projects)

    def runs(
        self,
        projects: Projects,
        before: str | None = None,
        limit: int = 50,
        state: str | None = None,
    ) -> list[Run]:
        """Return runs, the latest first.

        Args:
            projects: The projects of which.
            before: Only those that began before this run.
            limit: How many at most.
            state: Only those in this state.

        Raises:
            UnknownCursorError: There is no run `before`, or it is of another project.
        """
        with self.database.snapshot() as connection:
            return reading.latest_runs(connection, projects, before, limit, state)

    def events_of_run(
        self, run_id: str, after_event_id: str | None = None, limit: int = 100
    ) -> list[StoredEvent]:
        """Return a run's events, in order, behind one of them.

        Raises:
            UnknownCursorError: The run has no such event.
        """
        with self.database.snapshot() as connection:
            return reading.events_of_run(connection, run_id, after_event_id, limit)

    def events_after(self, seq: int, limit: int, projects: Projects = None) -> list[StoredEvent]:
        """Return events of some projects, in order, behind a place."""
        with self.database.reading() as connection:
            return reading.events_after(connection, seq, limit, projects)

    def last_seq(self) -> int:
        """Return the place of the last event; 0 before the first."""
        with self.database.reading() as connection:
            return reading.last_seq(connection)

    def seq_of(self, event_id: str, projects: Projects = None) -> int | None:
        """Return an event's place; None where there is none, or it is of another project."""
        with self.database.reading() as connection:
            return reading.seq_of(connection, event_id, projects)

    # What operators look at.

    def add_refusals(self, refused: Sequence[Refusal]) -> None:
        """Add refusals."""
        with self.database.writing() as connection:
            watching.add_refusals(connection, refused)

    def refusals(self, projects: Projects, limit: int = 50) -> list[Refusal]:
        """Return refusals, the latest first."""
        with self.database.reading() as connection:
            return watching.latest_refusals(connection, projects, limit)

    def health(self, projects: Projects, now: float) -> DeliveryHealth:
        """Return how far deliveries of some projects' events are."""
        with self.database.snapshot() as connection:
            return watching.health(connection, projects, now)

    def ping(self) -> None:
        """Do nothing, where the database answers.

        Raises:
            StoreUnavailableError: It does not.
        """
        with self.database.reading() as connection:
            connection.execute(select(literal(1)))

    def purge(
        self,
        now: float,
        keep: float | None = None,
        ends: Callable[[], bool] = lambda: False,
    ) -> int:
        """Let go of what is kept long enough; return how many rows those were.

        Args:
            now: Seconds since the epoch.
            keep: For how many seconds behind its last event a run is kept with its events, if all
                of them are delivered; for ever where it is None.
            ends: Asked between parts whether the rest is left to another time.
        """
        total = 0
        for kind in retention.kinds(now, keep):
            while not ends():
                with self.database.reading() as connection:
                    found = connection.execute(kind.found).scalars().all()
                if not found:
                    break
                with self.database.writing() as connection:
                    total += kind.forget(connection, found)
        return total

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.database.name!r})"
