"""A baseline with real files: quiet wherever its findings move, loud where one of them changes."""

from __future__ import annotations

import json
import re
import shutil
import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs
import orjson
import pytest
from tests.program import call

from quantapilot.errors import ExitCode
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CLEAN, FOUND, USAGE, NOTHING, UNCHECKED = ExitCode
SETTINGS = """
logs = ["dirty/logs.jsonl"]
events = ["dirty/events.jsonl"]
errors = ["dirty/forbidden.json"]
baseline = ".quantapilot-baseline.json"
"""
NOTES = """Call the operator
+1 415 555 2671 is her number, bob.jones@example.com his address.
Passport holder: SSN 123-45-6789, gateway 8.8.8.8, approved by Grace Novak.
"""
CODE = """TOKEN = "ghp_Q7W8E9R1T2Y3U4I5abcdefghijklmnopk7m3"


def owner() -> str:
    return "carol.garcia@example.org"  # who wrote it
"""
RECORD = '{"timestamp":"2025-08-19T06:00:11.917Z","level":"info","message":"build finished"}\n'
INSERTED = {
    ".jsonl": RECORD,
    ".json": "\n",
    ".txt": "Nothing happened on this day.\n",
    ".py": "# nothing to see here\n",
}
EVENT = (ROOT / "examples" / "events" / "events.jsonl").read_text("utf-8").splitlines()[0] + "\n"
BASELINE = ".quantapilot-baseline.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "dirty", folder / "dirty")
    (folder / "notes.txt").write_text(NOTES, "utf-8")
    (folder / "owner.py").write_text(CODE, "utf-8")
    (folder / "quantapilot.toml").write_text(SETTINGS, "utf-8")
    monkeypatch.chdir(folder)
    return folder


@cache
def detector() -> Detector:
    return Detector(load_rules())


def planted(folder: Path) -> Iterator[tuple[Path, int, str, str]]:
    """Yield file, line, rule and value of everything that the scan finds in a project."""
    for file in [*sorted((folder / "dirty").iterdir()), folder / "notes.txt", folder / "owner.py"]:
        for number, line in enumerate(file.read_text("utf-8").splitlines()):
            for match in detector().find(line):
                yield file, number, match.rule.pii_class, line[match.start : match.end]


def moved(folder: Path) -> None:
    """Insert 100 lines above every line of every file."""
    for file in {file for file, *_ in planted(folder)}:
        between = EVENT if file.name == "events.jsonl" else INSERTED[file.suffix]
        lines = file.read_text("utf-8").splitlines(keepends=True)
        file.write_text("".join(between * 100 + line for line in lines), "utf-8")


def variants(value: str) -> Iterator[str]:
    yield from (name for name in ("Robert Walker", "Linda Weber"))
    # A check sum holds for some other digits at the end, not for one other digit.
    last = [at for at, char in enumerate(value) if char.isdigit()][-3:]
    for number in range(1000 if len(last) == 3 else 0):
        digits = dict(zip(last, f"{number:03}", strict=True))
        other = "".join(digits.get(at, char) for at, char in enumerate(value))
        if other != value:
            yield other
    for at in range(len(value) - 1, -1, -1):
        for pool in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
            if value[at] in pool:
                yield from (value[:at] + c + value[at + 1 :] for c in pool if c != value[at])


def changed(line: str, value: str, pii_class: str) -> str:
    """Return a line with a value exchanged for another one of its class."""
    for variant in variants(value):
        other = line.replace(value, variant)
        held = [
            (match.rule.pii_class, other[match.start : match.end])
            for match in detector().find(other)
        ]
        if (pii_class, variant) in held:
            return other
    raise AssertionError(f"no other value of the class {pii_class}")


