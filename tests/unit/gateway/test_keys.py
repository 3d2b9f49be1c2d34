"""The gateway's key: what is derived from it, where it is kept, and when it is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.detecting import detector_of

from quantapilot.errors import GatewayKeyError
from quantapilot.gateway.keys import VARIABLE, Keys, load_keys
from quantapilot.signing import Signer, secret_text, verify

if TYPE_CHECKING:
    from pathlib import Path

POSTGRESQL = "postgresql://gateway:Example01@db.example/gateway"
KEY = "k" * 32


def test_the_same_key_gives_the_same_secrets_and_another_key_gives_others() -> None:
    keys, same, other = Keys(b"one"), Keys(b"one"), Keys(b"other")
    assert keys.subscription_secret("s", 0) == same.subscription_secret("s", 0)
    assert keys.trigger_secret("t") == same.trigger_secret("t")
    assert keys.trigger_secret("t") != other.trigger_secret("t")
    assert keys.hashed("a", b"b") != other.hashed("a", b"b")


def test_no_two_things_have_the_same_secret() -> None:
    keys = Keys(b"one")
    secrets = [
        keys.subscription_secret("a", 0),
        keys.subscription_secret("a", 1),
        keys.subscription_secret("a1", 0),
        keys.subscription_secret("b", 0),
        keys.trigger_secret("a"),
        keys.trigger_secret("b"),
    ]
    assert len(set(secrets)) == len(secrets)


def test_hashes_tell_apart_where_one_part_ends() -> None:
    keys = Keys(b"one")
    hashes = [
        keys.hashed("key", b"ab", b"c"),
        keys.hashed("key", b"a", b"bc"),
        keys.hashed("key", b"abc"),
        keys.hashed("key", b"abc", b""),
        keys.hashed("keya", b"bc"),
    ]
    assert len(set(hashes)) == len(hashes)


def test_a_derived_secret_signs_verifies_and_is_text_for_programs_that_need_text() -> None:
    secret = Keys(b"one").subscription_secret("a", 0)
    text = secret_text(secret)
    assert len(text) == 48
    assert text.isalnum()
    headers = Signer([secret]).headers("m", 100, b"body")
    assert verify(headers, b"body", [secret], now=lambda: 100.0).message_id == "m"


def test_a_derived_secret_in_a_log_line_is_found_by_our_own_rules() -> None:
    keys = Keys(b"one")
    for number in range(50):
        assert detector_of("token").find(f"signed with {keys.trigger_secret(str(number))}")


def test_keys_show_nothing() -> None:
    assert repr(Keys(b"one")) == "<Keys>"


def test_a_sqlite_store_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    store = str(tmp_path / "gateway.db")
    first = load_keys(store, {})
    assert (tmp_path / "gateway.db.key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["gateway.db.key"]
    again = load_keys(f"sqlite:///{store}", {})
    assert again.trigger_secret("t") == first.trigger_secret("t")


def test_the_environment_comes_first_and_no_file_is_made(tmp_path: Path) -> None:
    store = str(tmp_path / "gateway.db")
    given = load_keys(store, {VARIABLE: f"{KEY}\n"})
    assert given.trigger_secret("t") == Keys(KEY.encode()).trigger_secret("t")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["", " ", "k" * 31, f"{'k' * 31} \n"])
def test_a_short_key_is_refused_and_not_shown(given: str, tmp_path: Path) -> None:
    with pytest.raises(GatewayKeyError, match="fewer than 32 characters") as refused:
        load_keys(str(tmp_path / "gateway.db"), {VARIABLE: given})
    assert "kkk" not in str(refused.value)


def test_a_store_on_a_server_needs_a_key_from_the_environment() -> None:
    with pytest.raises(GatewayKeyError, match=VARIABLE) as refused:
        load_keys(POSTGRESQL, {})
    assert "Example01" not in str(refused.value)
    load_keys(POSTGRESQL, {VARIABLE: KEY})


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    store, file = str(tmp_path / "gateway.db"), tmp_path / "gateway.db.key"
    load_keys(store, {})
    file.chmod(mode)
    with pytest.raises(GatewayKeyError, match="chmod 600") as refused:
        load_keys(store, {})
    assert file.read_text().strip() not in str(refused.value)


@pytest.mark.parametrize(
    "written", [b"", b"\n", b"0" * 63, b"0" * 65, b"g" * 64, b"0" * 64 + b"\r\n"]
)
def test_a_damaged_key_is_refused_and_left_as_it_is(tmp_path: Path, written: bytes) -> None:
    file = tmp_path / "gateway.db.key"
    file.touch(mode=0o600)
    file.write_bytes(written)
    with pytest.raises(GatewayKeyError, match="damaged"):
        load_keys(str(tmp_path / "gateway.db"), {})
    assert file.read_bytes() == written


def test_a_folder_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.db.key").mkdir()
    with pytest.raises(GatewayKeyError, match="this is none"):
        load_keys(str(tmp_path / "gateway.db"), {})


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayKeyError, match="can't be kept there: No such file"):
        load_keys(str(tmp_path / "none" / "gateway.db"), {})


def test_programs_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    # Each waits for the go-ahead with everything imported, so that all are at it at once.
    program = (
        "import sys\n"
        "from quantapilot.gateway.keys import load_keys\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(load_keys(sys.argv[1], {}).trigger_secret('t'))\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "gateway.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    secrets = {each.communicate()[0] for each in running}
    assert [each.returncode for each in running] == [0] * 4
    assert len(secrets) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["gateway.db.key"]
