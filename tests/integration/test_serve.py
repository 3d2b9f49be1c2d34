"""`qp serve` as an operator meets it: how it ends, and what it says where it can't begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.gateways import ROOT, Gateway

if TYPE_CHECKING:
    from pathlib import Path

SERVE = (sys.executable, "-c", "from quantapilot.cli import main; main()", "serve")


def refused(folder: Path, *options: str, code: int = 4, **environment: str) -> str:
    """Return what is said by a gateway that does not begin."""
    store = ("--store", str(folder / "gateway.db"), "--listen", "127.0.0.1:0")
    done = subprocess.run(
        [*SERVE, *store, *options],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    return done.stderr


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_asked_to_end_closes_and_ends_with_0(
    tmp_path: Path, asked: signal.Signals
) -> None:
    gateway = Gateway(str(tmp_path / "gateway.db"), tmp_path)
    gateway.start()
    with gateway.stream(gateway.token()) as stream:
        os.kill(gateway.pid, asked)
        assert stream.next() is None
    assert gateway.ended() == 0
    assert "interrupted" not in gateway.log


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with Gateway(str(tmp_path / "one.db"), tmp_path) as gateway:
        said = refused(tmp_path, "--listen", f"127.0.0.1:{gateway.port}")
    assert said == f"qp: can't listen at 127.0.0.1:{gateway.port}: Address already in use\n"


def test_files_that_are_no_certificate_are_told_in_plain_words(tmp_path: Path) -> None:
    no_key = tmp_path / "key.pem"
    no_key.write_text("no key\n")
    issued = trustme.CA().issue_cert("127.0.0.1")
    certificate = tmp_path / "certificate.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    said = refused(tmp_path, "--certificate", str(certificate), "--key", str(no_key))
    assert said == (
        "qp: the certificate or its key can't be used: they are not PEM, or not of each other\n"
    )


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.1/8", "10.0.0.1, *"])
def test_a_proxy_that_could_never_be_believed_is_no_proxy(tmp_path: Path, proxies: str) -> None:
    said = refused(tmp_path, "--behind", proxies, code=2)
    assert "--behind: it is not addresses or networks such as 10.0.0.0/8" in said


def test_a_short_key_is_told_with_how_to_make_one_and_not_shown(tmp_path: Path) -> None:
    said = refused(tmp_path, QP_GATEWAY_KEY="short-one")
    assert "QP_GATEWAY_KEY holds fewer than 32 characters" in said
    assert "short-one" not in said
