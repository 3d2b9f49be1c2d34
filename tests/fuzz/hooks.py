"""What schemathesis checks besides the document, and how it gets past the gateway's door.

It is loaded in the environment of `make test-fuzz`, which has schemathesis and not this package.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import unquote_plus

import schemathesis
from tests.fuzz.echo import echoed, sent_texts

# What `tests.fuzz` has registered.
_REPOSITORY = os.environ["QP_FUZZ_REPOSITORY"]
_PROJECT = os.environ["QP_FUZZ_PROJECT"]
# Nobody listens there, and nothing leaves the machine.
_WEBHOOK = "https://127.0.0.1:9/"
# The ids of what was made last.
_latest: dict[str, str] = {}


def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ARG001
    """Name what exists where a request is otherwise good: random ids would all be unknown."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name, known in _latest.items():
        if name in case.path_parameters:
            case.path_parameters[name] = known
    # It goes with a signature.
    case.query.pop("key", None)
    if isinstance(case.body, dict):
        _fill(case.body, case.path_parameters)


def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001
    """Remember what was made last."""
    if response.status_code in {201, 202}:
        told = json.loads(response.content)
        _latest.update({name: told[name] for name in ("run_id", "subscription_id") if name in told})


def tells_nothing_that_was_sent(ctx: Any, response: Any, case: Any) -> None:  # noqa: ARG001
    """Fail where a refusal repeats twelve characters of its request."""
    if response.status_code < 400:
        return
    request = response.request
    sent = [unquote_plus(request.url), *map(str, request.headers.values())]
    headers = "\n".join(", ".join(values) for values in response.headers.values())
    told = response.content.decode("utf-8", "replace")
    known = json.dumps(case.operation.schema.raw_schema, ensure_ascii=False)
    for heard in (told, headers):
        part = echoed([*sent, *sent_texts(request.body)], heard, known)
        assert part is None, f"the answer repeats what was sent: {part!r}"


class SucceedsSometimes:
    """Fail where an operation was refused whatever was sent: then its core was never reached."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._succeeded: set[str] = set()

    def after_response(self, ctx: Any, response: Any, case: Any) -> None:  # noqa: ARG002
        """Note what came of a request."""
        self._asked.add(case.operation.label)
        if response.status_code < 300:
            self._succeeded.add(case.operation.label)

    def after_run(self, ctx: Any) -> None:  # noqa: ARG002
        """Judge the run."""
        never = sorted(self._asked - self._succeeded)
        assert not never, f"never answered with success: {', '.join(never)}"


def _fill(body: dict[str, Any], path: dict[str, Any]) -> None:
    known = {"repo_url": _REPOSITORY, "url": _WEBHOOK, "project_id": _PROJECT}
    body.update({name: value for name, value in known.items() if name in body})
    data = body.get("data")
    if isinstance(data, dict) and "run_id" in path:
        # An event names its run twice more.
        data["run_id"] = path["run_id"]
        if "subject" in body:
            body["subject"] = path["run_id"]


for each in (before_call, after_call):
    schemathesis.hook(each)
for check in (tells_nothing_that_was_sent, SucceedsSometimes):
    schemathesis.check(check)
