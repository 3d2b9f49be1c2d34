"""Stamps: ids as the RFC has them, in the order in which they were made, and the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from quantapilot.emitter.stamps import new_id, new_typeid, now


def test_an_id_is_a_uuid_of_version_7() -> None:
    for _ in range(1_000):
        made = UUID(text := new_id())
        assert str(made) == text
        assert made.version == 7
        assert made.variant == RFC_4122


def test_an_id_tells_the_millisecond_and_no_more() -> None:
    before = time.time_ns() // 1_000_000
    moment = UUID(new_id()).int >> 80
    assert before <= moment <= time.time_ns() // 1_000_000


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_later_ids_sort_behind() -> None:
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()


def test_the_time_is_that_of_the_clock_to_the_millisecond() -> None:
    before = datetime.now(UTC)
    made = datetime.fromisoformat(text := now())
    assert before - timedelta(milliseconds=1) <= made <= datetime.now(UTC)
    assert text.endswith("Z")
    assert len(text) == len("2026-01-01T00:00:00.000Z")


def test_a_typeid_is_a_prefix_and_the_26_digits_of_a_uuid_of_version_7() -> None:
    prefix, _, digits = new_typeid("evt").rpartition("_")
    assert (prefix, len(digits)) == ("evt", 26)
    number = 0
    for digit in digits:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    assert UUID(int=number).version == 7
    assert UUID(int=number).variant == RFC_4122


def test_later_typeids_sort_behind() -> None:
    first = new_typeid("evt")
    time.sleep(0.002)
    assert first < new_typeid("evt")
