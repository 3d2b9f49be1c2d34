"""Texts are confirmed in windows and by remembered verdicts: nothing else is found in them."""

from __future__ import annotations

import re
from random import Random

import pytest

from quantapilot.pii import detector, fold, windows
from quantapilot.pii.derive import derive
from quantapilot.pii.detector import Detector
from quantapilot.pii.prefilter import RegexPrefilter
from quantapilot.pii.rules import load_rules

RULES = load_rules()
EXAMPLES = [text for rule in RULES for text in (*rule.match, *rule.no_match)]
FILLERS = (
    " the gate passed after 12 retries, see step 4.2.1.3 ",
    " Проверка завершена успешно ",
    "a" * 700,
    "10.1.2.3.4." * 40,
    "＠ﬁ １２３ ",
    "\\u0041\\n%41&amp;",
    " user= token: password=",
    '{"id": 7, "message": "',
    "\n",
    " ",
)


def _text(seed: int, size: int) -> str:
    random = Random(seed)
    out: list[str] = []
    length = 0
    while length < size:
        out += [random.choice(EXAMPLES), random.choice(FILLERS) * random.randint(1, 3)]
        length += len(out[-2]) + len(out[-1])
    return "".join(out)


def _found(searching: Detector, text: str) -> list[tuple[str, int, int]]:
    return [(match.rule.id, match.start, match.end) for match in searching.find(text)]


@pytest.mark.parametrize("seed", range(6))
def test_windows_find_what_the_whole_text_holds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = _text(seed, 24_000)
    searching = Detector(RULES)
    whole = _found(searching, text)
    assert len(whole) > 20
    monkeypatch.setattr(detector, "LONG", 1)
    monkeypatch.setattr(windows, "_STEP", 300 + 700 * seed)
    assert _found(searching, text) == whole


@pytest.mark.parametrize("seed", range(40))
def test_texts_of_one_document_hold_what_each_holds_alone(seed: int) -> None:
    random = Random(seed)
    searching = Detector(RULES)
    texts = [
        "".join(random.choices([*EXAMPLES, *FILLERS], k=random.randint(1, 4)))
        for _ in range(random.randint(1, 8))
    ]
    everywhere = [dict.fromkeys(range(len(RULES))) for _ in texts]
    for text, asked, every in zip(texts, searching.asked(texts), everywhere, strict=True):
        assert searching.find(text, among=asked) == searching.find(text, among=every)


def test_what_one_text_hides_has_no_rule_confirmed_in_hundreds_of_others() -> None:
    texts = [f"step {at} passed" for at in range(400)]
    texts[200] = "mail ann.lee%40example.com, token ghp_%41bcdefghij0123456789klmnopqrstuvwxyz"
    searching = Detector(RULES)
    asked = searching.asked(texts)
    assert {match.rule.id for match in searching.find(texts[200], among=asked[200])} >= {
        "pii/email"
    }
    assert sum(bool(each) for each in asked) < 8


def test_a_text_full_of_places_is_searched_in_all_of_it() -> None:
    text = "ask Maria Novak and Alice Jones, then ghp_x; " * 40
    searching = Detector(RULES)
    (asked,) = searching.asked([text])
    assert len(searching.find(text, among=asked)) == 80


@pytest.mark.parametrize(("word", "late"), [("git", False), ("keyboard-", True)])
def test_windows_begin_ahead_of_a_long_word_that_must_not_stand_there(
    word: str, late: bool
) -> None:
    assert derive(rf"(?<!{word})@[a-z]{{4}}[0-9]{{8}}").late is late


def test_windows_need_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _text(99, 3000)
    monkeypatch.setattr(detector, "LONG", 1)
    monkeypatch.setattr(windows, "_STEP", 700)
    assert _found(Detector(RULES, prefilter=RegexPrefilter), text) == _found(Detector(RULES), text)


@pytest.mark.parametrize("unit", ["mail ann.lee@example.com now; ", "Олена Коваль увійшла; "])
def test_each_repetition_is_found_in_a_long_text(unit: str) -> None:
    found = _found(Detector(RULES), unit)
    times = 2 * windows.LONG // len(unit)
    assert len(_found(Detector(RULES), unit * times)) == len(found) * times


def test_a_long_full_text_does_not_run_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_TIMEOUT_S", 0.5)
    monkeypatch.setattr(windows, "_TIMEOUT_S_PER_CHARACTER", 0.0)
    unit = "assigned to Анна Берг and Anna Berg, "
    assert _found(Detector(RULES), unit * (2 * windows.LONG // len(unit)))


def test_letters_that_are_kept_are_folded_to_themselves() -> None:
    letters = [chr(code) for code in range(128, 0x10000) if not 0xD800 <= code < 0xE000]
    kept = [each for each in letters if re.match(rf"[{fold.KEPT}]", each)]
    assert len(kept) > 20_000
    assert [each for each in kept if fold._FOLDED[ord(each)] != each] == []
