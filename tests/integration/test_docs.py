"""The README and the pages in docs/ tell what really happens: every command in them is run.

A reader who follows a page from top to bottom in a fresh clone of the repository must see what the
page shows. In a fence whose info string is

* `console`, a line `$ command` is run and the lines below it are what it prints; `# exit 1` behind
  the command is its exit code, a line `...` stands for any lines, times may differ, and the copy
  stands in `/path/to/project`;
* `console terminal=NAME`, the same in one of several terminals that are open side by side, where
  commands may go on: `test_tour.py` runs those;
* `bash`, every line is run and nothing is shown;
* `LANGUAGE file=NAME`, the text is written to that file;
* `json merge=NAME`, the object is merged into that file, lists at their end;
* `... at=FOLDER`, any of them in a folder of the copy, which then is `/path/to/project`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import MISSING, dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest
import tomli
from markdown_it import MarkdownIt
from tests.node_tools import MODULES, node_tools
from tests.program import call
from tests.repositories import environment, git

from quantapilot.cli.app import COMMANDS
from quantapilot.config import (
    _ALLOW_KEYS,
    _SETTINGS,
    FIELD_CLASSES,
    OWN_FILE,
    Allowance,
    Config,
    load_config,
)
from quantapilot.contract.rules import CONTRACT_RULES
from quantapilot.errors import ExitCode
from quantapilot.inputs.rules import INPUT_RULES
from quantapilot.pii.candidate import DetectorSettings
from quantapilot.pii.rules import _FLAG_KEYS, _LIST_KEYS, _TEXT_KEYS, load_rules
from quantapilot.reports import REPORTERS
from quantapilot.signing import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quantapilot.findings import RuleInfo

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
# Pages that change what TypeScript says, which Node writes anew.
TYPED = {"contract.md", "documents.md"}
COPIED = ("_schemas", "generated", "examples", "scripts", "pyproject.toml", "Makefile")
PROGRAMS = {
    "cat",
    "chmod",
    "cp",
    "echo",
    "env",
    "eval",
    "git",
    "head",
    "pre-commit",
    "printf",
    "python",
    "qp",
    "rm",
    "sed",
}

_EXIT = re.compile(r"\s+# exit (?P<code>[0-9])\Z")
_TIMES = re.compile(r'(?<=\bin )[0-9]+\.[0-9]+(?= s\b)|(?<="elapsed_s":)[0-9.]+')


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, its attributes, its text, and the line of the text."""

    language: str
    attributes: dict[str, str]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a page shows: its exit code and, in a `console` block, what it prints."""

    command: str
    exit_code: int
    output: str | None
    line: int


def fences(page: Path) -> Iterator[Fence]:
    for token in MarkdownIt("commonmark").parse(page.read_text("utf-8")):
        if token.type == "fence":
            language, *rest = token.info.split() or [""]
            attributes = dict(part.split("=", 1) for part in rest)
            line = token.map[0] + 2 if token.map else 0
            yield Fence(language, attributes, token.content, line)


def steps(fence: Fence) -> Iterator[Step]:
    lines = fence.text.splitlines()
    if fence.language == "bash":
        for at, line in enumerate(lines):
            if line.strip():
                yield step(line, None, fence.line + at)
    elif fence.language == "console" and "terminal" not in fence.attributes:
        starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
        assert starts[:1] == [0], f"line {fence.line}: a console block begins with a command"
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            output = "".join(f"{line}\n" for line in lines[start + 1 : end])
            yield step(lines[start].removeprefix("$ "), output, fence.line + start)


def step(command: str, output: str | None, line: int) -> Step:
    found = _EXIT.search(command)
    return Step(_EXIT.sub("", command), int(found["code"]) if found else 0, output, line)


def all_steps(pages: Iterable[Path] = PAGES) -> list[tuple[Path, Step]]:
    return [(page, each) for page in pages for fence in fences(page) for each in steps(fence)]


def copy(folder: Path) -> None:
    """Make a folder what a fresh clone of the repository is, as far as pages need it."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.tmp")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    git("init", "--quiet", "--initial-branch=main", at=folder)
    git("add", "--all", at=folder)
    git("commit", "--quiet", "-m", "Copy", at=folder)


def is_make(command: str) -> bool:
    return command.split(maxsplit=1)[0] == "make"


def shell_environment() -> dict[str, str]:
    """Return the environment of a reader's shell."""
    given = {
        key: value for key, value in environment().items() if not key.startswith(("QP_", "GITHUB_"))
    }
    return given | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "QP_NODE_TOOLS": str(MODULES),
    }


def run(command: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=shell_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode().replace(str(folder.resolve()), "/path/to/project")


def untimed(text: str) -> str:
    return _TIMES.sub("N", text)


def shows(expected: str, actual: str) -> bool:
    """Tell whether `actual` is what a page shows; a line `...` stands for any lines."""
    parts = [
        re.escape(untimed(part)) for part in re.split(r"^\.\.\.\n", expected, flags=re.MULTILINE)
    ]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), untimed(actual)) is not None


