"""The loader of rules: what it takes, and what it refuses by file and rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantapilot.errors import RuleError
from quantapilot.findings import PII_CLASSES
from quantapilot.pii.rules import expand_lexicons, lexicon, load_own_rules, load_rules

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "id": '"pii/badge"',
    "class": '"national_id"',
    "description": '"Badge number"',
    "severity": '"error"',
    "why": '"It names an employee."',
    "fix": '"Drop it."',
    "pattern": r"'BADGE-\d{6}'",
    "match": "['BADGE-012345']",
    "no_match": "['BADGE-1']",
}


def _toml(**changes: str | None) -> str:
    entry = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in entry.items() if value is not None]
    return "\n".join(["[[rules]]", *lines, ""])


def _refusal(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "own.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RuleError) as refused:
        load_own_rules([path], load_rules())
    return str(refused.value)


def test_a_project_adds_a_rule_by_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(_toml(), encoding="utf-8")

    rule = load_own_rules([path], load_rules())[-1]

    assert rule.id == "pii/badge"
    assert rule.source == str(path)
    assert rule.data_classes == {"text"}
    assert not rule.generic


def test_defaults_of_a_file_hold_for_its_rules_unless_a_rule_says_otherwise(
    tmp_path: Path,
) -> None:
    path = tmp_path / "own.toml"
    defaults = '[defaults]\nseverity = "warning"\nwhy = "Default."\n'
    path.write_text(defaults + _toml(severity=None), encoding="utf-8")

    rule = load_own_rules([path], load_rules())[-1]

    assert (rule.severity, rule.why) == ("warning", "It names an employee.")


def test_a_rule_of_fields_alone_gives_way_to_one_that_knows_the_format(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(_toml(pattern=None, fields='["badge no"]'), encoding="utf-8")

    rule = load_own_rules([path], load_rules())[-1]

    assert rule.generic
    assert rule.fields == (("badge", "no"),)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"match": None}, "key 'match' is missing", id="no match examples"),
        pytest.param({"no_match": None}, "key 'no_match' is missing", id="no no_match examples"),
        pytest.param({"match": "[]"}, "needs examples of both sides", id="empty match"),
        pytest.param({"no_match": "[]"}, "needs examples of both sides", id="empty no_match"),
        pytest.param({"why": None}, "key 'why' is missing", id="no why"),
        pytest.param({"fix": '""'}, "'fix' must be a non-empty string", id="empty fix"),
        pytest.param({"colour": '"red"'}, "unknown key 'colour'", id="unknown key"),
        pytest.param({"class": '"address"'}, "class must be one of email,", id="unknown class"),
        pytest.param({"severity": '"fatal"'}, "severity must be one of", id="unknown severity"),
        pytest.param({"check": '"astrology"'}, "no check 'astrology'", id="unknown check"),
        pytest.param({"data_classes": '["secret"]'}, "no data class 'secret'", id="data class"),
        pytest.param({"pattern": None}, "needs a 'pattern', 'fields' or both", id="finds nothing"),
        pytest.param({"pattern": "'BADGE-('"}, "not a regular expression", id="broken pattern"),
        pytest.param({"pattern": "7"}, "'pattern' must be a non-empty string", id="number"),
        pytest.param({"match": "'x'"}, "'match' must be a list", id="examples not in a list"),
        pytest.param({"fields": "[1]"}, "'fields' must be a list", id="field not a string"),
        pytest.param({"generic": '"yes"'}, "'generic' must be true or false", id="not a flag"),
    ],
)
def test_a_broken_rule_is_refused_by_file_and_rule(
    tmp_path: Path, changes: dict[str, str | None], reason: str
) -> None:
    message = _refusal(tmp_path, _toml(**changes))

    assert "own.toml: rule 'pii/badge': " in message
    assert reason in message


@pytest.mark.parametrize("name", ["badge", "pii/Badge", "pii/badge_no", "pii/", "pii/badge no"])
def test_an_id_of_another_shape_is_refused(tmp_path: Path, name: str) -> None:
    assert f"rule '{name}': an id is 'pii/'" in _refusal(tmp_path, _toml(id=f'"{name}"'))


def test_a_rule_without_an_id_is_named_by_its_place(tmp_path: Path) -> None:
    message = _refusal(tmp_path, _toml() + _toml(id=None))

    assert "own.toml: rule 2: key 'id' is missing" in message


def test_an_id_that_is_taken_is_refused_with_its_owner(tmp_path: Path) -> None:
    message = _refusal(tmp_path, _toml(id='"pii/email"'))

    assert "own.toml: rule id 'pii/email' is taken by rules/email.toml" in message


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    assert "own.toml: unknown table 'rule'" in _refusal(tmp_path, "[rule]\n")


def test_tables_of_the_wrong_kind_are_refused(tmp_path: Path) -> None:
    assert "own.toml: write [defaults] as a table" in _refusal(tmp_path, "rules = 1\n")


def test_broken_toml_is_refused_by_file(tmp_path: Path) -> None:
    assert "own.toml: not valid TOML: " in _refusal(tmp_path, "[[rules]\n")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert "own.toml: rule file is not UTF-8 (byte 4)" in _refusal(tmp_path, b"# Bl\xe4h\n\xff")


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"none\.toml: rule file can't be read: No such file"):
        load_own_rules([tmp_path / "none.toml"], ())


def test_a_pattern_that_names_no_word_list_is_refused(tmp_path: Path) -> None:
    own = _toml(pattern=r"'\L<planets>'", check='"not_placeholder"')
    assert "no word list 'planets'" in _refusal(tmp_path, own)


def test_a_word_list_without_a_check_that_knows_it_is_refused(tmp_path: Path) -> None:
    own = _toml(pattern=r"'\L<given_names>'")
    assert "needs a check that knows it" in _refusal(tmp_path, own)


def test_every_class_of_personal_data_has_rules() -> None:
    assert {rule.pii_class for rule in load_rules()} == set(PII_CLASSES)


def test_word_lists_hold_words_only_once_and_no_comments() -> None:
    for name in ("given_names", "common_words", "status_words", "service_accounts"):
        words = lexicon(name)

        assert len(words) == len(set(words))
        assert not any(word.startswith("#") for word in words)


def test_a_word_list_is_written_out_for_engines_that_know_none() -> None:
    expanded = expand_lexicons(r"a\L<given_names>b")

    assert expanded.startswith("a(?:")
    assert "|Alice|" in expanded
