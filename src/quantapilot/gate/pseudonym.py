"""Placeholders: what stands in the place of a value that was taken out."""

from __future__ import annotations

from hashlib import blake2b
from unicodedata import normalize

from quantapilot.pii.fold import views

# So long that among a billion values no two are likely to share one.
_BYTES = 10
# Of these a value may be written with any marks between the characters.
_MARKED = frozenset({"phone", "national_id"})
# Letters of which neither numbers nor names can come about by chance; a colon would make the class
# a field's name.
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")


def placeholder(pii_class: str, value: str, key: bytes | None) -> str:
    """Return what replaces a value: `<email>`, or with a key `<email#…>`, alike for equal values.

    The pseudonym is a keyed BLAKE2b (RFC 7693) over class and value: whoever has the key can
    tell whose it is, and nobody else. How a value is encoded, its case and the marks between the
    digits of a number make no difference.
    """
    if key is None:
        return f"<{pii_class}>"
    *_, plain = views(value)
    read = normalize("NFKC", plain.text).casefold().strip()
    if pii_class in _MARKED:
        read = "".join(char for char in read if char.isalnum())
    data = f"{pii_class}:{read}".encode("utf-8", "surrogatepass")
    digest = blake2b(data, key=key[:64], digest_size=_BYTES).digest()
    return f"<{pii_class}#{digest.hex().translate(_LETTERS)}>"
