"""The wheel is what is tested here: installed alone, away from this repository."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
FORBIDDEN = ROOT / "examples" / "dirty" / "forbidden.json"
CARRIED = [
    "quantapilot/py.typed",
    "quantapilot_models/py.typed",
    "quantapilot_models/catalog.json",
    "quantapilot/documents/typescript.mjs",
    "quantapilot/reports/house.css",
    *(f"quantapilot/reports/html.{kind}" for kind in ("css", "html", "js", "py")),
    *(f"quantapilot/documents/reference/page.{kind}" for kind in ("css", "html", "js")),
    *(
        f"quantapilot/pii/rules/{file.name}"
        for file in sorted((ROOT / "src" / "quantapilot" / "pii" / "rules").glob("*.*"))
    ),
]


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


class Installed:
    """An environment that holds the wheel and its pinned dependencies; made once a test run."""

    def __init__(self, folder: Path) -> None:
        self.elsewhere = folder / "elsewhere"
        self.models = folder / "models"
        self._venv = folder / "venv"

    def make(self) -> None:
        self.elsewhere.mkdir(parents=True)
        shutil.copy(FORBIDDEN, self.elsewhere)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self._venv)], check=True)
        project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        self._install(project["dependencies"], self._venv.parent / "core.txt")
        extra = self._venv.parent / "models.txt"
        self._install(project["optional-dependencies"]["models"], extra, target=self.models)
        self._pip("--no-deps", str(build(self._venv.parent)))

    def run(
        self, *command: str, stdin: str = "", path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "QP_", "VIRTUAL_ENV"))
        }
        if path is not None:
            environment["PYTHONPATH"] = str(path)
        return subprocess.run(
            [str(self._venv / "bin" / command[0]), *command[1:]],
            cwd=self.elsewhere,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def _install(self, names: Iterable[str], file: Path, target: Path | None = None) -> None:
        file.write_text("\n".join(pinned(names)) + "\n", "utf-8")
        to = ["--target", str(target)] if target else []
        self._pip("--require-hashes", "--requirement", str(file), *to)

    def _pip(self, *arguments: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self._venv / "bin" / "python")]
        quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        done = subprocess.run([*pip, *quiet, *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def pinned(names: Iterable[str]) -> list[str]:
    """Return the entries of constraints.txt for packages and all that they need."""
    text = (ROOT / "constraints.txt").read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    needed = closure(names)
    return [each for each in entries if canonicalize_name(each.partition("==")[0]) in needed]


def closure(requirements: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        if name not in found and (each.marker is None or each.marker.evaluate({"extra": ""})):
            found.add(name)
            waiting += map(Requirement, requires(name) or ())
    return found


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    environment = Installed(shared / "installed")
    # Workers run side by side; the first one makes the environment for all of them.
    with (shared / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = shared / "installed.ready"
        if not ready.exists():
            environment.make()
            ready.touch()
    return environment


@pytest.mark.parametrize("name", CARRIED)
def test_the_wheel_carries_what_the_code_reads(name: str, wheel: Path) -> None:
    assert name in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_its_licence_and_readme(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (licence,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
    assert (ROOT / "README.md").read_text("utf-8") in archive.read(metadata).decode()


def test_the_wheel_carries_nothing_else_than_its_two_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "quantapilot",
        "quantapilot_models",
    }
    assert [name for name in names if "__pycache__" in name or name.endswith(".tmp")] == []


def test_the_command_tells_its_version(installed: Installed) -> None:
    done = installed.run("qp", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"qp \d+\.\d+\.\d+\S*\n", done.stdout)


def test_a_forbidden_payload_is_refused_away_from_the_repository(installed: Installed) -> None:
    done = installed.run("qp", "validate:api", "--format", "json", FORBIDDEN.name)
    assert done.returncode == 1, done.stderr
    findings = orjson.loads(done.stdout)["findings"]
    pointers = [finding["pointer"] for finding in findings if finding["category"] == "pii"]
    assert pointers == ["/user_email", "/operator_name", "/api_token"]


def test_a_payload_is_judged_by_the_contract_in_the_wheel(installed: Installed) -> None:
    allowed = (ROOT / "examples" / "allowed.json").read_text("utf-8")
    clean = installed.run("qp", "validate:api", "-", stdin=allowed)
    assert (clean.returncode, clean.stderr) == (0, "")
    changed = allowed.replace('"project_id"', '"project"')
    refused = installed.run("qp", "validate:api", "-", stdin=changed)
    assert refused.returncode == 1
    assert "contract/unknown-field" in refused.stdout


def test_standard_input_is_scanned(installed: Installed) -> None:
    dirty = installed.run("qp", "scan", "-", stdin=FORBIDDEN.read_text("utf-8"))
    assert (dirty.returncode, dirty.stderr) == (1, "")
    clean = installed.run("qp", "scan", "-", stdin="run finished in 12 s\n")
    assert (clean.returncode, clean.stderr) == (0, "")


def test_every_rule_can_be_listed(installed: Installed) -> None:
    done = installed.run("qp", "rules", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert {rule["category"] for rule in orjson.loads(done.stdout)} == {"pii", "contract", "input"}


def test_the_toolkit_can_be_imported(installed: Installed) -> None:
    script = "import quantapilot; print(quantapilot.__version__, quantapilot.__file__)"
    done = installed.run("python", "-c", script)
    assert done.returncode == 0, done.stderr
    assert str(ROOT) not in done.stdout


def test_the_models_work_where_pydantic_is_installed(installed: Installed) -> None:
    script = (
        "from quantapilot_models import RunFailed; "
        "run = '550e8400-e29b-41d4-a716-446655440000'; "
        "print(RunFailed(run_id=run, error_code='TIMEOUT', message='No answer.').error_code)"
    )
    done = installed.run("python", "-c", script, path=installed.models)
    assert (done.returncode, done.stdout) == (0, "TIMEOUT\n"), done.stderr


def test_without_pydantic_the_models_say_what_is_missing(installed: Installed) -> None:
    done = installed.run("python", "-c", "import quantapilot_models")
    assert done.returncode == 1
    assert re.search(r"^(?:ModuleNotFound|Import)Error: .*pydantic", done.stderr, re.MULTILINE)


def test_a_package_that_an_option_needs_is_named(installed: Installed) -> None:
    done = installed.run("qp", "validate:api", "--engine", "reference", FORBIDDEN.name)
    assert done.returncode == 4
    assert "quantapilot-contract[reference]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("emit", "run_resumed", "--data", "{}", "--outbox", "events.db"), "emitter"),
        (("relay", "--outbox", "events.db", "--to", "https://example.com/"), "emitter"),
        (("relay", "--outbox", "events.db", "--to", "nats://example.com/RUNS"), "emitter"),
        (("outbox", "retry", "--all", "--outbox", "forbidden.json"), "emitter"),
        (("chaos", "--kills", "1"), "emitter"),
    ],
)
def test_a_runtime_command_names_its_extra(
    arguments: tuple[str, ...], extra: str, installed: Installed
) -> None:
    done = installed.run("qp", *arguments)
    assert done.returncode == 4, done.stdout
    assert f"quantapilot-contract[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr


def test_guards_signatures_and_dry_runs_need_no_extra(installed: Installed) -> None:
    code = """
import logging
from quantapilot.guard import JsonFormatter, install
from quantapilot.signing import Signer, new_secret, verify
secret = new_secret()
headers = Signer([secret]).headers("id", 1700000000, b"{}")
print(verify(headers, b"{}", [secret], now=lambda: 1700000000.0).message_id)
install()
logging.warning("mail goes to %s@%s", "u17", "mail.example.com")
"""
    done = installed.run("python", "-c", code)
    assert (done.returncode, done.stdout) == (0, "id\n")
    assert "log record blocked: pii/email in message" in done.stderr
    data = '{"run_id": "550e8400-e29b-41d4-a716-446655440000"}'
    arguments = ("emit", "run_resumed", "--data", data, "--source", "/scripts", "--dry-run")
    dry = installed.run("qp", *arguments)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert orjson.loads(dry.stdout)["type"] == "quantapilot.run_resumed"