def findings(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(call(*arguments, "--format", "json")[1])["findings"]
    return found


def test_what_is_accepted_stays_quiet_under_100_lines_and_speaks_when_it_changes(
    project: Path,
) -> None:
    assert call("scan")[0] == UNCHECKED
    assert call("scan", "--no-baseline")[0] == FOUND
    assert call("baseline", "create")[0] == CLEAN
    moved(project)
    for command in ("scan", "validate:api"):
        code, out, _ = call(command)
        assert (code, out.splitlines()[-1]) == (CLEAN, "clean")
        assert re.search(r"; accepted [0-9]{2} by the baseline\n", out)
        assert findings(command) == []

    told = set()
    for file, number, pii_class, value in list(planted(project)):
        before = file.read_text("utf-8")
        lines = before.splitlines(keepends=True)
        lines[number] = changed(lines[number], value, pii_class)
        file.write_text("".join(lines), "utf-8")
        found = findings("scan", str(file))
        assert [each["line"] for each in found if each["severity"] == "error"] == [number + 1]
        assert call("scan", "--quiet", str(file))[0] == FOUND
        told.add(pii_class)
        file.write_text(before, "utf-8")
    assert told == {"email", "phone", "name", "token", "national_id", "ip"}
    assert call("scan")[0] == CLEAN


def test_no_value_stands_in_the_baseline(project: Path) -> None:
    values = {value for *_, value in planted(project)}
    call("baseline", "create")
    text = (project / BASELINE).read_text("utf-8").lower()
    assert len(values) > 30
    for value in values:
        for part in (value, *re.findall(r"[A-Za-z0-9]{6,}", value)):
            assert part.lower() not in text
    assert "<email>" not in text


def test_a_baseline_is_one_by_its_schema_and_is_itself_clean(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = orjson.loads((ROOT / "_schemas" / "baseline.schema.json").read_bytes())
    validator = jsonschema_rs.validator_for(schema)
    assert call("baseline", "create")[0] == CLEAN
    assert call("scan", "--no-baseline", "--quiet", BASELINE) == (CLEAN, "", "")
    validator.validate(orjson.loads((project / BASELINE).read_bytes()))
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "a secret of the project")
    assert call("baseline", "create", "--force")[0] == CLEAN
    kept = orjson.loads((project / BASELINE).read_bytes())
    validator.validate(kept)
    assert "key" not in kept
    assert call("scan", "--quiet") == (CLEAN, "", "")


def test_an_update_without_a_change_writes_the_same_bytes(project: Path) -> None:
    call("baseline", "create")
    before = (project / BASELINE).read_bytes()
    moved(project)
    code, out, err = call("baseline", "update")
    assert (code, out, err) == (CLEAN, f"{BASELINE}: +0 −0\n", "")
    assert (project / BASELINE).read_bytes() == before
    assert len(before.splitlines()) == before.count(b'"fingerprint"') + 8


def test_a_second_occurrence_of_an_accepted_value_is_reported(project: Path) -> None:
    call("baseline", "create")
    with (project / "notes.txt").open("a") as file:
        file.write("again bob.jones@example.com\n")
    found = findings("scan")
    assert [(each["rule"], each["path"], each["line"]) for each in found] == [
        ("pii/email", "notes.txt", 4)
    ]
    assert call("baseline", "update")[1] == f"{BASELINE}: +1 −0\n"
    assert call("scan")[0] == CLEAN


def test_the_same_value_in_another_file_is_reported(project: Path) -> None:
    call("baseline", "create")
    shutil.copy(project / "notes.txt", project / "copy.txt")
    assert {each["path"] for each in findings("scan")} == {"copy.txt"}


def test_an_entry_that_no_longer_occurs_is_told_at_its_line(project: Path) -> None:
    call("baseline", "create")
    text = (project / "notes.txt").read_text("utf-8").replace("bob.jones@example.com", "his mail")
    (project / "notes.txt").write_text(text, "utf-8")
    for arguments in ((), ("notes.txt",), (str(project),)):
        (stale,) = findings("scan", *arguments)
        assert (stale["rule"], stale["severity"], stale["path"]) == (
            "input/baseline-stale", "warning", BASELINE,
        )  # fmt: skip
        entry = (project / BASELINE).read_text("utf-8").splitlines()[int(str(stale["line"])) - 1]
        assert '"pii/email", "path": "notes.txt"' in entry
    assert call("scan")[0] == CLEAN
    assert findings("scan", "owner.py") == []
    assert findings("scan", "--select", "pii/ip-v4", "--select", "input/*") == []
    assert findings("scan", "--ignore", "input/baseline-stale") == []
    assert findings("validate:api") == []
    assert call("baseline", "update", "owner.py")[1] == f"{BASELINE}: +0 −0\n"
    assert call("baseline", "update")[1] == f"{BASELINE}: +0 −1\n"
    assert findings("scan") == []


def test_an_entry_of_a_file_that_is_gone_is_told_where_its_folder_was_checked(
    project: Path,
) -> None:
    (project / "sub").mkdir()
    (project / "notes.txt").rename(project / "sub" / "notes.txt")
    (project / "sub" / "other.txt").write_text("nothing", "utf-8")
    call("baseline", "create")
    (project / "sub" / "notes.txt").unlink()
    rules = [each["rule"] for each in findings("scan", "sub")]
    assert rules == ["input/baseline-stale"] * 5
    assert findings("scan") == findings("scan", "sub")
    assert findings("scan", "owner.py", "sub/other.txt") == []


def test_what_breaks_the_contract_is_accepted_too_and_told_by_the_command_that_finds_it(
    project: Path,
) -> None:
    call("baseline", "create")
    accepted = json.loads(call("baseline", "show", "--format", "json")[1])["accepted"]
    assert {each["rule"].partition("/")[0] for each in accepted} == {"pii", "contract"}
    (project / "dirty" / "events.jsonl").write_text(EVENT, "utf-8")
    scanned = [each["message"] for each in findings("scan")]
    validated = [each["message"] for each in findings("validate:api")]
    assert scanned
    assert all("'pii/" in str(message) for message in scanned)
    assert any("'contract/" in str(message) for message in validated)
    assert findings("validate:api", "dirty/events.jsonl") == []
    call("baseline", "update")
    assert findings("scan") == findings("validate:api") == []


def test_a_baseline_holds_from_any_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("baseline", "create")
    known = {each["fingerprint"] for each in findings("scan", "--no-baseline", "notes.txt")}
    monkeypatch.chdir(project / "dirty")
    assert findings("scan") == findings("scan", "..") == findings("scan", str(project)) == []
    assert findings("validate:api") == []
    assert call("baseline", "update")[1].endswith(": +0 −0\n")
    again = {each["fingerprint"] for each in findings("scan", "--no-baseline", "../notes.txt")}
    assert again == known


def test_a_payload_is_not_taken_for_checked_because_the_contract_was_accepted(
    project: Path,
) -> None:
    for name in ("_schemas", "generated"):
        shutil.copytree(ROOT / name, project / name)
    model = project / "generated" / "quantapilot_models" / "api.py"
    model.write_text(model.read_text("utf-8") + "\n# edited\n", "utf-8")
    (project / "ok.jsonl").write_text(RECORD, "utf-8")
    call("baseline", "create")
    assert call("validate:api")[0] == call("validate:api", "ok.jsonl")[0] == CLEAN
    code, out, _ = call("validate:api", "--no-baseline", "ok.jsonl")
    assert code == FOUND
    assert "contract/drift" in out


def test_what_could_not_be_checked_is_never_accepted(project: Path) -> None:
    (project / "link.txt").symlink_to("nowhere")
    code, out, err = call("baseline", "create")
    assert code == UNCHECKED
    assert f"{BASELINE}: accepted" in out
    assert "input/unreadable" in err
    assert "input/" not in (project / BASELINE).read_text("utf-8")
    assert call("scan")[0] == UNCHECKED
    (project / "notes.txt").write_text("nothing", "utf-8")
    code, out, _ = call("baseline", "update")
    assert code == UNCHECKED
    assert "+0 −0\ndropped nothing: not everything could be checked\n" in out


def test_a_baseline_is_only_replaced_when_that_is_asked_for(project: Path) -> None:
    assert call("baseline", "create", "notes.txt")[0] == CLEAN
    before = (project / BASELINE).read_bytes()
    code, _, err = call("baseline", "create")
    assert code == USAGE
    assert "qp baseline update" in err
    assert "--force" in err
    assert (project / BASELINE).read_bytes() == before
    assert call("baseline", "create", "--force")[0] == CLEAN
    assert (project / BASELINE).read_bytes() != before


def test_nothing_to_check_makes_no_baseline(project: Path) -> None:
    (project / "empty").mkdir()
    assert call("baseline", "create", "empty")[0] == NOTHING
    assert call("baseline", "create", "nowhere")[0] == UNCHECKED
    code, _, err = call("baseline", "create", "-")
    assert code == USAGE
    assert "standard input" in err
    assert not (project / BASELINE).exists()


def test_a_baseline_that_no_setting_names_is_said_to_be_unused(project: Path) -> None:
    (project / "quantapilot.toml").write_text("", "utf-8")
    _, out, _ = call("baseline", "create")
    assert out.splitlines()[-1] == (
        'to use it, set baseline = ".quantapilot-baseline.json" in the configuration'
    )
    assert call("scan")[0] == FOUND
    assert call("scan", "--baseline", BASELINE)[0] == CLEAN
    assert call("baseline", "show", "notes.txt")[1].endswith("5 findings accepted in 1 file\n")


@pytest.mark.usefixtures("project")
def test_standard_input_is_never_what_was_accepted() -> None:
    call("baseline", "create")
    code, out, _ = call("scan", "-", stdin=NOTES.encode())
    assert code == FOUND
    assert "pii/email" in out


def _corrupt(text: str) -> str:
    return text.replace('"accepted": [', '"accepted": [,', 1)


def _twice(text: str) -> str:
    line = next(line for line in text.splitlines() if '"fingerprint"' in line)
    return text.replace(line, f"{line}\n{line}", 1)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (_corrupt, r":6:14: not valid JSON: "),
        (lambda text: text[:300], r":[0-9]+:[0-9]+: not valid JSON: "),
        (lambda _: "", r":1:1: not valid JSON: "),
        (lambda _: "[" * 100_000, r": is no baseline"),
        (lambda _: "[]", r": is no baseline of qp"),
        (lambda _: '{"version": "1.5.0", "results": {}}', r": is no baseline of qp"),
        (lambda text: text.replace('"1"', '"2"', 1), r": has another schema_version"),
        (lambda text: text.replace('"count": 1', '"count": true', 1), r": its entry [0-9]+ is"),
        (lambda text: text.replace('"count": 1', '"count": 0', 1), r": its entry [0-9]+ is"),
        (lambda text: text.replace('"count"', '"counts"', 1), r": in its entry 1 holds a key"),
        (lambda text: text.replace('"fingerprint": "', '"fingerprint": "x', 1), r": its entry 1 "),
        (lambda text: text.replace('"key": "', '"key": "0', 1), r": has a wrong 'key'"),
        (lambda text: re.sub(r'"key": "..', '"key": "00', text), r": holds a key and the key_id"),
        (lambda text: re.sub(r'"key": .*\n', "", text), r"QP_FINGERPRINT_KEY, which is not set"),
        (_twice, r":8: accepts the finding [0-9a-f]{32} twice"),
    ],
)  # fmt: skip
def test_a_baseline_that_cannot_be_used_stops_the_run_and_says_what_to_do(
    broken: Callable[[str], str], told: str, project: Path
) -> None:
    call("baseline", "create")
    file = project / BASELINE
    file.write_text(broken(file.read_text("utf-8")), "utf-8")
    before = file.read_bytes()
    for arguments in (("scan",), ("validate:api",), ("baseline", "update")):
        code, out, err = call(*arguments)
        assert (code, out) == (UNCHECKED, "")
        assert err.startswith(f"qp: {BASELINE}:")
        assert re.search(told, err)
        assert re.search("qp baseline|remove|restore|set", err)
    assert file.read_bytes() == before
    assert call("baseline", "create", "--force")[0] == CLEAN


