"""What is to be done for each subscription as of one moment: judged from the directory alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantapilot.gateway.model import EVERY_PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantapilot.gateway.model import Directory, StoredEvent, Subscription, Token

Task = Literal["challenge", "deliver", "end"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one subscription; where it changes, that begins anew.

    Attributes:
        generations: Which of its keys sign, the newest first.
        task: `end` where its token has ended.
    """

    subscription_id: str
    url: str
    generations: tuple[int, ...]
    task: Task


@dataclass(frozen=True, slots=True)
class News:
    """Which types, projects and runs there are new events of."""

    types: frozenset[str]
    projects: frozenset[str]
    runs: frozenset[str]

    @classmethod
    def of(cls, events: Sequence[StoredEvent]) -> News:
        """Return what events are of."""
        return cls(
            frozenset(each.type for each in events),
            frozenset(each.project_id for each in events),
            frozenset(each.run_id for each in events),
        )

    def __or__(self, other: News) -> News:
        """Return both together."""
        return News(
            self.types | other.types, self.projects | other.projects, self.runs | other.runs
        )

    def concern(self, subscription: Subscription, token: Token) -> bool:
        """Return whether a subscription may have got an event by them.

        Who asks in vain has lost one look; what is to be delivered was decided in the store.
        """
        if subscription.run_id is not None and subscription.run_id not in self.runs:
            return False
        if subscription.types and subscription.types.isdisjoint(self.types):
            return False
        if subscription.project_id is not None:
            return subscription.project_id in self.projects
        return EVERY_PROJECT in token.projects or not token.projects.isdisjoint(self.projects)


def plans(directory: Directory, now: float, rotation: float) -> dict[str, Plan]:
    """Return what is to be done, by the ids of the subscriptions that something is to be done for.

    Args:
        directory: Who may what.
        now: The time, in seconds since the epoch.
        rotation: How many seconds the key before the last one signs too.
    """
    return {
        each.subscription_id: Plan(
            each.subscription_id,
            each.url,
            _generations(each, now, rotation),
            _task(each, directory.tokens.get(each.token_id), now),
        )
        for each in directory.subscriptions.values()
        if each.state != "disabled"
    }


def _task(subscription: Subscription, token: Token | None, now: float) -> Task:
    if token is None or not token.live(now):
        return "end"
    return "challenge" if subscription.state == "pending" else "deliver"


def _generations(subscription: Subscription, now: float, rotation: float) -> tuple[int, ...]:
    last, rotated = subscription.generation, subscription.rotated_at
    if last and rotated is not None and now < rotated + rotation:
        return (last, last - 1)
    return (last,)
