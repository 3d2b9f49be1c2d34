"""The compiled rules are what the rule files say, and a detector finds the same with either."""

from __future__ import annotations

from dataclasses import replace

from quantapilot.pii.compiled import FILE, compile_rules, compiled_rules
from quantapilot.pii.rules import load_rules


def test_the_packaged_file_is_what_the_rule_files_say() -> None:
    assert FILE.read_bytes() == compile_rules(load_rules()), "run 'make generate' and commit it"


def test_a_compiled_rule_differs_from_its_source_in_examples_and_what_is_derived_only() -> None:
    plain = [replace(rule, match=(), no_match=()) for rule in load_rules()]

    assert [replace(rule, derived=(), opened="", literals=()) for rule in compiled_rules()] == plain


def test_only_rules_that_stand_for_themselves_bring_derived_patterns() -> None:
    for rule in compiled_rules():
        alone = rule.pattern is not None and not (rule.fields or rule.context)
        assert len(rule.derived) == (2 if alone else 0), rule.id


def test_a_rule_with_word_lists_brings_them_unwritten_too() -> None:
    for rule in compiled_rules():
        assert bool(rule.opened) == ("\\L<" in (rule.pattern or "")), rule.id
        assert len(rule.opened) < 4096
