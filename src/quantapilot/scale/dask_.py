"""Dask: a cluster looks at inputs, each partition of a bag at a range of bytes.

Which worker looks at what, and what happens when one dies, is Dask's business: a partition that was
lost is computed again, and its result is taken once. The inputs must stand under the same names on
all machines.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count, islice
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from quantapilot import __version__
from quantapilot.errors import ClusterError, QuantaPilotError, needing, shown, unforeseen
from quantapilot.scale.processes import held_back, processors
from quantapilot.scale.work import gathered, look, lost

with needing("dask", "--engine dask"):
    import dask
    import dask.bag
    from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, get_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quantapilot.findings import Finding, Summary
    from quantapilot.gate.plan import Plan
    from quantapilot.gate.scanner import Scanner
    from quantapilot.gate.workers import Looked
    from quantapilot.inputs.sources import Source
    from quantapilot.scale.parts import Part
    from quantapilot.scale.work import Seen

# Bytes of a partition: a second of work, beside which what Dask does for it is little.
PARTITION_BYTES: Final = 16 << 20
# Partitions under way for each thread of the cluster, at least half of them and never fewer than
# some: so that none waits for work, and what is found never piles up.
_AHEAD: Final = 4
_FEWEST: Final = 32
_CONNECTED_WITHIN: Final = "15s"
# Loggers to which Dask gives a level of their own, and the one that hears of its lost futures.
_TALKATIVE: Final = ("distributed", "distributed.client", "tornado.application", "asyncio")
# What a cluster of our own leaves out, a quarter of its workers' time. By Dask's environment each
# freed block goes back to the system at once, to be asked for again with the next one; the others
# are for dashboards, of which there is none.
_OWN_WORKERS: Final = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}


def cluster(address: str | None, workers: int | None) -> Callable[[Plan, Scanner], Cluster]:
    """Return what makes a cluster of a plan.

    Args:
        address: The scheduler's; None starts a cluster on this machine.
        workers: Processes of that one; None takes one for each processor.
    """
    return lambda plan, scanner: Cluster(plan, scanner, address, workers)


class Cluster:
    """Looks at inputs on the workers of a Dask cluster."""

    def __init__(
        self, plan: Plan, scanner: Scanner, address: str | None, workers: int | None
    ) -> None:
        """Take what they look by, what looks here, and where the cluster is."""
        self._plan = plan
        self._scanner = scanner
        self._address = address
        self._workers = workers

    def looked_at(
        self, inputs: Iterable[Source | Finding], summary: Summary, /
    ) -> Iterator[Looked]:
        """Yield each input with what is found in it, in order.

        Raises:
            ClusterError: The cluster can't be reached, or its workers can't look by this plan.
        """
        with ExitStack() as stack:
            # Runs that share a scheduler must not be taken for each other.
            run = f"quantapilot-{uuid4()}"
            client = self._client(stack, run)
            yield from gathered(
                inputs, summary, self._scanner, PARTITION_BYTES, partial(_run, client, run)
            )

    def _client(self, stack: ExitStack, run: str) -> Any:
        stack.enter_context(
            dask.config.set({"distributed.comm.timeouts.connect": _CONNECTED_WITHIN})
        )
        # What happens to workers is told by what is found, or by an error.
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        where = self._address
        try:
            if where is None:
                stack.enter_context(dask.config.set(_OWN_WORKERS))
                where = self._own_cluster()
                stack.callback(_ended, where.close)
            client = Client(where, set_as_default=False)
            stack.callback(_ended, client.close)
            client.register_plugin(PlanPlugin(self._plan), name=run)
            stack.callback(_ended, client.unregister_worker_plugin, run)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler answers at {self._address}: check the address, and that it runs"
            ) from error
        except Exception as error:
            raise _unready(error) from error
        return client

    def _own_cluster(self) -> Any:
        if sys.platform != "win32":
            # Whoever has to start this lets all signals through again.
            resource_tracker.ensure_running()
        # Who is at the terminal speaks to the process that reports, and that one to the workers.
        with held_back(signal.SIGINT):
            return LocalCluster(
                n_workers=self._workers or processors(),
                threads_per_worker=1,
                processes=True,
                # Without a dashboard it still has a server, and on a port that others take.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )


class PlanPlugin(WorkerPlugin):  # type: ignore[misc]  # distributed has no types
    """Has a worker look by a plan; workers that come later have it too."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._own: threading.local | None = None

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask calls it so
        """Make a worker ready.

        Raises:
            ClusterError: The worker has another version of the toolkit.
        """
        if self._plan.version != __version__:
            raise ClusterError(
                f"a Dask worker has quantapilot-contract {__version__}, this is "
                f"{self._plan.version}: install the same on all machines"
            )
        self._own = threading.local()

    @property
    def scanner(self) -> Scanner:
        """Return what looks, one for each thread of the worker."""
        if self._own is None:
            raise ClusterError("a Dask worker has no plan to look by")
        scanner: Scanner | None = getattr(self._own, "scanner", None)
        if scanner is None:
            scanner = self._own.scanner = self._plan.scanner()
        return scanner


