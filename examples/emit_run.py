"""A whole run, emitted to every sink that is named: a webhook, a NATS stream, a file.

    QP_WEBHOOK_SECRETS=whsec_… python examples/emit_run.py https://… nats://…

Each event is checked and stored before the next line runs. What can't be delivered now is delivered
by the next start, or by `qp relay --outbox emit_run.db --to …`.
"""

from __future__ import annotations

import os
import sys
from uuid import uuid4

import quantapilot_models as models
from quantapilot.emitter import Emitter, EventRefusedError, SinkOptions


def main(sinks: list[str]) -> None:
    """Emit one run."""
    run = str(uuid4())
    options = SinkOptions(
        secrets=tuple(os.environ.get("QP_WEBHOOK_SECRETS", "").split()),
        allow_private="QP_ALLOW_PRIVATE" in os.environ,
    )
    with Emitter("emit_run.db", source="/examples/run", sinks=sinks, options=options) as emitter:
        emitter.emit(
            models.RunStarted(run_id=run, repo_url="https://git.example/app", branch="main")
        )
        emitter.emit(models.GateRequested(run_id=run, gate="deploy", description="Plan is ready"))
        # What a person typed may hold anything: what may not leave is refused, and goes without.
        try:
            reason = " ".join(sys.stdin.readline().split()) or "No remarks"
            emitter.emit(
                models.GateDecision(run_id=run, gate="deploy", approved=True, reason=reason)
            )
        except EventRefusedError as refused:
            print(refused, file=sys.stderr)
            emitter.emit(models.GateDecision(run_id=run, gate="deploy", approved=True))
        emitter.emit(models.MilestoneCompleted(run_id=run, milestone_id="m1"))
        print(emitter.emit(models.RunCompleted(run_id=run)))


if __name__ == "__main__":
    main(sys.argv[1:])
