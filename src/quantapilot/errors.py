"""What can go wrong before anything is judged, and the exit codes that tell it apart.

Findings are values (`quantapilot.findings`); an exception here always means "could not check".
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

# Why a webhook is refused; `quantapilot.signing.REASONS` tells what each word means.
SignatureReason = Literal[
    "missing-id",
    "missing-timestamp",
    "missing-signature",
    "duplicate-header",
    "bad-id",
    "bad-timestamp",
    "bad-signature-format",
    "unknown-version",
    "too-old",
    "too-new",
    "no-match",
]


class ExitCode(IntEnum):
    """Exit codes of every `qp` command that checks something.

    "Could not check" is never "clean": when several hold, the order is
    UNCHECKED, FINDINGS, NOTHING, CLEAN.
    """

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    NOTHING = 3
    UNCHECKED = 4


class QuantaPilotError(Exception):
    """Base of every error the toolkit raises on purpose; its text never holds a checked value."""


class ConfigError(QuantaPilotError):
    """Configuration that can't be used; the text names file, key and repair."""


class RuleError(QuantaPilotError):
    """A rule file that can't be used; the text names file, rule and repair."""


class RuleTimeoutError(RuleError):
    """A rule did not finish on one text within its time; the text counts as unchecked."""


class UnknownNameError(QuantaPilotError):
    """A name that was asked for stands for nothing; the text gives the nearest one, or all."""


class InputError(QuantaPilotError):
    """A list, git repository or saved request that can't tell what to check, and why."""


class UnsearchableError(QuantaPilotError):
    """An input that can't be searched at all; the text names it and says why."""


class ContractError(QuantaPilotError):
    """A schema, catalog or example file that can't be used; the text names file and place."""


class GeneratedError(QuantaPilotError):
    """A generated file can't be written, or would take the place of one that nothing generated."""


class SecretError(QuantaPilotError):
    """A signing secret that can't be used; the text says which one and why, and shows nothing."""


class SignatureError(QuantaPilotError):
    """A webhook's signature does not hold; `reason` is a word for programs.

    The text names no secret, no signature and nothing of the body.
    """

    def __init__(self, reason: SignatureReason, message: str) -> None:
        super().__init__(message)
        self.reason: SignatureReason = reason

    def __reduce__(self) -> tuple[type[SignatureError], tuple[SignatureReason, str]]:
        # So that it can leave a worker process.
        return type(self), (self.reason, str(self))


class GatewayKeyError(QuantaPilotError):
    """The gateway's own key can't be used; the text says where it is looked for, and shows none."""


class RepositoryError(QuantaPilotError):
    """The address of a repository that no run is started for; the text says why, not which."""


class SinkError(QuantaPilotError):
    """A sink's address or one of its options can't be used; the text shows no credential."""


class OutboxError(QuantaPilotError):
    """The outbox can't do what it was asked; nothing that it acknowledged is lost by that."""


class OutboxLockedError(OutboxError):
    """Another process owns this outbox; the text names it where that is known."""


class OutboxDamagedError(OutboxError):
    """Events that were acknowledged are missing or changed; the file is left as it was found."""


class OutboxVersionError(OutboxError):
    """The outbox was written by a newer version, or is no outbox at all."""


class OutboxUnwritableError(OutboxError):
    """The outbox's disk is full, its folder is read-only, or it can't be written otherwise."""


class OutboxFullError(OutboxError):
    """As many events wait as the outbox may hold; nothing of what was to be added was."""


class DuplicateEventError(OutboxError):
    """Another event stands in the outbox, or in the gateway's store, under this id."""


class OutOfOrderError(QuantaPilotError):
    """An event may not follow those that its run has; the text names the rule, no value."""


class ScratchError(QuantaPilotError):
    """What does not fit into memory could not be put into a temporary file either."""


class StoreError(QuantaPilotError):
    """The gateway's store can't do what it was asked; the text shows no credential, no value."""


class StoreUnavailableError(StoreError):
    """The store can't be reached or written now: its disk is full, its server is away."""


class StoreVersionError(StoreError):
    """The store was written by a newer version, or is no store at all."""


class StoreConflictError(StoreError):
    """What was to be added stands in the store already, as something else."""


class UnknownRunError(StoreError):
    """The store has no such run."""


class UnknownCursorError(StoreError):
    """A page was asked for that begins behind something which the store does not have."""


class ReplayMismatchError(StoreError):
    """An idempotency key was sent again, with another request than before."""


class GatewayError(QuantaPilotError):
    """The gateway could not be asked, or did not do it; the text shows no token.

    What the gateway itself said stands in it on one line, cut, and without what does not print.
    """


class GatewayUnavailableError(GatewayError):
    """Nothing answers, or the gateway can't now; `retry_after` is for how many seconds it says."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimitedError(GatewayError):
    """The gateway takes no more just now; `retry_after` is for how many seconds, if it says."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnauthenticatedError(GatewayError):
    """There is no token, or the gateway does not take it."""


class ForbiddenError(GatewayError):
    """The token does not allow it."""


class NotFoundError(GatewayError):
    """The gateway has no such thing, or none that the token may see."""


class RefusedByGatewayError(GatewayError):
    """The gateway refuses what it was sent; `code` is its word for that, for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnexpectedAnswerError(GatewayError):
    """What answers does not answer as a gateway does."""


class ClusterError(QuantaPilotError):
    """A cluster can't be reached, or can't look at inputs; the text says what to do."""


class MissingExtraError(QuantaPilotError):
    """An optional part was asked for whose packages are not installed."""

    def __init__(self, extra: str, feature: str) -> None:
        super().__init__(
            f"{feature} needs the extra '{extra}': pip install 'quantapilot-contract[{extra}]'"
        )
        self.extra = extra


class MissingToolError(QuantaPilotError):
    """A program of the build is not installed; the text says which, and how to get it."""


def shown(error: BaseException) -> str:
    """Return what may be shown of an error: the text of one of ours, of any other its kind."""
    return str(error) if isinstance(error, QuantaPilotError) else type(error).__name__


def unforeseen(error: Exception) -> str:
    """Return what may be shown of an error that nobody foresaw: its kind and its place.

    Its text, and that of its frames, may hold what was being checked.
    """
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal fault: {type(error).__name__} at {_name(frame.filename)}:{frame.lineno}"


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


@contextmanager
def needing(extra: str, feature: str) -> Iterator[None]:
    """Import within it what an extra brings; where that is missing, the error names the extra.

    Args:
        extra: The extra.
        feature: What is asked for, as the error says it.

    Raises:
        MissingExtraError: A package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "quantapilot":
            raise
        raise MissingExtraError(extra, feature) from error