def _looked(batch: list[Part], run: str) -> list[Seen]:
    scanner = get_worker().plugins[run].scanner
    try:
        return [look(scanner, part) for part in batch]
    except QuantaPilotError:
        raise
    except Exception as error:  # noqa: BLE001 - told by its place
        # Workers log what is raised: not the error itself, which may hold what was being checked.
        raise ClusterError(f"{unforeseen(error)}; please report it") from None


def _run(client: Any, run: str, batches: Iterator[list[Part]]) -> Iterator[list[Seen]]:
    """Yield what was seen in each batch, in order; each is a bag of one partition."""
    under_way: deque[tuple[list[Part], Any]] = deque()
    # What comes first is looked at first: else a cluster begins at a bag's end, and nothing is told
    # before it is through.
    priorities = count(0, -1)
    most, left = 0, True
    while True:
        if left and 2 * len(under_way) <= most:
            # Workers may come and go.
            most = _most(client)
            for batch in (more := list(islice(batches, most - len(under_way)))):
                partition = _partition(batch, run)
                with _cluster_errors():
                    future = client.compute(partition, priority=next(priorities))
                under_way.append((batch, future))
            left = bool(more)
        if not under_way:
            return
        batch, future = under_way.popleft()
        try:
            (seen,) = future.result()
        except KilledWorker:
            why = "each worker that looked at it died"
            seen = [lost(part, why) for part in batch]
        except Exception as error:
            raise _unready(error) from error
        future.release()
        yield seen


def _most(client: Any) -> int:
    """Return how many partitions may be under way."""
    with _cluster_errors():
        threads: int = sum(client.nthreads().values())
    return max(_FEWEST, _AHEAD * threads)


@contextmanager
def _cluster_errors() -> Iterator[None]:
    """Have what goes wrong with a cluster told as such.

    Raises:
        ClusterError: Something went wrong.
    """
    try:
        yield
    except Exception as error:
        raise _unready(error) from error


def _partition(batch: list[Part], run: str) -> Any:
    """Return the one partition of a bag: it travels alone, with others it would take them along."""
    # A name of its own: else Dask makes one of all that the parts hold.
    name = f"{run}-{uuid4()}"
    (partition,) = dask.bag.Bag({(name, 0): [batch]}, name, 1).map(_looked, run).to_delayed()
    return partition


def _ended(end: Callable[..., object], *arguments: object) -> None:
    """End a part of a cluster; that it is gone already, as when all is stopped, is no fault."""
    with suppress(Exception):
        end(*arguments)


def _unready(error: Exception) -> ClusterError:
    if isinstance(error, ClusterError):
        return error
    if isinstance(error, ImportError):
        return ClusterError(
            f"the Dask workers need quantapilot-contract {__version__} and what it needs here"
        )
    return ClusterError(f"the Dask cluster could not look at the inputs: {shown(error)}")