def merge(into: Any, other: Any) -> Any:
    if isinstance(into, dict) and isinstance(other, dict):
        return into | {key: merge(into.get(key), value) for key, value in other.items()}
    if isinstance(into, list) and isinstance(other, list):
        return into + other
    return other


def prepare(fence: Fence, folder: Path) -> None:
    if name := fence.attributes.get("file"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(fence.text, "utf-8")
    if name := fence.attributes.get("merge"):
        file = folder / name
        merged = merge(orjson.loads(file.read_bytes()), orjson.loads(fence.text))
        file.write_bytes(orjson.dumps(merged, option=orjson.OPT_INDENT_2))


def block(page: Path, *, file: str) -> str:
    found = [fence.text for fence in fences(page) if fence.attributes.get("file") == file]
    assert len(found) == 1, f"{page.name} shows {len(found)} files {file}"
    return found[0]


def rows(page: Path, heading: str) -> dict[str, list[str]]:
    """Return the cells of the table whose head begins with `heading`, by their first cell."""
    lines = page.read_text("utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    found: dict[str, list[str]] = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        found[first.strip("`")] = others
    return found


def table(head: str, rules: Iterable[RuleInfo]) -> str:
    lines = [f"| {head} | refuses | exit code | what to do |", "|---|---|---|---|"]
    for rule in rules:
        code = "0 (warning)" if rule.severity == "warning" else str(int(rule.exit_code))
        lines.append(f"| `{rule.id}` | {rule.description} | {code} | {rule.fix} |")
    return "\n".join(lines) + "\n"


def assert_shown(page: Path, expected: str) -> None:
    shown = expected in page.read_text("utf-8")
    assert shown, f"put this table into {page.relative_to(ROOT)}:\n\n{expected}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_reader_who_follows_a_page_sees_what_it_shows(page: Path, tmp_path: Path) -> None:
    if page.name in TYPED:
        node_tools()
    copy(tmp_path)
    wrong = []
    for fence in fences(page):
        folder = tmp_path / fence.attributes.get("at", "")
        prepare(fence, folder)
        for each in steps(fence):
            if is_make(each.command):
                continue
            code, output = run(each.command, folder)
            if code != each.exit_code or (
                each.output is not None and not shows(each.output, output)
            ):
                place = f"{page.relative_to(ROOT)}:{each.line}"
                wrong.append(f"{place}: $ {each.command}  # exit {code}\n{output}")
    assert not wrong, "what really happens:\n\n" + "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_links_to_nothing_that_is_not_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_pages_show_only_commands_that_these_tests_run() -> None:
    unknown = {
        part.split()[0]
        for _, each in all_steps()
        for part in re.split(r"\s\|\s|\s&&\s", each.command)
        if not is_make(each.command)
    } - PROGRAMS
    assert unknown == set()


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    assert make_help() == sorted(phony[1].split())


def test_pages_name_only_targets_that_make_has() -> None:
    shown = {
        word
        for _, each in all_steps()
        if is_make(each.command)
        for word in each.command.split()[1:]
        if not word.startswith("-") and "=" not in word
    }
    assert {"validate", "test"} <= shown
    assert shown <= set(make_help())


def make_help() -> list[str]:
    given = {key: os.environ[key] for key in os.environ.keys() - {"MAKEFLAGS", "MAKELEVEL"}}
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, env=given, capture_output=True, text=True, check=True
    )
    return sorted(line.split()[0] for line in done.stdout.splitlines())


def test_a_stranger_reads_first_how_to_run_the_two_commands() -> None:
    first = next(each.command for _, each in all_steps([README]))
    second = all_steps([README])[1][1].command
    assert [first, second] == ["make validate", "make test"]


def test_the_whole_help_text_of_every_command_is_shown() -> None:
    helps = {
        each.command: each.output
        for _, each in all_steps()
        if each.command.endswith("--help") and each.output
    }
    assert set(helps) == {"qp --help", *(f"qp {name} --help" for name in all_commands())}
    assert [command for command, output in helps.items() if "\n...\n" in output] == []


def all_commands() -> Iterator[str]:
    for name, (module, function) in COMMANDS.items():
        yield name
        command = getattr(import_module(module), function)
        yield from (f"{name} {below}" for below in getattr(command, "commands", ()))


def test_every_exit_code_is_told() -> None:
    shown = rows(DOCS / "exit-codes.md", "code")
    assert set(shown) == {str(int(code)) for code in ExitCode}


def test_every_bad_input_is_told_with_its_exit_code_and_what_to_do() -> None:
    assert_shown(DOCS / "exit-codes.md", table("bad input", INPUT_RULES.values()))


def test_every_reason_why_a_webhook_is_refused_is_told() -> None:
    lines = [f"| `{word}` | {text[0].upper()}{text[1:]}. |\n" for word, text in REASONS.items()]
    head = "| reason | what is wrong, and what to do |\n|---|---|\n"
    assert_shown(DOCS / "webhooks.md", head + "".join(lines))


def test_every_rule_of_the_contract_is_told() -> None:
    assert_shown(DOCS / "contract.md", table("rule", CONTRACT_RULES.values()))


def test_the_page_of_rules_is_what_qp_prints() -> None:
    code, printed, _ = call("rules", "--format", "markdown")
    assert code == 0
    assert (DOCS / "rules.md").read_text("utf-8") == printed, "run 'make generate'"


def test_every_data_class_is_told() -> None:
    for page, heading in (("contract.md", "x-data-class"), ("configuration.md", "class")):
        assert tuple(rows(DOCS / page, heading)) == FIELD_CLASSES


def test_the_classes_that_are_said_to_be_searched_are_those_that_rules_run_in() -> None:
    searched = {name for rule in load_rules() for name in rule.data_classes}
    table = rows(DOCS / "contract.md", "x-data-class")
    assert searched == {name for name, cells in table.items() if cells[1] != "not at all"}


def test_every_setting_is_told_with_its_default() -> None:
    def shown(value: Any) -> str:
        if value is None:
            return "none"
        if isinstance(value, int):
            return f"`{value}`"
        if isinstance(value, Path):
            return f'`"{value.as_posix()}"`'
        return "`[]`" if isinstance(value, tuple) else "`{}`"

    defaults = {name: shown(getattr(Config(), name)) for name in _SETTINGS}
    table = rows(DOCS / "configuration.md", "setting")
    assert {name: cells[1] for name, cells in table.items()} == defaults


def test_every_key_of_an_allowance_is_told() -> None:
    told = rows(DOCS / "adopting.md", "key of `allow`")
    assert {name: cells[0] for name, cells in told.items()} == {
        each.name: "yes" if each.default is MISSING else "no"
        for each in fields(Allowance)
        if each.name in _ALLOW_KEYS
    }


def test_the_example_configuration_uses_every_setting(tmp_path: Path) -> None:
    text = block(DOCS / "configuration.md", file=OWN_FILE)
    assert set(tomli.loads(text)) == set(_SETTINGS)
    (tmp_path / OWN_FILE).write_text(text, "utf-8")
    assert load_config(start=tmp_path).root == tmp_path


def test_the_regions_whose_phone_numbers_are_known_are_told() -> None:
    cell = rows(DOCS / "configuration.md", "setting")["phone_regions"][2]
    assert ", ".join(DetectorSettings().phone_regions) in cell


def test_every_key_of_a_rule_is_told() -> None:
    assert set(rows(DOCS / "detector.md", "key")) == {*_TEXT_KEYS, *_LIST_KEYS, *_FLAG_KEYS}


def shown_report(report_format: str) -> str:
    """Return the report that docs/reports.md shows in a format."""
    (output,) = [
        each.output
        for _, each in all_steps([DOCS / "reports.md"])
        if f"--format {report_format} examples/dirty" in each.command and each.output
    ]
    return output


@pytest.mark.parametrize("definition", ["Report", "ReportLine"])
def test_the_json_reports_that_are_shown_are_those_of_their_schema(definition: str) -> None:
    schemas = [
        orjson.loads(file.read_bytes()) for file in (ROOT / "_schemas").glob("*.schema.json")
    ]
    validator = jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": f"https://quantapilot.example/_schemas/report.schema.json#/$defs/{definition}",
        },
        registry=jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas]),
        validate_formats=True,
    )
    if definition == "Report":
        validator.validate(orjson.loads(shown_report("json")))
    else:
        lines = shown_report("jsonl").splitlines()
        assert len(lines) == 4
        for line in lines:
            validator.validate(orjson.loads(line))


def test_every_format_of_a_report_is_told() -> None:
    told = [
        re.sub(r"\[`(\w+)`\]\(#\w+\)", r"\1", cell)
        for cell in rows(DOCS / "reports.md", "`--format`")
    ]
    assert told == list(REPORTERS)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("checked in 0.26 s\nclean\n", "checked in 12.01 s\nclean\n"),
        ("a\n...\nd\n", "a\nb\nc\nd\n"),
        ("a\n...\n", "a\n"),
        ("...\nd\n", "a\nd\n"),
    ],
)
def test_times_and_left_out_lines_may_differ(expected: str, actual: str) -> None:
    assert shows(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("checked 1 file in 0.26 s\n", "checked 2 files in 0.26 s\n"),
        ("a\n...\nd\n", "a\nb\n"),
        ("a\n", "a\nb\n"),
        ("", "a\n"),
    ],
)
def test_nothing_else_may_differ(expected: str, actual: str) -> None:
    assert not shows(expected, actual)
