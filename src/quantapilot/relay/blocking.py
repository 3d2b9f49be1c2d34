"""What blocks is called on another thread, so that the event loop never waits for a disk."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

T = TypeVar("T")
P = ParamSpec("P")


class Blocking(Protocol):
    """Calls functions on one other thread, in the order in which it is asked to."""

    def __call__(self, function: Callable[..., T], /, *given: object) -> asyncio.Future[T]:
        """Return what the function returns."""
        ...


class OneThread(Executor):
    """Runs calls one after another on a thread of its own.

    Unlike a `ThreadPoolExecutor`, it still does while the interpreter ends: `atexit` is where
    applications close what they have opened.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return a future of what a function returns."""
        future: Future[T] = Future()

        def call() -> None:
            if future.set_running_or_notify_cancel():
                _settle(future, fn, *args, **kwargs)

        self._calls.put(call)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End when all that was submitted is done; `cancel_futures` changes nothing about it."""
        del cancel_futures
        self._calls.put(None)
        if wait:
            self._thread.join()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _settle(future: Future[T], fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> None:
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001
        future.set_exception(error)
    else:
        future.set_result(result)
