"""What the errors of other packages say of an input."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
from aiohttp import ClientPayloadError, ClientResponseError
from botocore.exceptions import (  # type: ignore[import-untyped] # it has no types
    ClientError,
    NoCredentialsError,
)
from yarl import URL

from quantapilot.inputs.remote_faults import fault_of, faults_told
from quantapilot.inputs.rules import InputFaultError


def _caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def _answered(status: int) -> ClientResponseError:
    return ClientResponseError(None, (), status=status, message=str(URL("http://h/?s=SECRET")))  # type: ignore[arg-type] # what is asked is not looked at


def _s3(code: str, status: int) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    answer = {"Error": {"Code": code, "Message": "SECRET"}, "ResponseMetadata": metadata}
    return ClientError(answer, "GetObject")


@pytest.mark.parametrize(
    ("error", "rule", "reason"),
    [
        (_caused(FileNotFoundError("SECRET"), _answered(403)), "input/unreadable", "(status 403)"),
        (_caused(FileNotFoundError("SECRET"), _answered(404)), "input/missing-file", "nothing"),
        (_answered(503), "input/unreadable", "(status 503)"),
        (FileNotFoundError("SECRET"), "input/missing-file", "nothing stands"),
        (_caused(FileNotFoundError(), _s3("NoSuchBucket", 404)), "input/unreadable", "no such b"),
        (_caused(PermissionError("SECRET"), _s3("AccessDenied", 403)), "input/unreadable", "allow"),
        (PermissionError("SECRET"), "input/unreadable", "does not allow it"),
        (NoCredentialsError(), "input/unreadable", "no credentials"),
        (_caused(OSError("SECRET"), socket.gaierror(1, "x")), "input/unreadable", "host"),
        (_caused(OSError("SECRET"), ssl.SSLCertVerificationError("x")), "input/unreadable", "cert"),
        (TimeoutError("SECRET"), "input/unreadable", "no answer in time"),
        (ClientPayloadError("SECRET"), "input/unreadable", "in the middle"),
        (OSError(errno.EIO, "SECRET"), "input/unreadable", "nput/output error"),
        (ValueError("SECRET"), "input/unreadable", "ValueError"),
        (ModuleNotFoundError(name="gcsfs"), "input/needs-extra", "package 'gcsfs'"),
        (ModuleNotFoundError(name="s3fs.core"), "input/needs-extra", "contract[s3]"),
        (_caused(ImportError(), ModuleNotFoundError(name="aiohttp")), "input/needs-extra", "[rem"),
    ],
)
def test_an_error_is_told_by_its_kind_and_never_by_its_text(
    error: BaseException, rule: str, reason: str
) -> None:
    told = fault_of(error)
    assert told.rule == rule
    assert reason in str(told)
    assert "SECRET" not in str(told)


def test_errors_that_cause_each_other_end() -> None:
    one, other = ValueError(), OSError()
    one.__cause__, other.__cause__ = other, one
    assert fault_of(one).rule == "input/unreadable"


def test_a_fault_of_ours_stays_as_it_is() -> None:
    ours = InputFaultError("input/damaged", "broken off")
    with pytest.raises(InputFaultError) as told, faults_told():
        raise ours
    assert told.value is ours
