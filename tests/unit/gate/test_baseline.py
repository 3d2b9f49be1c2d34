"""The baseline: the same bytes for the same findings, each accepted as often as it was there."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantapilot.errors import ConfigError
from quantapilot.findings import Finding
from quantapilot.gate.baseline import (
    Acceptance,
    Baseline,
    Entry,
    Recorder,
    entries_of,
    load_baseline,
    new_baseline,
    total,
    write_baseline,
)
from quantapilot.gate.document import Text
from quantapilot.gate.inspector import Inspector
from quantapilot.pii.detector import Detector
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from pathlib import Path

DETECTOR = Detector(load_rules())
KEYED = Inspector(DETECTOR, key=b"secret")
MAIL = "alice@example.com"
PRINTS = st.text("0123456789abcdef", min_size=32, max_size=32)
# Python keeps the bytes of a file name that are not UTF-8 as lone surrogates.
PATHS = st.text(st.characters(codec=None), min_size=1)
ENTRIES = st.lists(
    st.builds(
        Entry,
        path=PATHS,
        rule=st.sampled_from(["pii/email", "contract/type"]),
        fingerprint=PRINTS,
        count=st.integers(1, 10**12),
        command=st.sampled_from(["scan", "validate:api", "both"]),
    ),
    unique_by=lambda entry: entry.known,
)
WORDS = st.lists(st.sampled_from(["build", "took 7 s", "é", "run", "{", '"', "# x"])).map(" ".join)
NAMES = st.sampled_from(["note", "details", "x", "7"])


def finding(rule: str = "pii/email", fingerprint: str = "0" * 32) -> Finding:
    return Finding(rule, "pii", "error", "a", "m", "h", fingerprint, pii_class="email")


def prints(text: str, path: str = "a.jsonl", *, line: int = 1, whole: bool = False) -> set[str]:
    found = KEYED.json(Text(path, text, line, whole=whole))
    return {each.fingerprint for each in found if each.rule == "pii/email"}


# --- fingerprints -----------------------------------------------------------------------------


@given(before=WORDS, behind=WORDS, line=st.integers(1, 10**6))
def test_a_value_is_known_again_among_other_words_in_another_line(
    before: str, behind: str, line: int
) -> None:
    plain = {
        each.fingerprint
        for each in KEYED.plain(Text("a.txt", f"{before} {MAIL} {behind}", line))
        if each.rule == "pii/email"
    }
    assert plain == {each.fingerprint for each in KEYED.plain(Text("a.txt", MAIL))}
    field = json.dumps({"note": f"{before} {MAIL} {behind}"})
    assert prints(field, line=line) == prints(json.dumps({"note": MAIL}))


@given(before=st.lists(WORDS), beside=st.dictionaries(NAMES, WORDS), lines=st.integers(0, 200))
def test_a_value_is_known_again_among_other_elements_and_members(
    before: list[str], beside: dict[str, str], lines: int
) -> None:
    one = {"items": [{"to": MAIL}]}
    other = {**beside, "items": [*before, {**beside, "to": MAIL}, *before]}
    assert prints(json.dumps(one)) == prints("\n" * lines + json.dumps(other, indent=lines % 9))
    array = json.dumps([*({"a": word} for word in before), one])
    assert prints(array, whole=True) == prints(json.dumps([one]), whole=True)


@given(other=st.sampled_from(["bob@example.com", "alice@example.org", "alice2@example.com"]))
def test_another_value_field_or_file_is_another_finding(other: str) -> None:
    known = prints(json.dumps({"note": MAIL}))
    assert len(known) == 1
    assert not known & prints(json.dumps({"note": other}))
    assert not known & prints(json.dumps({"details": MAIL}))
    assert not known & prints(json.dumps({"note": MAIL}), "b.jsonl")


def test_what_else_a_document_holds_changes_no_fingerprint() -> None:
    one = prints(json.dumps({"Alice Jones": {"to": MAIL}}))
    assert one <= prints(json.dumps({"operator_name": "Alice Jones", "Alice Jones": {"to": MAIL}}))


# --- the file ---------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES, key=st.binary(min_size=1), shuffled=st.randoms())
def test_what_is_written_is_read_again_and_always_the_same_bytes(
    entries: list[Entry], key: bytes, shuffled: object, tmp_path: Path
) -> None:
    file = tmp_path / "b.json"
    key = key.hex().encode().ljust(64, b"0")[:64]
    made = Baseline(file, key, kept=True, entries=tuple(entries))
    write_baseline(made)
    first = file.read_bytes()
    shuffled.shuffle(entries)  # type: ignore[attr-defined]
    write_baseline(Baseline(file, key, kept=True, entries=tuple(entries)))
    assert file.read_bytes() == first
    read = load_baseline(file)
    assert (read.key, read.entries) == (key, tuple(sorted(entries)))
    assert sum(b'"fingerprint"' in line for line in first.split(b"\n")) == len(entries)
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".tmp")] == []


def test_a_key_is_random_and_one_of_the_environment_stays_out_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.json"
    one, other = new_baseline(file), new_baseline(file)
    assert one.key != other.key
    write_baseline(one)
    assert one.key in file.read_bytes()
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "a secret")
    given = new_baseline(file)
    write_baseline(given)
    assert given.key == b"a secret"
    assert b"a secret" not in file.read_bytes()
    assert load_baseline(file).key == b"a secret"
    assert "secret" not in repr(given)


def test_a_file_with_its_own_key_is_read_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.json"
    made = new_baseline(file)
    write_baseline(made)
    monkeypatch.setenv("QP_FINGERPRINT_KEY", "a secret")
    assert load_baseline(file).key == made.key


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"kind": "quantapilot-baseline"}', b"1" * 9999])
def test_what_is_no_baseline_is_refused_with_its_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"b\.json: .*'qp baseline create --force'"):
        load_baseline(file)


def test_a_byte_order_mark_or_crlf_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    made = Baseline(file, b"0" * 64, kept=True, entries=(Entry("a", "pii/email", "0" * 32),))
    write_baseline(made)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_baseline(file).entries == made.entries


# --- in a run ---------------------------------------------------------------------------------


def test_what_both_commands_find_counts_once() -> None:
    mail, phone = ("pii/email", "a", "1" * 32), ("pii/phone", "a", "2" * 32)
    entries = entries_of({"scan": Counter({mail: 3}), "validate:api": Counter({mail: 5, phone: 1})})
    assert [(each.rule, each.count, each.command) for each in entries] == [
        ("pii/email", 5, "both"),
        ("pii/phone", 1, "validate:api"),
    ]
    assert total(entries) == 6


def test_each_finding_is_accepted_as_often_as_the_baseline_says(tmp_path: Path) -> None:
    entry = Entry("a", "pii/email", "0" * 32, 2)
    used = Acceptance(Baseline(tmp_path, b"k", kept=False, entries=(entry,)))
    assert [used.accepts(finding(), "a") for _ in range(4)] == [True, True, False, False]
    assert not used.accepts(finding("pii/phone"), "a")
    assert not used.accepts(finding(), "b")


def test_what_was_recorded_is_what_is_accepted_later(tmp_path: Path) -> None:
    recorder = Recorder()
    assert recorder.accepts(finding(), "a")
    assert list(recorder.stale("scan", lambda _rule, _place: True)) == []
    entries = entries_of({"scan": recorder.found})
    used = Acceptance(Baseline(tmp_path, b"k", kept=False, entries=entries))
    assert used.accepts(finding(), "a")


@pytest.mark.parametrize(
    ("command", "stale"),
    [("scan", ["pii/email", "pii/phone"]), ("validate:api", ["contract/type", "pii/email"])],
)
def test_only_the_command_that_found_it_says_that_it_is_gone(
    command: str, stale: list[str], tmp_path: Path
) -> None:
    entries = (
        Entry("a", "contract/type", "1" * 32, command="validate:api"),
        Entry("a", "pii/email", "2" * 32),
        Entry("a", "pii/phone", "3" * 32, command="scan"),
    )
    file = tmp_path / "b.json"
    made = Baseline(file, b"0" * 64, kept=True, entries=entries)
    write_baseline(made)
    used = Acceptance(made)
    found = list(used.stale(command, lambda _rule, _place: True))  # type: ignore[arg-type]
    assert [each.message.split("'")[1] for each in found] == stale
    lines = file.read_text("utf-8").splitlines()
    for each in found:
        assert each.message.split("'")[1] in lines[(each.line or 0) - 1]
    assert list(used.stale("scan", lambda _rule, _place: False)) == []
