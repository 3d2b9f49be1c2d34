"""The token: from the environment, else from the system's keyring; never from an argument.

Arguments show in lists of processes and in histories of shells.
"""

from __future__ import annotations

import os
import re

from quantapilot.errors import UnauthenticatedError, needing

VARIABLE = "QP_TOKEN"
SERVICE = "quantapilot"

_TOKEN = re.compile(r"qpt_[0-9a-z]{12}_[0-9A-Za-z]{40}")


def token(url: str) -> str:
    """Return the token for a gateway.

    Args:
        url: Its address, as `gateway_url` gives it; the keyring knows the token by it.

    Raises:
        UnauthenticatedError: There is none, or what there is can be no token of a gateway. That is
            not sent: it is likely to be a secret of something else.
        MissingExtraError: The keyring is needed, and its package is not installed.
    """
    given = os.environ.get(VARIABLE, "").strip()
    place = VARIABLE
    if not given:
        given, place = _kept(url).strip(), "the keyring"
    if not _TOKEN.fullmatch(given):
        raise UnauthenticatedError(
            f"what {place} holds is no token of a gateway: one begins with qpt_, and"
            " 'qp token create' makes it"
        )
    return given


def _kept(url: str) -> str:
    with needing("client", f"a token from the keyring, as {VARIABLE} is not set,"):
        import keyring
    try:
        kept = keyring.get_password(SERVICE, url)
    except Exception:  # noqa: BLE001 - each of its backends raises what it likes
        raise UnauthenticatedError(
            f"there is no token: set {VARIABLE}; the keyring can't be asked on this machine"
        ) from None
    if kept is None:
        raise UnauthenticatedError(
            f"there is no token for {url}: set {VARIABLE}, or keep it with"
            f" 'keyring set {SERVICE} {url}'"
        )
    return kept
