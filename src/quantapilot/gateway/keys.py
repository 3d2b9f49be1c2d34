"""The gateway's one key, and every secret that is derived from it instead of being stored.

Whoever copies the store has no secret of a webhook or of a signed trigger. The key stands in the
environment, or in a file beside a SQLite store.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets as random
import string
import tempfile
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from quantapilot.errors import GatewayKeyError
from quantapilot.gateway.store.address import address
from quantapilot.reports.plain import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "QP_GATEWAY_KEY"
_LEAST_CHARACTERS = 32
_FILE_BYTES = 32
_WRITTEN = re.compile(rb"[0-9a-f]{64}\n?")
_OTHERS = 0o077

_ALPHABET = string.digits + string.ascii_letters
# As `quantapilot.signing.new_secret` makes them: 285 bits, and text for programs that need text.
_SECRET_CHARACTERS = 48
_MAKE_ONE = 'python -c "import secrets; print(secrets.token_hex(32))" makes one'


class Keys:
    """Derives secrets; the same key gives the same ones on every node of a gateway."""

    __slots__ = ("_master",)

    def __init__(self, master: bytes) -> None:
        """Take the key; whoever has it can sign as the gateway and as every sender."""
        self._master = master

    def __repr__(self) -> str:
        return "<Keys>"

    @property
    def check(self) -> bytes:
        """What tells the key from any other, and says nothing of it."""
        return self.hashed("check")

    def subscription_secret(self, subscription_id: str, generation: int) -> str:
        """Return what deliveries to a webhook are signed with, in the form `whsec_…`.

        Args:
            subscription_id: The subscription.
            generation: How often its secret was made anew.
        """
        return self._secret(b"subscription", subscription_id.encode(), b"%d" % generation)

    def trigger_secret(self, token_id: str) -> str:
        """Return what the holder of a token of the kind `signed` signs with: `whsec_…`."""
        return self._secret(b"trigger", token_id.encode())

    def hashed(self, kind: str, *parts: bytes) -> bytes:
        """Return a keyed hash: equal for what is equal, and telling nobody of what.

        Args:
            kind: What is hashed; hashes of two kinds are never equal.
            parts: What is told apart, each of any bytes.
        """
        return self._mac("sha256", b"hash", kind.encode(), *parts)

    def _secret(self, *parts: bytes) -> str:
        # 512 bits spread over 48 of 62 characters: none of them is likelier than another.
        number = int.from_bytes(self._mac("sha512", b"secret", *parts), "big")
        characters = []
        for _ in range(_SECRET_CHARACTERS):
            number, at = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[at])
        return "whsec_" + b64encode("".join(characters).encode()).decode()

    def _mac(self, digest: str, *parts: bytes) -> bytes:
        # With their lengths: no two lists of parts give the same bytes.
        framed = b"".join([len(part).to_bytes(8, "big") + part for part in parts])
        return hmac.digest(self._master, framed, digest)


def load_keys(store_url: str, environ: Mapping[str, str] = os.environ) -> Keys:
    """Return the keys of a gateway: those of the environment, else those beside its store.

    A SQLite store without a key gets a new one, which only the store's owner can read. Processes
    that start at once agree on one.

    Args:
        store_url: A file, `sqlite:///FILE`, or the address of a server.
        environ: Where the variable QP_GATEWAY_KEY may stand.

    Raises:
        GatewayKeyError: The key is too short or damaged, others can read it, it can't be kept, or
            there is none and no place for one.
        StoreError: The address is none of a store.
    """
    if VARIABLE in environ:
        # A file that a variable is filled from may end with a newline.
        given = environ[VARIABLE].strip()
        if len(given) < _LEAST_CHARACTERS:
            raise GatewayKeyError(
                f"{VARIABLE} holds fewer than {_LEAST_CHARACTERS} characters; {_MAKE_ONE}"
            )
        return Keys(given.encode("utf-8", "surrogateescape"))
    store = address(store_url).path
    if store is None:
        raise GatewayKeyError(
            f"a store on a server has no place for the gateway's key: set {VARIABLE} to the same "
            f"random text for every process of this gateway; {_MAKE_ONE}"
        )
    return Keys(_kept(store.with_name(f"{store.name}.key")))


def _kept(file: Path) -> bytes:
    shown = printable(str(file))
    try:
        if not file.exists():
            _make(file)
        return _read(file, shown)
    except OSError as error:
        raise GatewayKeyError(
            f"{shown}: the gateway's key can't be kept there: {error.strerror}; "
            f"make that possible, or set {VARIABLE}"
        ) from None


def _make(file: Path) -> None:
    # Complete before it has its name, and the name is given once: who comes second reads the first.
    descriptor, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(random.token_hex(_FILE_BYTES).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(beside, file)
    finally:
        Path(beside).unlink()


def _read(file: Path, shown: str) -> bytes:
    if not file.is_file():
        raise GatewayKeyError(f"{shown}: the gateway's key is kept in a file, and this is none")
    with file.open("rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode
        written = stream.read(_FILE_BYTES * 4)
    if os.name == "posix" and mode & _OTHERS:
        raise GatewayKeyError(
            f"{shown}: others can read the gateway's key; take that away with chmod 600, and make "
            "the key anew if somebody may have read it"
        )
    if not _WRITTEN.fullmatch(written):
        raise GatewayKeyError(
            f"{shown}: the gateway's key is damaged; restore the file from a backup: with another "
            "key, every webhook and every signed trigger needs a new secret"
        )
    return written.strip()
