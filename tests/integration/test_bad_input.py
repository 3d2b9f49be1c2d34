"""Bad input: whatever is wrong with it is said, with its place, and nothing bad passes as clean.

Each row of the table goes through both checking commands and both formats. Beside every bad input
stands a second, dirty one, which must be checked all the same.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.program import call

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.digests import schema_digests
from quantapilot.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("qp")
COMMANDS = ("scan", "validate:api")
CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode

PLANTED = "planted.person@example.com"
SECOND = "second.person@example.org"
RECORD = '{"timestamp":"2025-08-19T06:00:11.917Z","level":"info","message":"%s"}'
GOOD = RECORD % "build finished" + "\n"
DIRTY = RECORD % f"{PLANTED} wrote" + "\n"
# Column of the first character of the message in a record.
AT = RECORD.index("%s") + 1
MAX_RSS_KB = 250_000


@dataclass(frozen=True)
class Run:
    """What a run of `qp` left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """Return the JSON report."""
        body: dict[str, Any] = json.loads(self.out)
        return body

    def found(self, path: str) -> set[str]:
        """Return the findings of one input as `rule` or `rule@line:column`."""
        return {shown(f) for f in self.report["findings"] if f["path"] == path}


@dataclass(frozen=True)
class Expect:
    """How a command must end on an input, and all that it must find there."""

    code: ExitCode
    found: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """One bad input.

    `gate` is what `qp validate:api` must find, `scan` what `qp scan` must; without it, the same
    but for how the text is written, which a search does not judge. `content` is written to the
    file that `argument` names, or `prepare` makes whatever else is needed; `path` is what the
    report calls the input, where that is not the argument.
    """

    name: str
    argument: str
    gate: Expect
    scan: Expect | None = None
    content: bytes | None = None
    prepare: Callable[[], object] | None = None
    path: str | None = None

    def expected(self, command: str) -> Expect:
        """Return what a command must find."""
        if command == "validate:api":
            return self.gate
        if self.scan is not None:
            return self.scan
        left = frozenset(f for f in self.gate.found if f.partition("@")[0] not in WRITTEN)
        if left == self.gate.found:
            return self.gate
        return Expect(FOUND if any("pii/" in found for found in left) else CLEAN, left)


WRITTEN = {
    "input/invalid-json", "input/truncated", "input/two-documents", "input/not-an-object",
    "input/duplicate-key", "input/number", "input/too-deep", "input/invalid-utf8",
}  # fmt: skip


def ends(code: ExitCode, *found: str) -> Expect:
    return Expect(code, frozenset(found))


def shown(finding: dict[str, Any]) -> str:
    place = "".join(f":{finding[k]}" for k in ("line", "column") if finding[k] is not None)
    return f"{finding['rule']}{place.replace(':', '@', 1)}"


def qp(*arguments: str, stdin: bytes = b"") -> Run:
    """Run the program in this process, from its entry point to its exit code."""
    return Run(*call(*arguments, stdin=stdin))


def program(*arguments: str | bytes) -> Run:
    """Run the installed program as a process of its own."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=120, check=False)
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def assert_nothing_leaks(run: Run) -> None:
    for text in (run.out, run.err):
        assert "Traceback" not in text
        assert "internal fault" not in text
        assert "planted.person" not in text
        assert "second.person" not in text


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the real schemas, and a catalog that belongs to them."""
    folder = tmp_path_factory.mktemp("contract")
    schemas = Path(shutil.copytree(ROOT / "_schemas", folder / "_schemas"))
    catalog = {
        "lifecycle": load_contract(schemas).lifecycle,
        "schemas": {p.name: json.loads(p.read_bytes()) for p in schemas.glob("*.schema.json")},
        "digests": {"schemas": schema_digests(schemas), "generated": {}},
    }
    generated = folder / "generated" / "quantapilot_models"
    generated.mkdir(parents=True)
    (generated / "catalog.json").write_text(json.dumps(catalog), "utf-8")
    return folder


