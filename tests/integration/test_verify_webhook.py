"""`qp verify-webhook` as its users know it: a saved request, and what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.program import call

from quantapilot.errors import ExitCode
from quantapilot.signing import Signer, new_secret, secret_text

CLEAN, REFUSED, USAGE, _, UNCHECKED = ExitCode
SECRETS = "QP_WEBHOOK_SECRETS"
SECRET = new_secret()
AT = 1614265330
MESSAGE = "3d0ad8cf-0159-466a-846d-7cb2c7de120e"
BODY = '{"id": "3d0ad8cf", "name": "café", "of": [1.50, 2]}'.encode()
FILES = ("--headers", "headers.txt", "--body", "body.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRETS, SECRET)
    return tmp_path


def save(
    body: bytes = BODY, signed: bytes = BODY, *, at: int = AT, timestamp: str | None = None
) -> None:
    made = Signer([SECRET]).headers(MESSAGE, at, signed)
    made["webhook-timestamp"] = timestamp or made["webhook-timestamp"]
    lines = "".join(f"{name.title()}: {value}\r\n" for name, value in made.items())
    Path("headers.txt").write_bytes(b"POST /hook HTTP/1.1\r\nHost: h\r\n" + lines.encode())
    Path("body.json").write_bytes(body)


def test_a_good_signature_says_which_message_when_and_by_which_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SECRETS, f"{new_secret()} {SECRET}")
    save()
    for at in (str(AT), "2021-02-25T15:02:10Z", "2021-02-25 16:02:10.5+01:00"):
        assert call("verify-webhook", *FILES, "--at", at) == (
            CLEAN,
            f"valid: message {MESSAGE}\n    signed 2021-02-25T15:02:10Z, key 2 of 2\n",
            "",
        )


def test_what_is_signed_now_is_valid_now() -> None:
    save(at=int(time.time()))
    code, out, err = call("verify-webhook", *FILES)
    assert (code, err) == (CLEAN, "")
    assert out.startswith("valid: ")


def test_either_file_can_come_from_standard_input() -> None:
    save()
    for name, file in (("--body", "body.json"), ("--headers", "headers.txt")):
        arguments = [*FILES[: FILES.index(name)], *FILES[FILES.index(name) + 2 :], name, "-"]
        code, out, _ = call(
            "verify-webhook", *arguments, "--at", str(AT), stdin=Path(file).read_bytes()
        )
        assert code == CLEAN, out
    code, _, err = call("verify-webhook", "--headers", "-", "--body", "-")
    assert code == USAGE
    assert "only one of --headers and --body can be standard input" in err


def test_headers_can_be_a_json_object() -> None:
    save()
    made = Signer([SECRET]).headers(MESSAGE, AT, BODY)
    Path("headers.txt").write_text(json.dumps(made | {"webhook-timestamp": AT}), "utf-8")
    assert call("verify-webhook", *FILES, "--at", str(AT))[0] == CLEAN


def test_an_old_request_says_that_its_signature_holds_and_how_to_verify_it() -> None:
    save()
    told = (
        "not valid: too-old\n"
        "    it was signed longer ago than is tolerated; it is an old request that is sent again, "
        "or a clock is wrong\n"
        "    = The signature itself holds, made 2021-02-25T15:02:10Z; "
        f"--at {AT} verifies as of then.\n"
    )
    assert call("verify-webhook", *FILES) == (REFUSED, told, "")
    assert call("verify-webhook", *FILES, "--tolerance", "99999999999")[0] == CLEAN
    code, out, _ = call("verify-webhook", *FILES, "--at", "2021-02-25T14:02:10Z")
    assert (code, out.splitlines()[0]) == (REFUSED, "not valid: too-new")


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (BODY + b"\n", "without its final newline"),
        (BODY + b"\r\n", "without its final newline"),
        (b"\xef\xbb\xbf" + BODY, "without the byte order mark"),
        (json.dumps(json.loads(BODY)).encode(), None),
    ],
)
def test_what_an_editor_did_to_the_body_is_told(saved: bytes, told: str | None) -> None:
    save(saved)
    for more in ([], ["--at", str(AT)]):
        code, out, _ = call("verify-webhook", *FILES, *more)
        assert code == REFUSED
        assert "no signature belongs to this body" in out
        assert out.count("It holds for") == (told is not None)
        assert told is None or f"    = It holds for the body {told}" in out


@pytest.mark.parametrize(
    "signed",
    [
        json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
        for value in [{"b": "café ☃", "a": [1, {"x": None}]}]
        for separators in ((",", ":"), (", ", ": "))
        for ascii_only in (True, False)
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_body_that_was_parsed_and_written_again_is_told(
    signed: bytes, indent: int | None
) -> None:
    saved = json.dumps(json.loads(signed), indent=indent).encode() + b" "
    save(saved, signed)
    code, out, _ = call("verify-webhook", *FILES, "--at", str(AT))
    assert code == REFUSED
    assert "    = It holds for the same JSON written otherwise: keep the bytes" in out


def test_lost_newlines_and_other_line_ends_are_told() -> None:
    for saved, signed, told in [
        (b"[1]", b"[1]\n", "with a final newline"),
        (b"[1,\r\n2]\r\n", b"[1,\n2]\n", "with other line ends"),
        (b"[1,\n2]\n", b"[1,\r\n2]\r\n", "with other line ends"),
    ]:
        save(saved, signed)
        assert f"It holds for the body {told}" in call("verify-webhook", *FILES, "--at", str(AT))[1]


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[" * 100_000, b'"\\ud800"', b"9" * 10_000])
def test_any_other_body_is_just_refused(body: bytes) -> None:
    save(body)
    code, out, err = call("verify-webhook", *FILES, "--at", str(AT))
    assert (code, err, len(out.splitlines())) == (REFUSED, "", 2)


def test_a_header_that_is_wrong_is_named_without_hints() -> None:
    save(timestamp="soon")
    code, out, _ = call("verify-webhook", *FILES)
    assert (code, out.splitlines()[0]) == (REFUSED, "not valid: bad-timestamp")
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize("given", [None, "", "  "])
def test_without_a_secret_nothing_is_verified(
    given: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    monkeypatch.delenv(SECRETS)
    if given is not None:
        monkeypatch.setenv(SECRETS, given)
    code, out, err = call("verify-webhook", *FILES)
    assert (code, out) == (USAGE, "")
    assert f"set {SECRETS} to the sender's" in err
    monkeypatch.setenv("OTHER_SECRETS", SECRET)
    assert call("verify-webhook", *FILES, "--secret-env", "OTHER_SECRETS")[0] == REFUSED


def test_a_secret_never_shows_even_where_it_was_put_in_the_wrong_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save()
    shown = []
    for arguments in (
        ["--secret-env", SECRET],
        ["--secret-env", SECRET.rstrip("=")],
        ["--secret-env", f"{SECRETS}={SECRET}"],
        [],
        ["--at", str(AT)],
    ):
        code, out, err = call("verify-webhook", *FILES, *arguments)
        assert code == (CLEAN if "--at" in arguments else REFUSED if not arguments else USAGE)
        shown += [out, err]
    for broken in (SECRET[6:], SECRET[:20], SECRET + "!", f"{SECRET} whsk_{SECRET[6:]}"):
        monkeypatch.setenv(SECRETS, broken)
        code, out, err = call("verify-webhook", *FILES)
        assert (code, out) == (UNCHECKED, "")
        assert err.startswith("qp: secret ")
        shown += [out, err]
    for hidden in (SECRET[6:26], SECRET[6:18], secret_text(SECRET)[:12]):
        assert hidden not in "".join(shown)


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        ("nowhere", "body.json", "qp: nowhere: can't be read: No such file or directory\n"),
        ("headers.txt", ".", "qp: .: can't be read: Is a directory\n"),
        ("body.json", "body.json", "qp: body.json: the value of a header is no text; "),
        ("bad.txt", "body.json", "qp: bad.txt:2: this is no line of the form 'Name: value'\n"),
        ("big.txt", "body.json", "qp: big.txt: there is more than 1 MiB in it\n"),
    ],
)
def test_files_that_can_not_be_used_end_with_4(headers: str, body: str, told: str) -> None:
    save(b'{"a": null}')
    Path("bad.txt").write_text("a: b\nzq\n", "utf-8")
    Path("big.txt").write_bytes(b"a: b\n" * (1 << 18))
    code, out, err = call("verify-webhook", "--headers", headers, "--body", body)
    assert (code, out) == (UNCHECKED, "")
    assert err.startswith(told)


@pytest.mark.parametrize(
    "at", ["", "soon", "2021-02-25", "2021-02-25T15:02:10", "-1", "1e9", "nan", "9" * 400]
)
def test_a_time_that_is_none_is_refused(at: str) -> None:
    save()
    code, _, err = call("verify-webhook", *FILES, "--at", at)
    assert code == USAGE
    assert "write seconds since 1970, or a date and time with an offset" in err


def test_a_time_beyond_the_calendar_is_still_told() -> None:
    save(at=99_999_999_999)
    code, out, _ = call("verify-webhook", *FILES, "--at", "99999999999")
    assert code == CLEAN
    assert "signed 5138-" in out


def test_it_starts_without_any_package_of_the_runtime() -> None:
    save()
    heavy = "aiohttp,nats,faststream,structlog,uvloop,asyncio,orjson,re2,regex,jsonschema_rs"
    program = (
        "import sys\nfrom quantapilot.cli import main\ntry:\n    main()\n"
        f"finally:\n    print(sorted(set({heavy!r}.split(',')) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "verify-webhook", *FILES, "--at", str(AT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
