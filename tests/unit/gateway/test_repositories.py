"""Repositories: one spelling for all addresses of one, and which addresses are refused."""

from __future__ import annotations

import pytest

from quantapilot.errors import RepositoryError
from quantapilot.gateway.repositories import normal

ONE = "https://code.example/org/p"


@pytest.mark.parametrize(
    "url",
    [
        "https://code.example/org/p",
        "https://code.example/org/p/",
        "https://code.example/org/p.git",
        "https://code.example/org/p.git/",
        "https://CODE.example/org/p",
        "HTTPS://code.example/org/p",
        "https://code.example:443/org/p",
        "git@code.example:org/p.git",
        "git@code.example:/org/p",
        "ssh://git@code.example/org/p",
        "ssh://git@Code.Example:22/org/p.git",
    ],
)
def test_all_addresses_of_a_repository_are_one(url: str) -> None:
    assert normal(url) == ONE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://code.example/Org/P", "https://code.example/Org/P"),
        ("https://code.example:8443/org/p", "https://code.example:8443/org/p"),
        ("ssh://git@code.example:7999/org/p.git", "ssh://git@code.example:7999/org/p"),
        ("git@code.example:7999/p", "https://code.example/7999/p"),
        ("https://code.example/~org/p-1._x", "https://code.example/~org/p-1._x"),
        ("https://8.8.8.8/org/p", "https://8.8.8.8/org/p"),
        ("https://xn--bcher-kva.example/org/p", "https://xn--bcher-kva.example/org/p"),
    ],
)
def test_what_tells_repositories_apart_stays(url: str, expected: str) -> None:
    assert normal(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://ann@code.example/org/p",
        "https://ann:Example01@code.example/org/p",
        "https://:Example01@code.example/org/p",
        "https://@code.example/org/p",
        "https://code.example:Example01@evil.example/org/p",
        "ssh://ann@code.example/org/p",
        "ssh://git:Example01@code.example/org/p",
    ],
)
def test_credentials_are_refused_and_not_shown(url: str) -> None:
    with pytest.raises(RepositoryError) as refused:
        normal(url)
    assert "credentials" in str(refused.value)
    assert "Example01" not in str(refused.value)
    assert "ann" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://code.example/org/p",
        "file:///etc/passwd",
        "file://code.example/org/p",
        "ftp://code.example/org/p",
        "git://code.example/org/p",
        "ext::sh -c true",
        "/srv/git/p",
        "../p",
        "code.example/org/p",
        "git@code.example/org/p",
        "ann@code.example:org/p",
        "https://code.example",
        "https://code.example/",
        "https://code.example//org/p",
        "https://code.example/org//p",
        "https://code.example/org/../p",
        "https://code.example/org/./p",
        "https://code.example/..",
        "https://code.example/.git",
        "https://code.example/org/p.git.git",
        "https://code.example/org/p?token=Example01",
        "https://code.example/org/p#main",
        "https://code.example/org/%70",
        "https://code.example/org\\p",
        "https://code.example\\@evil.example/org/p",
        "https://code.example:0/org/p",
        "https://code.example:65536/org/p",
        "https://code.example:٤٤٣/org/p",
        "https://code.example:/org/p",
        "https://code..example/org/p",
        "https://code.example./org/p",
        "https://.code.example/org/p",
        "https://-code.example/org/p",
        "https://code-.example/org/p",
        "https://co_de.example/org/p",
        "https://[2001:4860:4860::8888]/org/p",
        "https://[::1]/org/p",
        "git@-oProxyCommand=x:org/p",
        "https://code.example/org/p\n",
        "https://code.example/org/p\r\nHost: evil.example",
        "https://code.example/org/p\x00",
        " https://code.example/org/p",
        "https://code.example/org /p",
        "https://" + "a." * 127 + "example/org/p",
        "https://code.example/" + "p" * 2048,
    ],
)
def test_other_addresses_are_refused_whoever_allows_networks(url: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(RepositoryError):
            normal(url, allow_private=allow_private)


@pytest.mark.parametrize(
    "url",
    [
        "https://cоde.example/org/p",  # a Cyrillic letter
        "https://code。example/org/p",
        "https://ｃode.example/org/p",
        "https://code.example/org/p\u200b",
        "https://code.example/org/\u202ep",
        "https://code.example⁄org/p",
        "https://①②⑦.0.0.1/org/p",
        "https://localho\u017ft/org/p",
        "https://code.example/org/p\u212a",
    ],
)
def test_letters_that_look_like_others_are_refused(url: str) -> None:
    with pytest.raises(RepositoryError, match="other than visible ASCII"):
        normal(url, allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "git.localhost",
        "git.local",
        "git.internal",
        "metadata.google.internal",
        "git.home.arpa",
        "git.lan",
        "git.corp",
        "git",
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
    ],
)
def test_a_host_inside_a_network_is_for_those_who_allow_it(host: str) -> None:
    for url in (f"https://{host}/org/p", f"git@{host}:org/p", f"ssh://git@{host}:7999/org/p"):
        with pytest.raises(RepositoryError, match="inside a network"):
            normal(url)
        assert host.lower() in normal(url, allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "10.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "0x",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "999.1.1.1",
        "a.0x",
    ],
)
def test_a_number_in_disguise_is_refused_whoever_allows_networks(host: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(RepositoryError, match="a number that is not written as an address"):
            normal(f"https://{host}/org/p", allow_private=allow_private)