@pytest.fixture
def project(contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: a project with a contract and one dirty log."""
    for part in contract.iterdir():
        shutil.copytree(part, tmp_path / part.name)
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    (tmp_path / "second.jsonl").write_text(RECORD % f"to {SECOND}", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the table --------------------------------------------------------------------------------


def folder(name: str, **files: bytes) -> Callable[[], None]:
    def make() -> None:
        Path(name).mkdir()
        for file, content in files.items():
            (Path(name) / file.replace("__", ".")).write_bytes(content)

    return make


def link(name: str, target: str) -> Callable[[], None]:
    def make() -> None:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).symlink_to(target)

    return make


def fifo(name: str) -> Callable[[], None]:
    def make() -> None:
        Path(name).parent.mkdir(exist_ok=True)
        os.mkfifo(name)

    return make


def listening(name: str) -> Callable[[], None]:
    def make() -> None:
        Path(name).parent.mkdir(exist_ok=True)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)

    return make


def lines(*texts: str, end: str = "\n") -> bytes:
    return "".join(text.rstrip("\n") + end for text in texts).encode()


def quite_deep(levels: int) -> str:
    """Return a record deeper than a validator's own limit, and still within that of the reader."""
    return RECORD.replace('"%s"', "[" * levels + f'"{PLANTED}"' + "]" * levels)


MAIL = f"pii/email@1:{AT}"
TWO_MESSAGES = RECORD.replace("}", ',"message":"ok"}') % f"{PLANTED} wrote"
EVENT = (
    '{"specversion":"1.0","id":"f7b4a3f6-7e7f-4591-9c6c-f1199a32c726","source":"/quantapilot/f",'
    '"type":"quantapilot.%s","time":"2025-08-19T06:00:52.176Z",'
    '"subject":"50806110-7348-4ec3-acd8-ea46968cc7d4",'
    '"data":{"run_id":"50806110-7348-4ec3-acd8-ea46968cc7d4"}}'
)
SECOND_KEY = TWO_MESSAGES.rindex('"message"') + 1
EVENT_TYPE = EVENT.index('"quantapilot.') + 1
DEEP = '{"a":' + "[" * 10_000 + f'"{PLANTED}"' + "]" * 10_000 + "}"

CASES = (
    # What is not there, or not to be read.
    Case("a missing file", "missing.jsonl", gate=ends(UNCHECKED, "input/missing-file")),
    Case("a link that leads nowhere", "gone.jsonl", prepare=link("gone.jsonl", "nowhere"),
         gate=ends(UNCHECKED, "input/missing-file")),
    Case("a link that leads to itself", "loop.jsonl", prepare=link("loop.jsonl", "loop.jsonl"),
         gate=ends(UNCHECKED, "input/missing-file")),
    Case("a name too long for any file", "x" * 300, gate=ends(UNCHECKED, "input/unreadable")),
    Case("a file that can't be read", "/proc/self/mem", gate=ends(UNCHECKED, "input/unreadable")),
    Case("a dead link in a folder", "logs", prepare=link("logs/dead.jsonl", "nowhere"),
         path="logs/dead.jsonl", gate=ends(UNCHECKED, "input/unreadable")),
    Case("a dead link under a pattern", "logs/*.jsonl", prepare=link("logs/dead.jsonl", "nowhere"),
         path="logs/dead.jsonl", gate=ends(UNCHECKED, "input/unreadable")),
    Case("a .gitignore that can't be read", "logs", prepare=link("logs/.gitignore", "nowhere"),
         path="logs/.gitignore", gate=ends(UNCHECKED, "input/unreadable")),
    Case("a socket", "talk.sock", prepare=listening("talk.sock"),
         gate=ends(UNCHECKED, "input/unreadable")),
    Case("a folder that holds a socket alone", "logs", prepare=listening("logs/talk.sock"),
         gate=ends(NOTHING, "input/no-match")),
    Case("a folder that holds a FIFO alone", "logs", prepare=fifo("logs/pipe"),
         gate=ends(NOTHING, "input/no-match")),
    # Nothing to check.
    Case("an empty folder", "logs", prepare=folder("logs"), gate=ends(NOTHING, "input/no-match")),
    Case("a folder whose every file is ignored", "logs",
         prepare=folder("logs", __gitignore=b"*\n", a__jsonl=DIRTY.encode()),
         gate=ends(NOTHING, "input/no-match")),
    Case("a pattern without a match", "logs/*.jsonl", gate=ends(NOTHING, "input/no-match")),
    Case("an empty file", "empty.jsonl", content=b"", gate=ends(NOTHING, "input/empty")),
    Case("a file of blank lines", "blank.jsonl", content=b"\n \r\n\n",
         gate=ends(NOTHING, "input/empty")),
    Case("an empty device", "/dev/null", gate=ends(NOTHING, "input/empty")),
    # What is no JSON.
    Case("invalid JSON in line 3 of 10", "ten.jsonl",
         content=lines(GOOD, GOOD, f'{{"message": {PLANTED}}}', *[GOOD] * 3, DIRTY, *[GOOD] * 3),
         gate=ends(FOUND, "input/invalid-json@3:13", "pii/email@3:13", f"pii/email@7:{AT}")),
    Case("a comment in JSON", "comment.json", content=f'{{"a": 1}} // {PLANTED}'.encode(),
         gate=ends(FOUND, "contract/unknown-document@1:1", "input/two-documents@1:10",
                       "pii/email@1:13"),
         scan=ends(FOUND, "pii/email@1:13")),
    Case("a comma too many", "comma.jsonl", content=f'{{"message":"{PLANTED}",}}\n'.encode(),
         gate=ends(FOUND, "input/invalid-json@1:41", "pii/email@1:13")),
    Case("single quotes", "single.jsonl", content=f"{{'message':'to {PLANTED}'}}\n".encode(),
         gate=ends(FOUND, "input/invalid-json@1:2", "pii/email@1:16")),
    Case("a truncated last line", "cut.jsonl",
         content=lines(GOOD) + (RECORD % f"{PLANTED} wrote").encode()[:-9],
         gate=ends(FOUND, f"input/truncated@2:{AT - 1}", f"pii/email@2:{AT}")),
    Case("a truncated document", "cut.json", content=f'{{\n  "message": "{PLANTED}",\n'.encode(),
         gate=ends(FOUND, "input/truncated@3:1", "pii/email@2:15")),
    Case("two objects on a line", "two.jsonl", content=lines(GOOD.strip() + DIRTY),
         gate=ends(FOUND, f"input/two-documents@1:{len(GOOD)}",
                   f"pii/email@1:{len(GOOD) + AT - 1}")),
    Case("an object and a rest", "rest.jsonl", content=lines(GOOD.strip() + " " + PLANTED),
         gate=ends(FOUND, f"input/two-documents@1:{len(GOOD) + 1}",
                   f"pii/email@1:{len(GOOD) + 1}")),
    Case("text in a log of JSON", "text.jsonl", content=lines(GOOD, f"to {PLANTED}"),
         gate=ends(FOUND, "input/invalid-json@2:1", "pii/email@2:4")),
    Case("a log without JSON", "plain.log", content=lines("started", f"to {PLANTED}"),
         gate=ends(FOUND, "input/invalid-json@1", "pii/email@2:4"),
         scan=ends(FOUND, "pii/email@2:4")),
    Case("a control character in a string", "tab.jsonl", content=DIRTY.replace(" ", "\t").encode(),
         gate=ends(FOUND, f"input/invalid-json@1:{AT + len(PLANTED)}", MAIL)),
    Case("half a surrogate pair", "half.jsonl", content=DIRTY.replace("wrote", r"\ud83d").encode(),
         gate=ends(FOUND, f"input/invalid-json@1:{AT + len(PLANTED) + 1}", MAIL)),
    # What parsers read differently.
    Case("a duplicate key that hides its first value", "twice.jsonl", content=lines(TWO_MESSAGES),
         gate=ends(FOUND, f"input/duplicate-key@1:{SECOND_KEY}", MAIL)),
    Case("a duplicate key in an escape", "escaped.jsonl",
         content=lines(TWO_MESSAGES.replace('"message":"ok"', r'"m\u0065ssage":"\u003a"')),
         gate=ends(FOUND, f"input/duplicate-key@1:{SECOND_KEY}", MAIL)),
    Case("bytes that are not UTF-8", "latin.jsonl",
         content=DIRTY.replace("wrote", "caf\xe9").encode("latin-1"),
         gate=ends(FOUND, f"input/invalid-utf8@1:{AT + len(PLANTED) + 4}", MAIL)),
    Case("a BOM", "bom.jsonl", content=GOOD.encode("utf-8-sig"),
         gate=ends(CLEAN, "input/bom@1:1")),
    Case("a BOM before a dirty line", "bom.jsonl", content=DIRTY.encode("utf-8-sig"),
         gate=ends(FOUND, "input/bom@1:1", MAIL)),
    Case("a BOM in a document", "bom.json", content=DIRTY.encode("utf-8-sig"),
         gate=ends(FOUND, "input/bom@1:1", MAIL)),
    Case("CRLF around clean lines", "crlf.jsonl", content=lines(GOOD, GOOD, end="\r\n"),
         gate=ends(CLEAN)),
    Case("CRLF around a dirty line", "crlf.jsonl", content=lines(GOOD, DIRTY, end="\r\n"),
         gate=ends(FOUND, f"pii/email@2:{AT}")),
    Case("a number beyond any double", "inf.jsonl",
         content=lines(DIRTY.strip()[:-1] + ',"cost_usd":1e999}'),
         gate=ends(FOUND, f"input/number@1:{len(DIRTY) + 11}", MAIL)),
    Case("a number that is none", "nan.jsonl",
         content=lines(DIRTY.strip()[:-1] + ',"cost_usd":NaN}'),
         gate=ends(FOUND, f"input/number@1:{len(DIRTY) + 11}", MAIL)),
    Case("JSON 10,000 levels deep", "deep.jsonl", content=lines(DEEP, DIRTY),
         gate=ends(UNCHECKED, "input/too-deep@1:1029", "pii/email@1:10007", f"pii/email@2:{AT}")),
    Case("a document 10,000 levels deep", "deep.json", content=DEEP.encode(),
         gate=ends(UNCHECKED, "input/too-deep@1:1029", "pii/email@1:10007")),
    Case("JSON 400 levels deep", "deep.jsonl", content=lines(GOOD, quite_deep(400), DIRTY),
         gate=ends(FOUND, f"contract/type@2:{AT - 1}", f"pii/email@2:{AT + 400}",
                   f"pii/email@3:{AT}"),
         scan=ends(FOUND, f"pii/email@2:{AT + 400}", f"pii/email@3:{AT}")),
    Case("JSON 1,000 levels deep", "deep.jsonl",
         content=lines(GOOD, quite_deep(1000)),
         gate=ends(FOUND, f"contract/type@2:{AT - 1}", f"pii/email@2:{AT + 1000}"),
         scan=ends(FOUND, f"pii/email@2:{AT + 1000}")),
    Case("content behind 4 MiB of blank lines", "late.jsonl",
         content=(b" " * 1023 + b"\n") * (5 << 10) + DIRTY.encode(),
         gate=ends(FOUND, f"pii/email@{(5 << 10) + 1}:{AT}")),
    Case("a NUL far behind the start", "nul.jsonl", content=lines(*[GOOD] * 200, "\0" + DIRTY),
         gate=ends(FOUND, "input/invalid-json@201:1", f"pii/email@201:{AT + 1}")),
    Case("UTF-16 without a NUL", "wide.log", content="完了".encode("utf-16"),
         gate=ends(UNCHECKED, "input/binary")),
    Case("a key that only looks like a count", "count.jsonl",
         content=lines(GOOD.strip()[:-1] + f',"note_count\\n":"{PLANTED}"}}'),
         gate=ends(FOUND, f"contract/unknown-field@1:{len(GOOD)}",
                   f"pii/email@1:{len(GOOD) + 16}"),
         scan=ends(FOUND, f"pii/email@1:{len(GOOD) + 16}")),
    Case("a binary file", "a.bin", content=b"\x7fELF\0" + PLANTED.encode(),
         gate=ends(UNCHECKED, "input/binary")),
    # What the contract does not know.
    Case("an array on one line", "array.jsonl", content=lines(f'["{PLANTED}",1]'),
         gate=ends(FOUND, "input/not-an-object@1:1", "pii/email@1:3"),
         scan=ends(FOUND, "pii/email@1:3")),
    Case("a bare string", "bare.jsonl", content=lines(f'"{PLANTED}"', "17"),
         gate=ends(FOUND, "input/not-an-object@1:1", "input/not-an-object@2:1",
                       "pii/email@1:2"),
         scan=ends(FOUND, "pii/email@1:2")),
    Case("an unknown event type", "event.jsonl", content=lines(EVENT % "run_startled"),
         gate=ends(FOUND, f"contract/unknown-event@1:{EVENT_TYPE}"),
         scan=ends(CLEAN)),
    Case("an unknown field", "field.jsonl",
         content=lines(GOOD.strip()[:-1] + f',"contact":"{PLANTED}"}}'),
         gate=ends(FOUND, f"contract/unknown-field@1:{len(GOOD)}",
                   f"pii/email@1:{len(GOOD) + 11}"),
         scan=ends(FOUND, f"pii/email@1:{len(GOOD) + 11}")),
    Case("a missing field", "less.jsonl", content=lines('{"level":"info","message":"hi"}'),
         gate=ends(FOUND, "contract/missing-field@1:1"), scan=ends(CLEAN)),
    Case("an unknown document", "other.jsonl", content=lines(f'{{"note":"{PLANTED}"}}'),
         gate=ends(FOUND, "contract/unknown-document@1:1", "pii/email@1:10"),
         scan=ends(FOUND, "pii/email@1:10")),
    # Names of files.
    *(
        Case(f"the file name {name!r}", name, content=DIRTY.encode(), gate=ends(FOUND, MAIL))
        for name in ("with space.jsonl", "quote'\".jsonl", "*.jsonl", "журнал.jsonl", "-x.jsonl",
                     "a\nb.jsonl", "\x1b[31mred.jsonl", "[1].jsonl")
    ),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("project")
def test_bad_input_is_named_with_its_place_and_stops_no_other_input(
    case: Case, command: str
) -> None:
    if case.content is not None:
        Path(case.argument).write_bytes(case.content)
    if case.prepare is not None:
        case.prepare()
    expected = case.expected(command)
    path = case.path or case.argument

    alone = qp(command, "--format", "json", "--", case.argument)
    assert_nothing_leaks(alone)
    assert alone.found(path) == expected.found
    assert alone.code == expected.code

    beside = qp(command, "--", case.argument, "second.jsonl")
    assert_nothing_leaks(beside)
    for found in expected.found:
        rule, _, place = found.partition("@")
        assert any(
            line.startswith(printable(path) + (":" + place if place else "")) and rule in line
            for line in beside.out.splitlines()
        )
    assert f"second.jsonl:1:{AT + 3}  error  pii/email  /message" in beside.out
    assert beside.code == (UNCHECKED if expected.code == UNCHECKED else FOUND)


def printable(path: str) -> str:
    return path.replace("\n", "\\x0a").replace("\x1b", "\\x1b")


# --- further inputs ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("selection", [("--select", "pii/*"), ("--ignore", "input/*")])
@pytest.mark.usefixtures("project")
def test_selecting_rules_makes_nothing_checked_no_clean_check(
    command: str, selection: tuple[str, str]
) -> None:
    Path("logs").mkdir()
    assert qp(command, *selection, "logs").code == NOTHING


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("blank.jsonl", b"\n\n"),
        ("image.png", b"\x89PNG\0\0"),
        ("bom.txt", b"\xef\xbb\xbf"),
        ("bom.jsonl", b"\xef\xbb\xbf\n"),
    ],
    ids=["empty", "blank", "binary", "BOM alone", "BOM and a blank line"],
)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("project")
def test_files_with_nothing_to_check_are_not_clean(command: str, name: str, content: bytes) -> None:
    folder("logs", **{name.replace(".", "__"): content})()
    run = qp(command, "logs")
    assert run.code == NOTHING
    assert run.out.splitlines()[-1].startswith("nothing to check")


