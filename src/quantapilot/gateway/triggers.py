"""A trigger becomes a run: what was asked is judged, its project found, its first event made."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.emitter.stamps import new_id
from quantapilot.errors import ContractError, RepositoryError
from quantapilot.gateway.checks import BodyCheck
from quantapilot.gateway.model import NewRun, Replay
from quantapilot.gateway.repositories import normal
from quantapilot.gateway.store.fold import begun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantapilot.contract.lifecycle import Lifecycle
    from quantapilot.emitter.checking import EventCheck
    from quantapilot.gateway.keys import Keys
    from quantapilot.gateway.model import Token

REQUEST = "RunRequest"
_STARTED = "run_started"
# What the first event repeats of the request.
_REPEATED = ("repo_url", "branch", "correlation_id")


class Triggers:
    """Makes runs of triggers; safe to share between threads.

    Attributes:
        body: Judges what is asked.
    """

    def __init__(
        self, check: EventCheck, lifecycle: Lifecycle, keys: Keys, *, allow_private: bool
    ) -> None:
        """Take what judges a trigger.

        Args:
            check: Judges the event that it becomes.
            lifecycle: Says where a run stands behind it.
            keys: Hashes what a trigger that is sent again is known by.
            allow_private: Whether repositories may stand in private networks.

        Raises:
            ContractError: The contract describes no such request.
        """
        validator = check.inspector.validator
        definition = validator.contract.named(REQUEST) if validator is not None else None
        if definition is None:
            raise ContractError(f"the contract has no {REQUEST}: nothing can be triggered")
        self.body = BodyCheck(check.inspector, definition, _REPEATED)
        self._check = check
        self._lifecycle = lifecycle
        self._keys = keys
        self._allow_private = allow_private

    def project(self, request: Mapping[str, Any], repositories: Mapping[str, str]) -> str | None:
        """Return the project that a request's repository belongs to; None where it is of none.

        Raises:
            RepositoryError: The repository may not be worked on, whoever asks.
        """
        return repositories.get(normal(request["repo_url"], allow_private=self._allow_private))

    def project_of_refused(self, raw: bytes, repositories: Mapping[str, str]) -> str | None:
        """Return the project that a refused body is about, as far as that can be told."""
        with suppress(orjson.JSONDecodeError, RepositoryError):
            given = orjson.loads(raw)
            url = given.get("repo_url") if isinstance(given, dict) else None
            if isinstance(url, str):
                return self.project({"repo_url": url}, repositories)
        return None

    def run(
        self, request: Mapping[str, Any], project_id: str, token: Token, again_by: str | None
    ) -> NewRun:
        """Return the run that a request starts.

        Args:
            request: What was asked, as `body` returned it.
            project_id: The project that the repository belongs to.
            token: Who asks.
            again_by: What the caller names the trigger by, should it be sent again.

        Raises:
            EventRefusedError: Its first event may not leave.
        """
        run_id = new_id()
        correlation_id = request.get("correlation_id") or new_id()
        wanted = {**request, "correlation_id": correlation_id}
        payload = {"run_id": run_id, **{key: wanted[key] for key in _REPEATED}}
        entry = self._check.entry(payload, _STARTED, "the run's first event")
        event = orjson.loads(entry.body)
        run = begun(run_id, project_id, event, self._lifecycle.advance(None, event))
        answer = orjson.dumps({"run_id": run_id, "correlation_id": correlation_id})
        return NewRun(run, entry, answer, self._replay(request, token, again_by))

    def _replay(
        self, request: Mapping[str, Any], token: Token, again_by: str | None
    ) -> Replay | None:
        if again_by is None:
            return None
        asked = orjson.dumps(request, option=orjson.OPT_SORT_KEYS)
        who = token.token_id.encode()
        return Replay(
            self._keys.hashed("replay", who, again_by.encode()), self._keys.hashed("request", asked)
        )
