"""What pages have in common: templates whose parts stay as they are, and a policy for each."""

from __future__ import annotations

from quantapilot.reports.page import filled, house_style, policy


def test_what_is_put_into_a_page_is_no_template() -> None:
    parts = {"a": "{b} {c}", "b": "{a}"}
    assert filled("<{a}|{b}|{c}>", parts) == "<{b} {c}|{a}|{c}>"


def test_a_policy_names_nothing_but_the_page_itself() -> None:
    said = policy("a", "b")
    assert said.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in said
    assert policy("a", "c") != said


def test_the_house_style_has_every_colour_twice() -> None:
    light, _, dark = house_style().partition("@media (prefers-color-scheme: dark)")
    colours = {line.split(":")[0].strip() for line in light.splitlines() if ": #" in line}
    assert colours == {line.split(":")[0].strip() for line in dark.splitlines() if ": #" in line}