@pytest.mark.usefixtures("project")
def test_a_binary_file_in_a_folder_is_passed_over_and_counted() -> None:
    folder("logs", image__png=b"\x89PNG\0\0", b__txt=GOOD.encode())()
    run = qp("scan", "logs")
    assert run.code == CLEAN
    assert "checked 1 file" in run.out
    assert "passed over 1 binary file" in run.out


def test_a_configured_pattern_without_a_match_is_not_clean(project: Path) -> None:
    (project / "quantapilot.toml").write_text('logs = ["logs/*.jsonl"]\n', "utf-8")
    run = qp("validate:api", "--format", "json")
    assert run.code == NOTHING
    assert run.found("logs/*.jsonl") == {"input/no-match"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("project")
def test_each_element_of_an_array_in_a_document_is_checked(command: str) -> None:
    body = f'[\n  {GOOD.strip()},\n  {DIRTY.strip()},\n  ["{PLANTED}"]\n]\n'
    Path("events.json").write_text(body, "utf-8")
    run = qp(command, "--format", "json", "events.json")
    pointers = {f["pointer"]: f["line"] for f in run.report["findings"] if f["class"] == "email"}
    assert pointers == {"/1/message": 3, "/2/0": 4}
    others = {shown(f) for f in run.report["findings"] if f["class"] is None}
    assert others == ({"input/not-an-object@4:3"} if command == "validate:api" else set())
    assert_nothing_leaks(run)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", ["[]", "[ ]\n", "{}\n", '""'])
@pytest.mark.usefixtures("project")
def test_an_empty_json_value_is_no_fault_of_the_program(command: str, content: str) -> None:
    Path("empty.json").write_text(content, "utf-8")
    run = qp(command, "--format", "json", "empty.json", "second.jsonl")
    assert run.code == FOUND
    assert_nothing_leaks(run)


@pytest.mark.parametrize(
    "rest",
    ["{", '{"mess', '{"message"', '{"message":', '{"message":"caf\\', '{"message":"caf\\u00',
     '{"message":"x"', '{"message":"x",', '{"cost_usd":-', '{"cost_usd":1.', '{"cost_usd":1e',
     '{"status":nul', '{"a":[1', '{"a":{}'],
)  # fmt: skip
def test_a_last_line_cut_anywhere_is_truncated_and_not_clean(rest: str, project: Path) -> None:
    (project / "cut.jsonl").write_text(GOOD + rest, "utf-8")
    run = qp("validate:api", "--format", "json", "cut.jsonl")
    assert run.code == FOUND
    assert {found.partition("@")[0] for found in run.found("cut.jsonl")} == {"input/truncated"}
    (project / "cut.jsonl").write_text(GOOD + rest + "\n" + GOOD, "utf-8")
    run = qp("validate:api", "--format", "json", "cut.jsonl")
    assert {found.partition("@")[0] for found in run.found("cut.jsonl")} == {"input/invalid-json"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("space", ["\u00a0", "\x0c", "\u2003", "\x1c"], ids=ascii)
@pytest.mark.usefixtures("project")
def test_only_the_blanks_of_json_may_follow_an_object(command: str, space: str) -> None:
    Path("blanks.jsonl").write_text(DIRTY.strip() + space + "\n", "utf-8")
    run = qp(command, "--format", "json", "blanks.jsonl")
    rest = {f"input/two-documents@1:{len(DIRTY)}"} if command == "validate:api" else set()
    assert run.found("blanks.jsonl") == {MAIL} | rest


@pytest.mark.usefixtures("project")
def test_standard_input_named_twice_is_read_once() -> None:
    run = qp("scan", "--format", "json", "-", "-", "second.jsonl", stdin=DIRTY.encode())
    assert_nothing_leaks(run)
    assert run.code in {FOUND, UNCHECKED}
    assert MAIL in run.found("<stdin>")
    assert run.found("second.jsonl")


@pytest.mark.usefixtures("project")
def test_a_pattern_that_is_no_pattern_is_said_and_stops_no_other_input() -> None:
    run = qp("scan", "logs/**.jsonl", "second.jsonl")
    assert_nothing_leaks(run)
    assert "logs/**.jsonl" in run.out
    assert "second.jsonl:1:" in run.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_name_that_is_not_utf8_is_reported_as_its_bytes(command: str, project: Path) -> None:
    name = os.fsencode(project) + b"/bad\xff.jsonl"
    with open(name, "wb") as file:  # noqa: PTH123  # a name in bytes
        file.write(DIRTY.encode())
    text = program(command, b"bad\xff.jsonl", b"second.jsonl")
    assert text.code == FOUND
    assert f"bad\\xff.jsonl:1:{AT}" in text.out
    assert "second.jsonl:1:" in text.out
    report = program(command, "--format", "json", b"bad\xff.jsonl")
    assert report.code == FOUND
    assert [shown(f) for f in report.report["findings"]] == [MAIL]
    assert_nothing_leaks(text)
    assert_nothing_leaks(report)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_installed_program_ends_as_the_table_says(command: str, project: Path) -> None:
    (project / "clean.jsonl").write_text(GOOD, "utf-8")
    (project / "empty").mkdir()
    wanted = {"clean.jsonl": CLEAN, "second.jsonl": FOUND, "empty": NOTHING, "nowhere": UNCHECKED}
    for argument, code in wanted.items():
        run = program(command, argument)
        assert run.code == code
        assert_nothing_leaks(run)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fifo_named_on_the_command_line_is_read(command: str, project: Path) -> None:
    os.mkfifo(project / "pipe")
    with subprocess.Popen(
        [PROGRAM, command, "--format", "json", "pipe"], stdout=subprocess.PIPE, text=True
    ) as running:
        (project / "pipe").write_text(DIRTY, "utf-8")
        out, _ = running.communicate(timeout=60)
    assert Run(running.returncode, out, "").found("pipe") == {MAIL}


# --- size -------------------------------------------------------------------------------------

MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("long") / "long"
    with path.open("wb") as file:
        file.write(f'{{"message":"{PLANTED} '.encode())
        for _ in range(100):
            file.write(b"lorem ip" * 125_000)
        file.write(b'"}\n' + DIRTY.encode())
    yield path
    path.unlink()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["huge.jsonl", "huge.json", "huge.log"])
def test_a_line_of_100_mb_costs_little_memory_and_is_never_clean(
    command: str, name: str, project: Path, long_line: Path
) -> None:
    (project / name).hardlink_to(long_line)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, PROGRAM, command, "--format", "json", name, "second.jsonl"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    elapsed = time.perf_counter() - started
    *errors, peak = done.stderr.splitlines()
    run = Run(done.returncode, done.stdout, "\n".join(errors))
    assert_nothing_leaks(run)
    assert run.code == UNCHECKED
    found = run.found(name)
    assert "input/line-too-long@1" in found
    if name == "huge.jsonl":
        assert f"pii/email@2:{AT}" in found
    assert run.found("second.jsonl")
    assert int(peak) < MAX_RSS_KB
    assert elapsed < 15


# --- contract, rules, configuration -----------------------------------------------------------


def edited(name: str, old: str, new: str) -> Callable[[], None]:
    def change() -> None:
        path = Path("_schemas") / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    return change


def replaced(name: str, content: bytes) -> Callable[[], object]:
    return lambda: (Path("_schemas") / name).write_bytes(content)


@dataclass(frozen=True)
class Broken:
    """A contract that can't be used: how it was broken, and what must be said of it."""

    name: str
    change: Callable[[], object]
    found: str
    path: str = "_schemas/api.schema.json"


BROKEN = (
    Broken("a schema that is no JSON", replaced("api.schema.json", b'{\n  "a": }'),
           "contract/schema-invalid@2:8"),
    Broken("an empty schema", replaced("api.schema.json", b""), "contract/schema-invalid@1:1"),
    Broken("a schema that is not UTF-8", replaced("api.schema.json", b'{"a":"\xff"}'),
           "contract/schema-invalid"),
    Broken("a schema that is an array", replaced("api.schema.json", b"[]"),
           "contract/schema-invalid"),
    Broken("a schema without $id", replaced("api.schema.json", b"{}"), "contract/schema-invalid"),
    Broken("definitions that are a list", replaced("x.schema.json", b'{"$id":"x","$defs":[]}'),
           "contract/schema-invalid", "_schemas/x.schema.json"),
    Broken("a schema that is a folder", lambda: Path("_schemas/x.schema.json").mkdir(),
           "contract/schema-invalid", "_schemas/x.schema.json"),
    Broken("a $ref to nowhere", edited("api.schema.json", "#/$defs/RepoUrl", "#/$defs/RepoUrk"),
           "contract/schema-reference"),
    Broken("a $ref to no file", edited("api.schema.json", "#/$defs/RepoUrl", "no.json#/$defs/X"),
           "contract/schema-reference"),
    Broken("a type that does not exist",
           edited("api.schema.json", '"type": "string"', '"type": "strng"'),
           "contract/schema-invalid"),
    Broken("a pattern that is none", edited("api.schema.json", '"pattern": "^', '"pattern": "(^'),
           "contract/schema-invalid"),
    Broken("examples that are no JSON", replaced("api.examples.json", b"{"),
           "contract/schema-invalid@1:2", "_schemas/api.examples.json"),
    Broken("examples that are a list", replaced("api.examples.json", b"[]"),
           "contract/schema-invalid", "_schemas/api.examples.json"),
)  # fmt: skip


@pytest.mark.usefixtures("project")
def test_a_contract_without_examples_is_one_finding_and_inputs_are_still_searched() -> None:
    Path("_schemas/api.examples.json").unlink()
    run = qp("validate:api", "--format", "json", "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == FOUND
    assert run.found("_schemas/api.examples.json") == {"contract/example-missing"}
    assert run.found("second.jsonl")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
@pytest.mark.usefixtures("project")
def test_a_broken_contract_is_unchecked_and_inputs_are_still_searched(broken: Broken) -> None:
    broken.change()
    run = qp("validate:api", "--format", "json", "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == UNCHECKED
    found = run.found(broken.path)
    assert broken.found in found | {name.partition("@")[0] for name in found}
    assert run.found("second.jsonl") == {f"pii/email@1:{AT + 3}"}
    text = qp("validate:api", "second.jsonl")
    assert text.code == UNCHECKED
    assert text.out.splitlines()[-1].endswith("not everything could be checked")


@pytest.mark.parametrize(
    "groups",
    [b'{"RunId": []}', b'{"RunId": {"valid": 5}}', b'{"RunId": {"invalid": [5]}}', b'{"RunId": 5}'],
)
@pytest.mark.usefixtures("project")
def test_examples_of_a_wrong_shape_are_no_fault_of_the_program(groups: bytes) -> None:
    replaced("api.examples.json", groups)()
    run = qp("validate:api", "--format", "json", "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code in {FOUND, UNCHECKED}
    assert run.found("second.jsonl")


RULE = """
[[rules]]
id = "pii/badge"
class = "national_id"
description = "Badge number"
severity = "error"
why = "It names an employee."
fix = "Drop it."
pattern = '''\\bBADGE-[0-9]{6}\\b'''
match = ["BADGE-123456"]
no_match = ["BADGE-12"]
"""


@dataclass(frozen=True)
class BadSetting:
    """A configuration that can't be used, and what `qp` must say: file, place, key, repair."""

    name: str
    config: str
    said: tuple[str, ...]
    rules: str = RULE


SETTINGS = (
    BadSetting("a misspelt key", 'logs = []\nexclud = ["a"]\n',
               ("quantapilot.toml:2:", "'exclud'", "did you mean 'exclude'?")),
    BadSetting("a key like no other", "zzz = 1\n", ("quantapilot.toml:1:", "'zzz'", "exclude")),
    BadSetting("a text for a list", 'logs = "*.jsonl"\n',
               ("quantapilot.toml:1:", "'logs'", "list")),
    BadSetting("a list of numbers", "ignore = [1]\n",
               ("quantapilot.toml:1:", "'ignore'", "strings")),
    BadSetting("a text for a size", 'max_line_bytes = "1 MB"\n',
               ("quantapilot.toml:1:", "'max_line_bytes'", "number of bytes")),
    BadSetting("a truth for a size", "max_line_bytes = true\n",
               ("quantapilot.toml:1:", "'max_line_bytes'", "number of bytes")),
    BadSetting("a network that is none", 'internal_networks = ["10.0.0.1/8"]\n',
               ("quantapilot.toml:1:", "10.0.0.1/8", "10.0.0.0/8")),
    BadSetting("a region that is none", 'phone_regions = ["Germany"]\n',
               ("quantapilot.toml:1:", "'phone_regions'", "Germany")),
    BadSetting("a class that is none", '[fields]\ntenant = "secret"\n',
               ("quantapilot.toml:1:", "'fields'", "'tenant'", "identifier")),
    BadSetting("broken TOML", "logs = [\n", ("quantapilot.toml:2:1", "TOML")),
    BadSetting("a key twice", "logs = []\nlogs = []\n", ("quantapilot.toml:2:", "TOML")),
    BadSetting("a rule file that is not there", 'rules = ["none.toml"]\n',
               ("none.toml", "can't be read")),
    BadSetting("a rule with a bad pattern", 'rules = ["own.toml"]\n',
               ("own.toml", "'pii/badge'", "not a regular expression"),
               RULE.replace("BADGE-[", "BADGE-([", 1)),
    BadSetting("a rule without an example", 'rules = ["own.toml"]\n',
               ("own.toml", "'pii/badge'", "no_match"), RULE.replace("no_match", "#no_match")),
    BadSetting("a rule that misses its own example", 'rules = ["own.toml"]\n',
               ("own.toml", "'pii/badge'"), RULE.replace('["BADGE-123456"]', '["BADGE-12345"]')),
    BadSetting("a rule with a misspelt key", 'rules = ["own.toml"]\n',
               ("own.toml", "'pii/badge'", "'severty'"),
               RULE.replace("severity", "severty")),
    BadSetting("rules that are broken TOML", 'rules = ["own.toml"]\n',
               ("own.toml", "TOML"), "[[rules]"),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_that_cannot_be_used_is_named_in_one_line_and_nothing_is_clean(
    setting: BadSetting, command: str, project: Path
) -> None:
    (project / "quantapilot.toml").write_text(setting.config, "utf-8")
    (project / "own.toml").write_text(setting.rules, "utf-8")
    run = qp(command, "--format", "json", "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == UNCHECKED
    assert run.err.startswith("qp: ")
    assert run.err.count("\n") == 1
    for word in setting.said:
        assert word in run.err
    # Whoever reads the report gets a whole one or none.
    assert not run.out or json.loads(run.out)


def test_a_rule_file_without_faults_finds_what_it_was_written_for(project: Path) -> None:
    (project / "quantapilot.toml").write_text('rules = ["own.toml"]\n', "utf-8")
    (project / "own.toml").write_text(RULE, "utf-8")
    (project / "a.jsonl").write_text(RECORD % "seen BADGE-654321", "utf-8")
    run = qp("scan", "--format", "json", "a.jsonl")
    assert run.found("a.jsonl") == {f"pii/badge@1:{AT + 5}"}
    assert "654321" not in run.out


@pytest.mark.parametrize(
    "text", ["tool = 1\n", "[tool]\nquantapilot = 3\n", "[[tool.quantapilot]]\n"]
)
def test_a_pyproject_of_a_wrong_shape_is_no_fault_of_the_program(text: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(text, "utf-8")
    run = qp("scan", "--config", "pyproject.toml", "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == UNCHECKED
    assert "pyproject.toml" in run.err


def test_a_configuration_that_is_not_there_is_said(project: Path) -> None:
    for name in ("none.toml", "_schemas"):
        run = qp("scan", "--config", name, "second.jsonl")
        assert run.code == UNCHECKED
        assert run.err.startswith(f"qp: {name}: can't be read")
    assert project.is_dir()


# --- usage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "target",
    ["no-folder/report.json", "second.jsonl/report.json", "_schemas", "/proc/report.json"],
)
@pytest.mark.usefixtures("project")
def test_a_report_that_cannot_be_written_is_a_usage_error(command: str, target: str) -> None:
    run = qp(command, "--output", target, "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == USAGE
    assert target in run.err
    assert run.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate:api", "--as", "RunStartled"),
        ("validate:api", "--kind", "evnts"),
        ("validate:api", "--engine", "fast"),
        ("validate:api", "--select", "pii/emial"),
        ("validate:api", "--ignore", "pii/emial"),
        ("validate:api", "--format", "yaml"),
        ("scan", "--select", "pii/emial"),
        ("scan", "--ignore", "emial/*"),
        ("scan", "--as", "RunFailed"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("report", ["text", "json"])
@pytest.mark.usefixtures("project")
def test_an_option_that_means_nothing_is_a_usage_error(
    arguments: tuple[str, ...], report: str
) -> None:
    command, option, value = arguments
    run = qp(command, "--format", report, option, value, "second.jsonl")
    assert_nothing_leaks(run)
    assert run.code == USAGE
    assert (value if option != "--as" or command != "scan" else option) in run.err
    assert run.out == ""
