"""What pages show in several terminals side by side is what really happens in real ones.

A fence `console terminal=NAME` goes on in the terminal of that name. A line `$ command` is typed
once the command before it in that terminal has ended, and what stands below is seen in time; a
fence that begins without a command shows what is seen next of the one that goes on. Ports are free
ones, and times, ids and what stands for `...` may differ; one id stays one id.
"""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.integration.test_docs import (
    PAGES,
    README,
    ROOT,
    copy,
    fences,
    prepare,
    shell_environment,
    shows,
    step,
)
from tests.terminals import Terminal, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.test_docs import Fence, Step

TOLD_IN_TERMINALS = [
    page for page in PAGES if any("terminal" in fence.attributes for fence in fences(page))
]
# What the gateway listens at where nothing is said, and the ports beside it.
_PORT = re.compile(r"\b87[0-9]{2}\b")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MASKS = {
    re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"): "MOMENT",
    re.compile(r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(?=  )", re.MULTILINE): "TIME",
    re.compile(r"(?<=\bmade )[0-9a-z]{12}(?=  )"): "TOKEN",
    _UUID: "ID",
}

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")


class Desk:
    """All terminals of a reader, and what they know of each other.

    Args:
        folder: Where the reader is.
        logs: Where what is seen in the terminals is kept.
        ports: Port that a page shows -> the one that is used.
        terminals: Closes them.
    """

    def __init__(
        self, folder: Path, logs: Path, ports: dict[str, str], terminals: ExitStack
    ) -> None:
        self._folder = folder
        self._logs = logs
        self._ports = ports
        self._terminals = terminals
        self._open: dict[str, Terminal] = {}
        self._ids: dict[str, str] = {}

    def go_on(self, fence: Fence) -> None:
        """Do what a fence shows, and see what it shows."""
        terminal = self._terminal(fence.attributes["terminal"])
        for each in typed(fence):
            if each.command:
                terminal.type(self._real(each.command), each.exit_code)
            expected = each.output or ""
            told = terminal.see(partial(self._is, expected))
            if "...\n" not in expected:
                for shown, real in zip(_UUID.findall(expected), _UUID.findall(told), strict=True):
                    same = self._ids.setdefault(shown, real), self._ids.setdefault(real, shown)
                    assert same == (real, shown), f"{shown} is another id here"

    def end(self) -> None:
        """See that nothing more is seen in any terminal, where its command has ended."""
        for terminal in self._open.values():
            if not terminal.goes_on:
                terminal.end()

    def _terminal(self, name: str) -> Terminal:
        if name not in self._open:
            given = shell_environment() | {"QP_LISTEN": f"127.0.0.1:{self._ports['8700']}"}
            opened = Terminal(self._folder, given, self._logs / f"{name}.terminal")
            self._open[name] = self._terminals.enter_context(opened)
        return self._open[name]

    def _real(self, text: str) -> str:
        return _PORT.sub(lambda found: self._ports[found[0]], text)

    def _is(self, shown: str, seen: str) -> bool:
        return shows(masked(self._real(shown)), masked(seen))


def typed(fence: Fence) -> Iterator[Step]:
    """Yield the commands of a fence; what is seen before the first has the command ''."""
    commands = re.split(r"^\$ (.*)\n", fence.text, flags=re.MULTILINE)
    if commands[0]:
        yield step("", commands[0], fence.line)
    for command, output in zip(commands[1::2], commands[2::2], strict=True):
        yield step(command, output, fence.line)


def masked(text: str) -> str:
    for pattern, mask in _MASKS.items():
        text = pattern.sub(mask, text)
    return text


@pytest.mark.parametrize(
    "page", TOLD_IN_TERMINALS, ids=[page.relative_to(ROOT).as_posix() for page in TOLD_IN_TERMINALS]
)
def test_what_a_page_shows_in_terminals_is_seen_in_real_ones(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    copy(folder)
    shown = {"8700", *_PORT.findall(page.read_text("utf-8"))}
    with ExitStack() as terminals:
        desk = Desk(folder, tmp_path, {port: str(free_port()) for port in shown}, terminals)
        for fence in fences(page):
            prepare(fence, folder)
            if "terminal" in fence.attributes:
                try:
                    desk.go_on(fence)
                except AssertionError as error:
                    raise AssertionError(f"{page.name}:{fence.line}: {error}") from None
        desk.end()


def test_the_readme_has_the_tour_of_the_gateway_in_terminals() -> None:
    assert README in TOLD_IN_TERMINALS
