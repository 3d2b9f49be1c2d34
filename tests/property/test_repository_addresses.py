"""Any text as a repository's address: refused in words of ours, or brought to one spelling."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from quantapilot.config import Config
from quantapilot.contract.catalog import ecma, packaged_contract
from quantapilot.errors import RepositoryError
from quantapilot.gateway.repositories import normal

CONTRACT = ecma(packaged_contract(Config().generated).definitions["RepoUrl"].schema["pattern"])
LABELS = st.from_regex(re.compile(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", re.ASCII), fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
SEGMENTS = st.from_regex(re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_~-]{0,9}", re.ASCII), fullmatch=True)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
NEAR = st.text(st.sampled_from([*"htps:/@.git[]%?#0x127ab", "\n", "\u017f", "."]), max_size=40)


@given(HOSTS, PATHS, st.sampled_from(["", ".git"]))
def test_every_way_to_write_a_repository_leads_to_one_spelling(
    host: str, path: str, end: str
) -> None:
    ways = [
        f"https://{host}/{path}{end}",
        f"https://{host.upper()}:443/{path}{end}/",
        f"ssh://git@{host}/{path}{end}",
        f"ssh://git@{host}:22/{path}{end}",
        f"git@{host.upper()}:{path}{end}",
    ]
    assert {normal(way) for way in ways} == {f"https://{host}/{path}"}


@given(HOSTS, HOSTS, PATHS, PATHS)
def test_two_repositories_never_become_one(
    host: str, other_host: str, path: str, other_path: str
) -> None:
    same = (host, path) == (other_host, other_path)
    assert (normal(f"https://{host}/{path}") == normal(f"git@{other_host}:{other_path}")) == same


@given(st.one_of(st.text(max_size=60), NEAR, st.from_regex(CONTRACT)), st.booleans())
def test_any_text_is_refused_or_gets_a_spelling_that_stays(text: str, allow_private: bool) -> None:
    once = told = ""
    try:
        once = normal(text, allow_private=allow_private)
    except RepositoryError as error:
        told = str(error)
    if told:
        assert len(text) < 12 or text not in told
        assert "\n" not in told
        return
    assert CONTRACT.search(once)
    assert normal(once, allow_private=allow_private) == once
    assert normal(once, allow_private=True) == once
