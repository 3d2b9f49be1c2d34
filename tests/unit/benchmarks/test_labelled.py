"""The labelled set is fair: the same lines every time, values that are what they claim to be."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address
from random import Random

import phonenumbers
import pytest
from benchmarks.labelled import (
    CLASSES,
    ORDINARY,
    SET,
    VALUES,
    WHOLE,
    WORDS,
    fill,
    labelled,
)
from benchmarks.values import MAKERS, PERSONS, value
from stdnum import iban, luhn

TEMPLATES = [
    (name, kind, template)
    for name in CLASSES
    for kind in ("plain", "fields", "clean", "clean_fields", "bare")
    for template in SET[name].get(kind, ())
]


def made(name: str, count: int = 50) -> list[str]:
    return [value(Random(seed), name, WORDS) for seed in range(count)]


def test_the_same_seed_makes_the_same_lines() -> None:
    assert labelled(scale=0.05) == labelled(scale=0.05)
    assert labelled(scale=0.05) != labelled(seed=4, scale=0.05)


def test_every_class_has_plain_disguised_and_clean_lines() -> None:
    counts = Counter((line.pii_class, line.kind) for line in labelled(scale=0.1))
    wanted = {(name, kind) for name in CLASSES for kind in ("plain", "disguised", "clean")}
    assert set(counts) == wanted | {(ORDINARY, "clean")}


def test_a_line_is_one_line() -> None:
    assert [line for line in labelled(scale=0.3) if len(line.text.splitlines()) != 1] == []


@pytest.mark.parametrize(("name", "kind", "template"), TEMPLATES)
def test_every_sentence_can_be_filled(name: str, kind: str, template: str) -> None:
    sentence = fill(Random(1), template)
    assert not re.search(r"(?<![{$])\{\w+\}(?!\})", str(sentence)), (name, kind)
    if kind in {"plain", "fields", "bare"}:
        assert sentence.value


def test_every_disguise_is_known_and_hides_the_value() -> None:
    used = {how for name in CLASSES for how in SET[name]["disguises"]}
    assert used == VALUES.keys() | WHOLE.keys()
    hidden = VALUES["full_width"](Random(1), "ann@example.com")
    assert hidden.isascii() is False
    assert VALUES["spelled"](Random(1), "ann@example.com").count("@") == 0
    assert VALUES["twice_percent"](Random(1), "a@b") == "a%2540b"


def test_a_set_has_no_class_that_is_not_measured() -> None:
    assert set(SET) == {"words", *CLASSES}


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(KeyError):
        value(Random(1), "shoe_size", WORDS)


@pytest.mark.parametrize("name", sorted(MAKERS.keys() | PERSONS))
def test_values_vary(name: str) -> None:
    assert len(set(made(name))) > 4


def test_checksums_hold_and_wrong_ones_do_not() -> None:
    assert all(map(luhn.is_valid, made("card")))
    assert not any(map(luhn.is_valid, made("card_wrong")))
    assert all(map(iban.is_valid, made("iban")))
    assert not any(map(iban.is_valid, made("iban_wrong")))


def test_phone_numbers_can_be_dialled() -> None:
    parsed = [phonenumbers.parse(text) for text in made("phone")]
    assert all(map(phonenumbers.is_valid_number, parsed))


def test_addresses_of_machines_are_on_the_side_that_they_should_be() -> None:
    assert all(ip_address(text).is_global for text in (*made("ipv4"), *made("ipv6")))
    assert all(ip_address(text).is_private for text in made("private"))


def test_mail_addresses_belong_to_no_one() -> None:
    assert all(re.search(r"@(?:\w+\.)?example\.(?:com|org|net)$", text) for text in made("email"))
