"""`qp token` and `qp project` as their users know them, on a real store."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode
from quantapilot.gateway.access import Access, SignedTriggers
from quantapilot.gateway.keys import VARIABLE, load_keys
from quantapilot.gateway.model import SCOPES, Token
from quantapilot.gateway.store.store import Store
from quantapilot.gateway.tokens import parsed
from quantapilot.signing import Signer

CLEAN, FINDINGS, USAGE, NOTHING, UNCHECKED = ExitCode
STORE = "quantapilot.db"
REPOSITORY = "https://code.example/org/p"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("QP_STORE", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def created(*options: str) -> str:
    code, out, err = call("token", "create", "--project", "proj_a", *options)
    assert (code, out.count("\n")) == (CLEAN, 1), err
    return out.strip()


def principal(text: str) -> Token | None:
    with Store(STORE) as store:
        directory = store.directory()
    return Access(lambda: directory).principal([(b"authorization", f"Bearer {text}".encode())])


def test_a_token_is_printed_alone_and_holds_until_it_is_revoked() -> None:
    text = created("--scope", "run:read", "--scope", "run:emit", "--label", "nightly builds")
    token = principal(text)
    assert token is not None
    assert sorted(token.scopes) == ["run:emit", "run:read"]
    assert sorted(token.projects) == ["proj_a"]
    assert (token.label, token.expires_at) == ("nightly builds", None)
    assert call("token", "revoke", token.token_id) == (CLEAN, f"revoked {token.token_id}\n", "")
    assert principal(text) is None
    code, out, err = call("token", "revoke", token.token_id)
    assert (code, out) == (FINDINGS, "")
    assert err == f"qp: no token {token.token_id} holds; 'qp token list' has all\n"


@pytest.mark.parametrize(
    ("given", "seconds"), [("90m", 5400), ("12h", 43200), ("30d", 30 * 86400), ("2w", 14 * 86400)]
)
def test_a_token_ends_when_it_was_told_to(given: str, seconds: int) -> None:
    before = time.time()
    token = principal(created("--scope", "run:read", "--expires", given))
    assert token is not None
    assert token.expires_at is not None
    assert 0 <= token.expires_at - before - seconds < 60


def test_a_token_of_every_project_is_for_all() -> None:
    code, out, _ = call("token", "create", "--project", "*", "--scope", "run:read")
    token = principal(out.strip())
    assert code == CLEAN
    assert token is not None
    assert token.sees("proj_b")


def test_whoever_makes_a_token_for_a_project_without_repositories_is_told() -> None:
    told = "proj_a has no repository yet: 'qp project add proj_a --repo URL'\n"
    make = ("token", "create", "--project", "proj_a", "--scope", "run:trigger")
    assert told in call(*make)[2]
    call("project", "add", "proj_a", "--repo", REPOSITORY)
    assert told not in call(*make)[2]


def test_a_key_that_signs_is_printed_with_its_secret() -> None:
    token_id, secret = created("--signed").split()
    with Store(STORE) as store:
        directory = store.directory()
    assert directory.tokens[token_id].scopes == {"run:trigger"}
    made = Signer([secret]).headers("msg_1", int(time.time()), b"{}")
    headers = [(name.encode(), value.encode()) for name, value in made.items()]
    who = SignedTriggers(lambda: directory, load_keys(STORE, {})).principal(
        token_id, headers, b"{}"
    )
    assert who is not None
    assert who.token.token_id == token_id


def test_a_key_that_signs_does_nothing_else() -> None:
    for scopes in (("run:read",), ("run:trigger", "run:read")):
        options = [part for scope in scopes for part in ("--scope", scope)]
        code, out, err = call("token", "create", "--project", "proj_a", "--signed", *options)
        assert (code, out) == (USAGE, "")
        assert "signs triggers and nothing else" in err


def test_a_key_that_signs_is_not_made_where_its_secret_can_not_be_derived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    code, out, err = call("token", "create", "--project", "proj_a", "--signed")
    assert (code, out) == (UNCHECKED, "")
    assert "fewer than 32 characters" in err
    assert call("token", "list")[0] == NOTHING


def test_the_list_shows_who_may_what_and_never_what_proves_it() -> None:
    text = created("--scope", "run:read", "--label", "a dashboard", "--expires", "30d")
    token_id, secret = created("--signed").split()
    call("token", "revoke", token_id)
    code, out, err = call("token", "list")
    assert (code, err) == (CLEAN, "")
    first, second = out.splitlines()
    sent = parsed(text)
    assert sent is not None
    assert first.startswith(f"{sent[0]}  bearer  live  run:read  proj_a  expires 20")
    assert first.endswith("Z  a dashboard")
    assert second == f"{token_id}  signed  revoked  run:trigger  proj_a"
    code, listed, err = call("token", "list", "--format", "json")
    assert (code, err) == (CLEAN, "")
    dashboard, signing = json.loads(listed)
    assert dashboard["token_id"] == sent[0]
    assert (dashboard["state"], dashboard["revoked_at"]) == ("live", None)
    assert (signing["kind"], signing["state"], signing["expires_at"]) == ("signed", "revoked", None)
    with Store(STORE) as store:
        kept = store.tokens()[0]
    for hidden in (sent[1], secret, kept.digest.hex(), kept.salt.hex()):
        assert hidden not in out + listed


def test_nothing_is_listed_where_nothing_is() -> None:
    for command in ("token", "project"):
        code, out, err = call(command, "list")
        assert (code, out, err) == (NOTHING, "", f"qp: {STORE}: there is no such store\n")
    assert not Path(STORE).exists()
    created("--scope", "run:read")
    code, out, err = call("project", "list")
    assert (code, out, err) == (NOTHING, "", "nothing is listed: no repository is registered\n")


def test_the_store_is_named_by_an_option_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QP_STORE", "sqlite:///by-environment.db")
    created("--scope", "run:read")
    created("--scope", "run:read", "--store", "by-option.db")
    assert not Path(STORE).exists()
    for store in ("by-environment.db", "by-option.db"):
        assert len(call("token", "list", "--store", store)[1].splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--project", "proj_a"],
        ["--scope", "run:read"],
        ["--project", "", "--scope", "run:read"],
        ["--project", "proj-a", "--scope", "run:read"],
        ["--project", "proj_a\n", "--scope", "run:read"],
        ["--project", "**", "--scope", "run:read"],
        ["--project", "proj_a", "--scope", "*"],
        ["--project", "proj_a", "--scope", "metrics:read"],
        ["--project", "proj_a", "--scope", "run:read", "--expires", "0d"],
        ["--project", "proj_a", "--scope", "run:read", "--expires", "30"],
        ["--project", "proj_a", "--scope", "run:read", "--expires", "9999999w"],
        ["--project", "proj_a", "--scope", "run:read", "--expires", "٣d"],
        ["--project", "proj_a", "--scope", "run:read", "--label", "x" * 61],
        ["--project", "proj_a", "--scope", "run:read", "--label", "two\nlines"],
    ],
)
def test_a_token_that_is_wrongly_asked_for_is_not_made(options: list[str]) -> None:
    code, out, _ = call("token", "create", *options)
    assert (code, out) == (USAGE, "")
    assert not Path(STORE).exists()


def test_a_label_that_names_a_person_is_refused_and_not_repeated() -> None:
    code, out, err = call(
        *("token", "create", "--project", "proj_a", "--scope", "run:read"),
        *("--label", "for ann.example@mail.example"),
    )
    assert (code, out) == (USAGE, "")
    assert "pii/email" in err
    assert "ann" not in err


def test_a_whole_token_in_place_of_its_id_is_not_repeated() -> None:
    text = created("--scope", "run:read")
    code, out, err = call("token", "revoke", text)
    assert (code, out) == (USAGE, "")
    assert text[-40:] not in err
    assert principal(text) is not None


def test_repositories_are_registered_listed_and_let_go_of() -> None:
    other = "https://code.example/org/q"
    add = call("project", "add", "proj_a", "--repo", "git@code.example:org/p.git", "--repo", other)
    assert add == (CLEAN, f"proj_a  {REPOSITORY}\nproj_a  {other}\n", "")
    assert call("project", "list") == add
    assert json.loads(call("project", "list", "--format", "json")[1]) == [
        {"project_id": "proj_a", "repositories": [REPOSITORY, other]}
    ]
    remove = ("project", "remove", "proj_a", "--repo", "ssh://git@code.example/org/p")
    assert call(*remove) == (CLEAN, f"removed {REPOSITORY}\n", "")
    assert call(*remove)[0] == FINDINGS
    assert call("project", "remove", "proj_b")[0] == FINDINGS
    assert call("project", "remove", "proj_a") == (CLEAN, f"removed {other}\n", "")
    assert call("project", "list")[0] == NOTHING


def test_a_repository_belongs_to_one_project() -> None:
    call("project", "add", "proj_a", "--repo", REPOSITORY)
    again = call("project", "add", "proj_a", "--repo", REPOSITORY)
    assert again == (CLEAN, f"proj_a  {REPOSITORY}\n", "")
    other = "https://code.example/org/q"
    code, out, err = call("project", "add", "proj_b", "--repo", other, "--repo", REPOSITORY)
    assert (code, out) == (FINDINGS, "")
    assert f"{REPOSITORY} belongs to proj_a" in err
    assert call("project", "list")[1] == f"proj_a  {REPOSITORY}\n"


def test_a_repository_inside_a_network_is_for_those_who_allow_it() -> None:
    add = ("project", "add", "proj_a", "--repo", "git@git.internal:org/p")
    code, _, err = call(*add)
    assert code == USAGE
    assert "--allow-private" in err
    assert call(*add, "--allow-private")[0] == CLEAN
    assert call("project", "remove", "proj_a", "--repo", "git@git.internal:org/p")[0] == CLEAN


def test_credentials_in_a_repositorys_address_are_not_repeated() -> None:
    code, out, err = call(
        "project", "add", "proj_a", "--repo", "https://ann:Example01@code.example/org/p"
    )
    assert (code, out) == (USAGE, "")
    assert "credentials" in err
    assert "Example01" not in err
    assert not Path(STORE).exists()


def test_every_scope_is_told_by_the_help() -> None:
    told = "".join(call("token", "create", "--help")[1].split())
    assert all(scope in told for scope in SCOPES)
