"""A receiver of webhooks that fails on demand, and remembers what it was sent.

A real HTTP server on a free port of this machine, in a process of its own, so that it takes no time
from the sender and goes on when that is killed and started again. It ends with its parent.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from quantapilot.chaos.server import Behaviour, MisbehavingServer
from quantapilot.errors import QuantaPilotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from quantapilot.chaos.record import Heard, Totals

# How long the process may take to start on a busy machine, in seconds.
_PATIENCE = 60.0


class ReceiverError(QuantaPilotError):
    """The receiver did not start, or has ended."""


class Receiver:
    """A receiver that runs from `with` on until the block ends.

    Args:
        behaviour: How it answers.
        certificate: A PEM file with a key and its certificates, for `https`.
        own_process: Whether it runs in a process of its own, else in a thread.
        port: Where it listens; a free port where it is 0.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        certificate: Path | None = None,
        own_process: bool = True,
        port: int = 0,
    ) -> None:
        self._settings = (behaviour or Behaviour(), certificate, port)
        self._own_process = own_process
        self._scheme = "https" if certificate else "http"
        self._asked = threading.Lock()
        self._runs: Any = None
        self._pipe: Connection | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Return the address that events are sent to."""
        return f"{self._scheme}://127.0.0.1:{self.port}/events"

    def __enter__(self) -> Self:
        # A process that is forked would share what the caller has open.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        start: Callable[..., Any] = context.Process if self._own_process else threading.Thread
        self._runs = start(target=_run, args=(theirs, *self._settings), daemon=True)
        self._runs.start()
        if self._own_process:
            theirs.close()
        try:
            self.port = self._told()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
            self._runs.join(_PATIENCE)
            if self._own_process:
                if self._runs.is_alive():
                    self._runs.kill()
                    self._runs.join()
                self._runs.close()

    def behave(self, behaviour: Behaviour) -> None:
        """Have it answer otherwise from now on; what it heard stays."""
        self._ask("behave", behaviour)

    def heard(self, ids: Iterable[str]) -> list[Heard | None]:
        """Return what came under each of some ids, in their order; None where nothing did."""
        answer: list[Heard | None] = self._ask("heard", list(ids))
        return answer

    def totals(self) -> Totals:
        """Return what came in all."""
        answer: Totals = self._ask("totals", None)
        return answer

    def close_port(self) -> None:
        """Refuse all connections, and drop those there are, until `open_port`."""
        self._ask("close_port", None)

    def open_port(self) -> None:
        """Take connections again, on the same port."""
        self._ask("open_port", None)

    def _ask(self, what: str, about: object) -> Any:
        if self._pipe is None:
            raise ReceiverError("the receiver does not run: use it within 'with'")
        with self._asked:
            try:
                self._pipe.send((what, about))
            except OSError:
                raise ReceiverError("the receiver has ended") from None
            return self._told()

    def _told(self) -> Any:
        if self._pipe is None:
            raise ReceiverError("the receiver does not run: use it within 'with'")
        try:
            if not self._pipe.poll(_PATIENCE):
                raise ReceiverError("the receiver does not answer in time")
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise ReceiverError("the receiver has ended") from None
        if isinstance(answer, ReceiverError):
            raise answer
        return answer


def _run(pipe: Connection, behaviour: Behaviour, certificate: Path | None, port: int) -> None:
    # Ctrl-C is for the parent, which ends this process by closing the pipe.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ModuleNotFoundError):
        from uvloop import new_event_loop as factory
    with pipe, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(pipe, behaviour, certificate, port))


async def _serve(
    pipe: Connection, behaviour: Behaviour, certificate: Path | None, port: int
) -> None:
    """Serve until the other end of the pipe is closed, and answer what is asked through it."""
    try:
        server = MisbehavingServer(behaviour, certificate, port)
        await server.open_port()
    except (OSError, QuantaPilotError) as error:
        pipe.send(ReceiverError(f"the receiver can't listen ({type(error).__name__})"))
        return
    pipe.send(server.port)
    # Read on a thread: what is asked may be larger than the pipe holds, and an event loop would
    # make it one that does not wait.
    read = partial(asyncio.get_running_loop().run_in_executor, None, pipe.recv)
    try:
        while True:
            what, about = await read()
            answer = getattr(server, what)(about)
            pipe.send(await answer if asyncio.iscoroutine(answer) else answer)
    except (EOFError, OSError):
        # Who asked has gone.
        pass
    finally:
        await server.close()
