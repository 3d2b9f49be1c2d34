"""Networks: many addresses that count as one, and that nobody can tell from what is kept."""

from __future__ import annotations

from quantapilot.gateway.keys import Keys
from quantapilot.gateway.networks import address_class

KEYS = Keys(b"k" * 32)


def test_one_network_is_one_class() -> None:
    assert address_class(KEYS, "198.51.100.7") == address_class(KEYS, "198.51.100.200")
    assert address_class(KEYS, "198.51.100.7") == address_class(KEYS, "::ffff:198.51.100.9")
    assert address_class(KEYS, "198.51.100.7") != address_class(KEYS, "198.51.101.7")
    assert address_class(KEYS, "2001:db8::1") == address_class(KEYS, "2001:db8::ffff:0:0:1")
    assert address_class(KEYS, "2001:db8::1") != address_class(KEYS, "2001:db8:0:1::1")
    assert address_class(KEYS, "fe80::1%eth0") == address_class(KEYS, "fe80::2")


def test_who_has_no_address_is_one_class() -> None:
    nobody = address_class(KEYS, None)
    assert nobody == address_class(KEYS, "") == address_class(KEYS, "testclient")
    assert nobody != address_class(KEYS, "0.0.0.0")


def test_a_class_tells_nothing_of_its_addresses() -> None:
    told = address_class(KEYS, "198.51.100.7")
    assert told != address_class(Keys(b"o" * 32), "198.51.100.7")
    assert bytes([198, 51, 100]) not in told
