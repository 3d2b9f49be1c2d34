"""Remote faults: what went wrong at an address, in words of ours.

The packages that read from there raise what they like, and their texts hold addresses with all
credentials. So an error is told by its kind and its causes, and its text is never shown.
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from quantapilot.inputs.rules import InputFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Which extra brings a package that is missing; any other package is named itself.
_EXTRAS: Final = {"fsspec": "remote", "aiohttp": "remote", "s3fs": "s3"}
_DENIED: Final = "the server does not allow it; check the credentials and what they may read"
# Errors that have no common base, by the names of their classes.
_NAMED: Final = {
    "NoCredentialsError": "there are no credentials for it",
    "PartialCredentialsError": "its credentials are incomplete",
    "CredentialRetrievalError": "its credentials can't be got",
    "TokenRetrievalError": "its credentials can't be got",
    "UnauthorizedSSOTokenError": "its credentials have expired",
    "DefaultCredentialsError": "there are no credentials for it",
    "ProfileNotFound": "the profile of its credentials does not exist",
    "ClientConnectorCertificateError": "its certificate can't be trusted",
    "InvalidURL": "this is no valid address",
    "InvalidUrlClientError": "this is no valid address",
    "ParamValidationError": "this is no valid address",
    "TooManyRedirects": "it redirects without an end",
    "ConnectTimeoutError": "no answer in time",
    "ReadTimeoutError": "no answer in time",
    "ClientPayloadError": "the connection ended in the middle of it",
    "ServerDisconnectedError": "the server closed the connection",
    "IncompleteRead": "the connection ended in the middle of it",
    "FileExpired": "it was changed while it was read",
}
_KINDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "its certificate can't be trusted"),
    (ssl.SSLError, "no encrypted connection can be made"),
    (socket.gaierror, "its host is not known"),
    (ConnectionRefusedError, "nothing listens there"),
    (ConnectionError, "the connection ended in the middle of it"),
    (TimeoutError, "no answer in time"),
    (PermissionError, _DENIED),
)


@contextmanager
def faults_told() -> Iterator[None]:
    """Turn whatever is raised within it into a fault of the input.

    Raises:
        InputFaultError: Something was raised.
    """
    try:
        yield
    except InputFaultError:
        raise
    except Exception as error:
        # Each package has errors of its own, without a common base.
        raise fault_of(error) from error


def fault_of(error: BaseException) -> InputFaultError:
    """Return what an error of a package for remote files, or a cause of it, says of an input."""
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ModuleNotFoundError):
            return InputFaultError("input/needs-extra", _needing(each.name or ""))
    reason = _named(causes)
    status = next((found for each in causes if (found := _status(each))), None)
    if reason is None and status is not None and status >= 300:
        reason = _DENIED if status in {401, 403, 407} else "the server does not give it out"
        reason = None if status == 404 else f"{reason} (status {status})"
    elif reason is None:
        reason = _of_a_kind(causes)
    if reason is None:
        return InputFaultError("input/missing-file", "nothing stands at this address")
    return InputFaultError("input/unreadable", f"can't be read: {reason}")


def _named(causes: Sequence[BaseException]) -> str | None:
    """Return the reason that a code of S3 or the name of a class tells."""
    for each in causes:
        if _code(each) == "NoSuchBucket":
            return "there is no such bucket"
        if (reason := _NAMED.get(type(each).__name__)) is not None:
            return reason
    return None


def _of_a_kind(causes: Sequence[BaseException]) -> str | None:
    """Return the reason that the kinds of errors tell; None where there is nothing to read."""
    for kind, reason in _KINDS:
        if any(isinstance(each, kind) for each in causes):
            return reason
    if any(isinstance(each, FileNotFoundError) for each in causes):
        return None
    number = getattr(causes[0], "errno", None)
    return os.strerror(number) if isinstance(number, int) else type(causes[0]).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _needing(package: str) -> str:
    top = package.partition(".")[0]
    if (extra := _EXTRAS.get(top)) is not None:
        return f"needs the extra '{extra}': pip install 'quantapilot-contract[{extra}]'"
    return f"needs the package '{top}': pip install {top}"


def _answer(error: BaseException) -> dict[str, Any]:
    """Return what botocore keeps of a server's answer."""
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}


def _code(error: BaseException) -> object:
    return _answer(error).get("Error", {}).get("Code")


def _status(error: BaseException) -> int | None:
    """Return the status of HTTP that an error tells: of aiohttp, botocore, Azure or Google."""
    told = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    for name in ("status", "status_code", "code"):
        if not isinstance(told, int):
            told = getattr(error, name, None)
    return told if isinstance(told, int) and 100 <= told < 600 else None