def test_a_baseline_made_with_another_key_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "the secret of the project")
    assert call("baseline", "create")[0] == CLEAN
    assert "the secret" not in (project / BASELINE).read_text("utf-8")
    assert call("scan")[0] == CLEAN
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "the secret of another one")
    code, _, err = call("scan")
    assert code == UNCHECKED
    assert "made with another key than QP_FINGERPRINT_KEY holds" in err
    assert call("baseline", "show")[0] == CLEAN
    monkeypatch.delenv("QP_FINGERPRINT_KEY")
    assert call("scan")[0] == UNCHECKED


def test_a_baseline_that_is_not_there_says_how_to_make_one(project: Path) -> None:
    code, _, err = call("scan")
    assert (code, err) == (
        UNCHECKED,
        f"qp: {BASELINE}: there is no such baseline; 'qp baseline create' makes one\n",
    )
    code, _, err = call("scan", "--baseline", "dirty")
    assert code == UNCHECKED
    assert "can't be read: Is a directory" in err
    assert call("scan", "--baseline", BASELINE, "--no-baseline")[0] == USAGE
    code, _, err = call("baseline", "create", "--baseline", "nowhere/b.json")
    assert code == USAGE
    assert "can't be written" in err
    assert [file.name for file in project.iterdir() if file.name.endswith(".tmp")] == []
