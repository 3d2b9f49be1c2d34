"""Where the token comes from, and what is said where there is none; it is never shown."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from tests.gateway_stub import TOKEN

from quantapilot.client.credentials import token
from quantapilot.errors import MissingExtraError, UnauthenticatedError
from quantapilot.gateway.tokens import new_token

URL = "http://127.0.0.1:8700"


def keyring(monkeypatch: pytest.MonkeyPatch, answer: str | Exception | None) -> list[str]:
    """Have a keyring that answers so; what it was asked for is returned."""
    asked = []

    def get_password(service: str, user: str) -> str | None:
        asked.append(f"{service} {user}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    module = ModuleType("keyring")
    module.__dict__["get_password"] = get_password
    monkeypatch.setitem(sys.modules, "keyring", module)
    return asked


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = keyring(monkeypatch, None)
    monkeypatch.setenv("QP_TOKEN", f" {TOKEN}\n")
    assert token(URL) == TOKEN
    assert not asked


def test_every_token_that_a_gateway_makes_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        made, _kept = new_token(["run:trigger"], ["proj_a"], 0.0)
        monkeypatch.setenv("QP_TOKEN", made)
        assert token(URL) == made


@pytest.mark.parametrize("value", [None, ""])
def test_the_keyring_comes_second(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    asked = keyring(monkeypatch, TOKEN)
    if value is None:
        monkeypatch.delenv("QP_TOKEN", raising=False)
    else:
        monkeypatch.setenv("QP_TOKEN", value)
    assert token(URL) == TOKEN
    assert asked == [f"quantapilot {URL}"]


def test_without_a_token_it_is_told_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_TOKEN", raising=False)
    keyring(monkeypatch, None)
    with pytest.raises(
        UnauthenticatedError, match=f"set QP_TOKEN, .*keyring set quantapilot {URL}"
    ):
        token(URL)


def test_a_keyring_that_fails_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_TOKEN", raising=False)
    keyring(monkeypatch, RuntimeError("hunter2"))
    with pytest.raises(UnauthenticatedError, match="set QP_TOKEN") as told:
        token(URL)
    assert "hunter2" not in str(told.value)
    assert told.value.__cause__ is None


def test_no_keyring_on_a_machine_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_TOKEN", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(UnauthenticatedError, match="set QP_TOKEN"):
        token(URL)


def test_a_missing_package_names_extra_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QP_TOKEN", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"QP_TOKEN.*\[client\]"):
        token(URL)


@pytest.mark.parametrize("value", ["hunter2", f"{TOKEN}x", f"Bearer {TOKEN}", f"{TOKEN}\r\nx: y"])
def test_a_secret_of_something_else_is_not_sent_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("QP_TOKEN", value)
    with pytest.raises(UnauthenticatedError, match="no token of a gateway") as told:
        token(URL)
    assert value not in str(told.value)
