"""What the gateway knows, as values: who may what, runs, subscriptions, what is to be stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.outbox.ports import Entry

Scope = Literal["run:trigger", "run:read", "run:emit", "events:subscribe", "metrics:read"]
SCOPES: tuple[Scope, ...] = (
    "run:trigger",
    "run:read",
    "run:emit",
    "events:subscribe",
    "metrics:read",
)
# The grant of every project: for operators, who see all.
EVERY_PROJECT = "*"

TokenKind = Literal["bearer", "signed"]
SubscriptionState = Literal["pending", "active", "disabled"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without what proves that somebody has it: only a salted hash of that is kept.

    A token of the kind `signed` is the id of a key that triggers are signed with; it has no hash,
    as its secret is derived from the gateway's key. Times are seconds since the epoch.

    Attributes:
        token_id: Names it; stands in the token, and may be shown.
        kind: `bearer` is sent along, `signed` signs.
        scopes: What it may do.
        projects: The projects that it may do it with; `*` stands for all.
        label: A few words of the operator's on what it is for.
        salt, digest: What a sent secret is compared with; empty for the kind `signed`.
        expires_at: When it ends; None: never.
        revoked_at: When it was ended.
    """

    token_id: str
    kind: TokenKind
    scopes: frozenset[str]
    projects: frozenset[str]
    created_at: float
    label: str = ""
    salt: bytes = field(default=b"", repr=False)
    digest: bytes = field(default=b"", repr=False)
    expires_at: float | None = None
    revoked_at: float | None = None

    def live(self, now: float) -> bool:
        """Return whether it holds at a time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def sees_all(self) -> bool:
        """Whether it is granted every project."""
        return EVERY_PROJECT in self.projects

    def sees(self, project_id: str) -> bool:
        """Return whether it is granted a project."""
        return project_id in self.projects or self.sees_all


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook, what it is to hear, and how far that is; times are seconds since the epoch.

    Attributes:
        token_id: The token that made it, whose grants limit what it hears.
        types: The types of event that are wanted; all where it is empty.
        project_id, run_id: Only events of these; all that the token is granted where they are None.
        generation: How often its key was made anew.
        rotated_at: When that was last: the key before it is used for a while too.
        reason: Why it is disabled.
        trouble: Why the last event that was tried did not arrive; None where it did.
        delivered, waiting, dead: How many events arrived, are still to, never will.
    """

    subscription_id: str
    token_id: str
    url: str
    types: frozenset[str]
    created_at: float
    project_id: str | None = None
    run_id: str | None = None
    state: SubscriptionState = "pending"
    reason: str = ""
    trouble: str | None = None
    generation: int = 0
    rotated_at: float | None = None
    delivered: int = 0
    waiting: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Directory:
    """Who may what, as of one moment: small, read often, changed seldom.

    Attributes:
        version: Grows with every change of what stands here.
        tokens: By their ids; those that ended too.
        repositories: Repository, in its normal form -> the project that it belongs to.
        subscriptions: By their ids, without their counts.
    """

    version: int
    tokens: Mapping[str, Token] = field(default_factory=lambda: MappingProxyType({}))
    repositories: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    subscriptions: Mapping[str, Subscription] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Run:
    """A run, folded from its events.

    Attributes:
        state: A state of the contract's lifecycle.
        open_: What was opened in it and is not closed yet: its gates.
        facts: What its events told, by the names that `RunState` in the contract has.
        started_at, updated_at: RFC 3339, as the first and the last event have them.
        events: How many there are.
    """

    run_id: str
    project_id: str
    state: str
    facts: Mapping[str, Any]
    started_at: str
    updated_at: str
    events: int = 1
    open_: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is kept: `seq` is its place, in the order in which all were committed."""

    seq: int
    id: str
    type: str
    run_id: str
    project_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """How a trigger that is sent again is known again; neither is told by what is kept.

    Attributes:
        key: Keyed hash of the caller and its idempotency key.
        request: Keyed hash of what was asked.
    """

    key: bytes
    request: bytes


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is to be stored together with its first event.

    Attributes:
        answer: What is answered, kept for when the trigger is sent again.
        replay: How it is known again; None where the caller does not ask for that.
    """

    run: Run
    entry: Entry
    answer: bytes
    replay: Replay | None = None


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event of a run that exists; `document` is the same event as its body, parsed."""

    run_id: str
    entry: Entry
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a trigger: the answer that was kept, and whether that is of an earlier one."""

    answer: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was refused; `field` is a pointer, `source` is `trigger` or `event`."""

    refused_at: str
    rule: str
    source: str
    project_id: str
    field: str = ""
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """How far deliveries are; `oldest` is for how many seconds the oldest waits."""

    waiting: int = 0
    dead: int = 0
    oldest: float = 0.0
    active: int = 0
    pending: int = 0
    disabled: int = 0
