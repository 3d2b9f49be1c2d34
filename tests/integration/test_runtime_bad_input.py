"""The runtime's commands with odd and hostile input: one line that tells, the right exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode, OutboxVersionError
from quantapilot.outbox.outbox import Outbox

CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode
DATA = '{"run_id": "550e8400-e29b-41d4-a716-446655440000"}'
EMIT = ("emit", "run_resumed", "--source", "/scripts")
NAMED = (*EMIT, "--data", DATA, "--outbox", "o.db")
NOWHERE = "nats://127.0.0.1:1/EVENTS"


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("QP_OUTBOX", "QP_SINKS", "QP_SOURCE", "QP_WEBHOOK_SECRETS", "QP_WEBHOOK_HEADER"):
        monkeypatch.delenv(name, raising=False)


def told(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Return the exit code and the one line that tells what is wrong."""
    code, _, err = call(*arguments, stdin=stdin)
    lines = err.splitlines()
    if lines and lines[0].startswith("Usage:"):
        lines = lines[3:]
    assert len(lines) == 1, err
    assert "internal fault" not in lines[0]
    return code, lines[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_device_or_pipe_never_becomes_an_outbox(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(OutboxVersionError, match="no regular file"):
        Outbox("pipe")
    code, line = told(*EMIT, "--data", DATA, "--outbox", "pipe")
    assert code == UNCHECKED
    assert line.endswith("pipe is no regular file: name another place for the outbox")
    assert Path("pipe").is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("name", ["o.db", "o.db-wal", "notes.txt"])
def test_a_file_of_something_else_is_no_sink_and_stays_as_it_is(name: str) -> None:
    with Outbox("o.db") as outbox:
        outbox.register("nats://other")
        Path("notes.txt").write_text("remember the milk")
        before = Path(name).read_bytes()
        assert before
        code, line = told(*EMIT, "--data", DATA, "--outbox", "other.db", "--to", f"file:{name}")
        assert code == UNCHECKED
        assert line.endswith(f"{name} holds no JSON lines: choose another file")
        assert Path(name).read_bytes() == before


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300"])
@pytest.mark.parametrize(
    "command",
    [
        (*NAMED, "--to", "file:x", "--wait"),
        ("relay", "--outbox", "o.db", "--to", "file:x", "--deadline"),
        ("relay", "--outbox", "o.db", "--to", "file:x", "--once", "--give-up-after"),
        ("chaos", "--kills", "1", "--seconds"),
    ],
    ids=["wait", "deadline", "give-up-after", "seconds"],
)
def test_a_time_that_no_clock_knows_is_refused(command: tuple[str, ...], seconds: str) -> None:
    code, line = told(*command, seconds)
    assert code == USAGE
    assert f"{seconds} is no number of seconds up to a year." in line


@pytest.mark.parametrize(
    "command",
    [
        ("outbox", "status"),
        ("outbox", "verify"),
        ("outbox", "retry", "--all"),
        ("relay", "--once", "--to", "file:x"),
        (*EMIT, "--data", DATA),
    ],
    ids=["status", "verify", "retry", "relay", "emit"],
)
def test_a_name_that_a_script_left_empty_is_no_outbox(command: tuple[str, ...]) -> None:
    code, line = told(*command, "--outbox", "")
    assert code == USAGE
    assert line.endswith("it is empty: name a file.")


def test_a_file_that_a_script_left_empty_is_not_standard_input() -> None:
    code, line = told(*EMIT, "--file", "", "--outbox", "o.db", stdin=DATA.encode())
    assert (code, line) == (
        USAGE,
        "Error: --file is empty: name a file, or '-' for standard input",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode there")
def test_names_that_are_not_utf8_work() -> None:
    name = os.fsdecode(b"o\xff.db")
    sent = os.fsdecode(b"\xff.jsonl")
    arguments = (*EMIT, "--data", DATA, "--outbox", name, "--to", f"file:{sent}")
    assert call(*arguments)[0] == CLEAN
    assert Path(sent).read_bytes().count(b"\n") == 1
    assert call("outbox", "status", "--outbox", name)[0] == CLEAN
    assert told(*EMIT, "--file", sent + "x", "--outbox", "o.db")[0] == UNCHECKED


@pytest.mark.parametrize("where", ["file", "data"])
def test_what_is_not_utf8_is_refused_and_not_changed(where: str) -> None:
    payload = b'{"run_id": "550e8400-e29b-41d4-a716-446655440000",\n "reason": "caf\xe9"}'
    Path("latin.json").write_bytes(payload)
    given = {"file": "latin.json", "data": os.fsdecode(payload)}[where]
    code, out, err = call(
        "emit", "run_paused", "--source", "/s", f"--{where}", given, "--outbox", "o.db"
    )
    assert (code, out) == (FOUND, "")
    assert ":2:16  error  input/invalid-utf8" in err


def test_an_endless_line_or_document_is_not_read_to_its_end() -> None:
    Path("quantapilot.toml").write_text("max_document_bytes = 1024\n")
    for endless in (b" " * 2000, b"{\n" + b" " * 2000, DATA.encode() + b"\n" + b"x" * 2000):
        code, _, err = call(*EMIT, "-", "--outbox", "o.db", stdin=endless)
        assert code == UNCHECKED
        assert "a document of more than 1,024 bytes" in err
        assert len(err.splitlines()) == 1


def test_a_sink_that_can_not_be_used_is_told_once() -> None:
    Path("folder").mkdir()
    program = [sys.executable, "-c", "from quantapilot.cli import main; main()"]
    done = subprocess.run(
        [*program, *NAMED, "--to", "file:folder"], capture_output=True, text=True, check=False
    )
    assert done.returncode == UNCHECKED
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell of that kind closes the stream")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (f"{' '.join(EMIT)} - --outbox o.db", NOTHING),
        ("verify-webhook --headers - --body x", UNCHECKED),
    ],
)
def test_a_closed_standard_input_is_an_empty_one(arguments: str, code: int) -> None:
    program = f"{sys.executable} -c 'from quantapilot.cli import main; main()' {arguments}"
    done = subprocess.run(
        ["sh", "-c", f"{program} <&-"],
        env=os.environ | {"QP_WEBHOOK_SECRETS": "whsec_" + "A" * 44},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "internal fault" not in done.stderr


def test_more_events_than_can_be_counted_are_no_limit() -> None:
    assert call(*NAMED, "--to", NOWHERE, "--wait", "0")[0] == CLEAN
    code, out, _ = call("outbox", "list", "--outbox", "o.db", "--limit", "9" * 25)
    assert code == CLEAN
    assert len(out.splitlines()) == 1


def test_an_id_that_no_event_can_have_is_wrong_usage() -> None:
    call(*NAMED)
    code, line = told("outbox", "retry", "\udcff", "--outbox", "o.db")
    assert code == USAGE
    assert line.endswith("an id has no such characters")


@pytest.mark.parametrize("command", ["status", "list"])
def test_looking_at_a_file_that_is_no_outbox_offers_no_repair(command: str) -> None:
    Path("notes.txt").write_text("remember the milk")
    code, line = told("outbox", command, "--outbox", "notes.txt")
    assert code == UNCHECKED
    assert line == "qp: notes.txt is no outbox, nor a database; name another file"


@pytest.mark.parametrize(
    "command", [("outbox", "status"), ("relay", "--once", "--to", "file:x"), ("outbox", "list")]
)
def test_a_database_that_is_gone_while_its_mark_stands_is_damage(command: tuple[str, ...]) -> None:
    call(*NAMED)
    Path("o.db").unlink()
    code, line = told(*command, "--outbox", "o.db")
    assert code == UNCHECKED
    assert "o.db is damaged" in line


@pytest.mark.skipif(os.name != "posix", reason="folders have rights there")
def test_a_folder_that_nobody_may_look_into_is_told() -> None:
    Path("closed").mkdir(mode=0)
    program = [sys.executable, "-c", "from quantapilot.cli import main; main()"]
    command = [*program, "outbox", "status", "--outbox", "closed/o.db"]
    if not os.geteuid():
        if shutil.which("setpriv") is None:
            pytest.skip("root may look everywhere")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        UNCHECKED,
        "qp: closed/o.db can't be used: Permission denied\n",
    )
