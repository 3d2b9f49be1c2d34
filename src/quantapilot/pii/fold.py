"""Folding: the forms of a text in which a value may hide, each with its way back.

Escapes, entities, percent-encoding, base64, look-alike characters and invisible ones make one
value look like many. Rules are written for the plain form, so a text is decoded layer by layer,
and a span found in a form is traced back to what stands in the text.

Every step is a linear pass. What it replaced is looked up only where something was found.
"""

from __future__ import annotations

import unicodedata
from array import array
from binascii import a2b_base64
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from quantapilot.patterns import lazy

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

# One layer may hide another: `%2540`, or base64 of JSON with escapes.
_ROUNDS = 3

# So many short pieces of a text are read once, however often they stand in it.
_PIECES = 4096
_SHORT = 64

# Arrows, box drawing, dingbats, quotation marks and a few signs: common in log lines, never part
# of a value, and left as they are.
_SYMBOLS = lazy(r"[«»°±·×‘-‟•…←-⇿─-╿✀-➿]")
_PLAIN = (
    dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
    | dict.fromkeys("。｡‧۔", ".")
    | dict.fromkeys("∶꞉", ":")
    | dict.fromkeys("⁄∕", "/")
    # Blank, and no space to Unicode.
    | dict.fromkeys("\u115f\u1160\u3164\uffa0", "")
    | {"\u2800": " "}
)
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_STYLED_LETTER = lazy(
    r"(?:LATIN LETTER SMALL CAPITAL|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER) (?P<letter>[A-Z])"
)
# Letters of other alphabets, and the Latin ones that they look like.
_TWINS = str.maketrans(
    "аеорсуүхіјѕһԁԛԝӏАВЕЅІЈКМНОРСТУҮХԌԚԜ" + "αονικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyyxijshdqwlABESIJKMHOPCTYYXGQW" + "aovikptuxABEZHIKMNOPTYX",
)
_FOREIGN = "\u0370-\u052f"

# Base64 of ASCII text shows: of each four characters the first three can't be any.
_THIRD = "[ABEFIJMNQRUVYZcdghklopstwx014589]"
_QUAD = f"[I-Za-f][C-HS-Xi-nyz0-3]{_THIRD}[A-Za-z0-9+/_-]"
# What stands before base64; a plus sign may be a space.
_OTHERS = r"[^A-Za-z0-9/_\n-]"
_DIGIT_QUAD = (
    f"[I-Za-f](?:[0-3]{_THIRD}[A-Za-z0-9+/_-]"
    f"|[C-HS-Xi-nyz0-3](?:[014589][A-Za-z0-9+/_-]|{_THIRD}[0-9]))"
)
# Four of the kind are no chance. Fewer count with padding behind them, or alone in a string,
# where one of two must have a digit.
_BASE64 = (
    f"(?:{_QUAD}){{4}}"
    f"|(?:{_QUAD}){{2,3}}[I-Za-f](?:[AQgw]=|[C-HS-Xi-nyz0-3][AEIMQUYcgkosw048])="
    # A JSON object or array that begins with a line break.
    f"|(?:ewog|ewoJ|ew0K|Wwog|WwoJ|Ww0K)(?:{_QUAD}){{2}}"
    # Cyrillic letters.
    "|0[I-LYZab][DHLPTXbfjnrvz37/_][QR][g-v][Ndt9][CG]"
    # ASCII in UTF-16.
    "|[I-Za-f][AQgw][AB][A-Za-z0-9+/_-]A[C-H][AEIMQUYcgkosw048]A"
)
_REST = f"[I-Za-f](?:[AQgw]|[C-HS-Xi-nyz0-3]{_THIRD})"
_BASE64_ALONE = (
    f"(?:(?:{_QUAD}){{3}}(?:{_REST})?|(?:{_DIGIT_QUAD}{_QUAD}|{_QUAD}{_DIGIT_QUAD}){_REST})"
)
# Base64 as it begins in a raw line.
BASE64_IN_LINE = (
    rf'(?:^|{_OTHERS}|\\[nrt])(?:{_BASE64})|(?:^|"|\\[nrt])(?:{_BASE64_ALONE})(?:["\\\r]|$)'
)
_ALONE = rf'{_BASE64_ALONE}(?=["\\\n]|\Z)'
# Few words get past the first look, which is all that most texts pay for.
_BASE64_BEHIND = lazy(
    r"[^A-Za-z0-9+/_-](?=[I-Za-fW0][AC-LQS-Zabgi-nwyz0-3][A-Za-z0-9+/_-]{8})"
    rf'(?:{_BASE64}|(?<=["\n]){_ALONE})'
)
_BASE64_FIRST = lazy(f"{_BASE64}|{_ALONE}")

_ESCAPES = lazy(
    r"""(?<!\\)\\++(?:u[0-9A-Fa-f]{4}(?:\\++u[0-9A-Fa-f]{4})*+|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\}|U000[0-9A-Fa-f]{5}|[nrt"'/])"""
    # In a regular expression; a dot behind the backslash of a path is none.
    r"|(?<!\\)\\*+@[\w-]{1,63}(?:\\++\.[\w-]{1,63}){0,6}|(?<=[0-9])\\++\.(?=[0-9])"
    r"|%u[0-9A-Fa-f]{4}"
)
_UNIT = lazy(
    r"(?:\\++|%)(?:[ux](?P<digits>[0-9A-Fa-f]{2,4})|(?:U|u\{)(?P<all>[0-9A-Fa-f]{1,8})\}?)"
)
_ENTITIES = lazy(r"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,24};)")
# What an ASCII text has that is not plain, but for base64.
_TELLS = lazy(
    r"[%\\&+\[({\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"(?:(?<=[^+\[({])|(?<=\+)\w|(?:[.@:]|[dD][oO][tT]|[aA][tT])[\])}])"
)
# Values of a query, where a plus sign stands for a space.
_QUERY = lazy(r"(?<=[?&])[\w.\[\]-]{1,64}=[^\s?&#\"'<>+]*\+[^\s?&#\"'<>]*")
# Defanged, as reports of attacks write addresses.
_DEFANGED = lazy(r"[\[({](?:[.@:]|[dD][oO][tT]|[aA][tT])[\])}]")
_PERCENT = lazy(r"(?:%[0-9A-Fa-f]{2})+")
# Colours of a terminal, links in it, and characters that are none.
_CONTROLS = lazy(
    r"\x1b\[[0-9;:?]{0,32}[A-Za-z]|\x1b\]8;[^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
# A letter and the marks over it.
_MARK = lazy(r"[\u0300-\u036f]")
_MARKED = lazy(r"[^\W\d_][\u0300-\u036f]{1,16}")
_BEYOND_ASCII = lazy(r"[^\x00-\x7f]+")
# Letters that folding leaves alone, as alphabets and signs have them.
KEPT = "À-ÖØ-öø-ÿЀ-ҁҊ-ԯ぀-ゖァ-ヺ一-鿿가-힣" + "«»°±·×‘-‟•…←-⇿─-╿✀-➿"
_MAY_CHANGE = lazy(rf"[^\x00-\x7f{KEPT}]")
# From its Latin letter, which fewer texts of other alphabets have.
_MIXED = lazy(rf"[A-Za-z](?:[{_FOREIGN}]|(?<=[{_FOREIGN}].))")
_WORDS = lazy(r"\w+")
_BASE64_TOKENS = lazy(
    rf'(?<![A-Za-z0-9+/_-])(?:(?:{_BASE64})[A-Za-z0-9+/_-]*+={{0,2}}|(?<![^"\n]){_ALONE})'
)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """A way to hide a value: where its pieces stand in a text, and how they are read.

    `parts` reads a piece part by part, each with the length of what it stands for; None leaves
    the piece as it is. `concerns` tells fast whether a text has any, `whole` reads it at once.
    """

    pieces: re.Pattern[str]
    parts: Callable[[str], Sequence[tuple[str, int]] | None]
    concerns: Callable[[str], object]
    whole: Callable[[str], str] | None = None

    def decoded(self, text: str) -> str:
        """Return a text with all its pieces read."""
        if not self.concerns(text):
            return text
        if self.whole is not None:
            return self.whole(text)
        known = _Pieces(self.parts)
        return self.pieces.sub(lambda found: known[found[0]], text)


class _Pieces(dict[str, str]):
    """What each piece of one text is read as; short ones are read once."""

    def __init__(self, parts: Callable[[str], Sequence[tuple[str, int]] | None]) -> None:
        super().__init__()
        self._parts = parts

    def __missing__(self, piece: str) -> str:
        parts = self._parts(piece)
        read = piece if parts is None else "".join([new for new, _ in parts])
        if len(self) < _PIECES and len(piece) < _SHORT:
            self[piece] = read
        return read


@dataclass(slots=True, repr=False)
class _Step:
    """One layer taken away: the text before it, and by what it was decoded."""

    before: str
    decoder: _Decoder
    # Of each part that changed: its end in the result, its length there, its span before.
    _ends: array[int] = field(default_factory=partial(array, "q"))
    _lengths: array[int] = field(default_factory=partial(array, "q"))
    _from: array[int] = field(default_factory=partial(array, "q"))
    _to: array[int] = field(default_factory=partial(array, "q"))
    _known: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span before this step of a span behind it."""
        if not self._known:
            self._look_up()
        return self._place(start)[0], self._place(max(start, end - 1))[1]

    def _place(self, at: int) -> tuple[int, int]:
        part = bisect_right(self._ends, at)
        if part < len(self._ends) and at >= self._ends[part] - self._lengths[part]:
            return self._from[part], self._to[part]
        if part:
            at += self._to[part - 1] - self._ends[part - 1]
        return at, min(at + 1, len(self.before))

    def _look_up(self) -> None:
        shift = 0
        for found in self.decoder.pieces.finditer(self.before):
            position = found.start()
            for new, width in self.decoder.parts(found[0]) or ():
                if not len(new) == width == 1:
                    end = position + shift + len(new)
                    self._ends.append(end)
                    self._lengths.append(len(new))
                    self._from.append(position)
                    self._to.append(position + width)
                    shift += len(new) - width
                position += width
        self._known = True


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """One form of a text, and the steps that led to it."""

    text: str
    steps: tuple[_Step, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that `text[start:end]` stands for."""
        for step in reversed(self.steps):
            start, end = step.span(start, end)
        return start, end


def views(text: str) -> Iterator[View]:
    """Yield the text as it is, then each form that decoding one more layer gives it."""
    view = View(text)
    yield view
    if _is_plain(text):
        return
    for _ in range(_ROUNDS):
        before = view
        for decoder in _DECODERS:
            changed = decoder.decoded(view.text)
            if changed != view.text:
                view = View(changed, (*view.steps, _Step(view.text, decoder)))
                yield view
        if view is before or _is_plain(view.text):
            return


def is_symbol(char: str) -> bool:
    """Tell whether a character beyond ASCII hides nothing, so that its line needs no close look."""
    return _SYMBOLS.fullmatch(char) is not None


def base64_text(text: str) -> str | None:
    """Return the text that a text is base64 of as a whole, or None."""
    if _BASE64_FIRST.match(text) and _BASE64_TOKENS.fullmatch(text):
        return _text_of(text)
    return None


def _is_plain(text: str) -> bool:
    return text.isascii() and not (_TELLS.search(text) or _holds_base64(text))


def _holds_base64(text: str) -> bool:
    return _BASE64_FIRST.match(text) is not None or _BASE64_BEHIND.search(text) is not None


def _unescaped(run: str) -> Sequence[tuple[str, int]]:
    if "@" in run or run[-1] == ".":
        return [("" if char == "\\" else char, 1) for char in run]
    if run[-1] in "nrt":
        # Of a character that is none, the letter belongs to nothing.
        return [({"n": "\n", "r": "\r", "t": "\t"}[run[-1]], len(run))]
    if run[-1] in "\"'/":
        return [(run[-1], len(run))]
    parts: list[tuple[str, int]] = []
    high = 0
    for found in _UNIT.finditer(run):
        code, width = int(found["digits"] or found["all"], 16), len(found[0])
        if high and 0xDC00 <= code < 0xE000:
            above = ord(parts[-1][0]) - 0xD800
            code = 0x10000 + (above << 10) + code - 0xDC00
            width += parts.pop()[1]
        high = 0xD800 <= code < 0xDC00
        parts.append((chr(code) if code < 0x110000 else "\ufffd", width))
    return parts


def _entity(piece: str) -> Sequence[tuple[str, int]] | None:
    from html import unescape

    read = unescape(piece)
    return None if read == piece else [(read, len(piece))]


def _percent_decoded(run: str) -> Sequence[tuple[str, int]]:
    read = bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape")
    return [
        ("\ufffd", 3) if "\ud800" <= char < "\ue000" else (char, 3 * len(char.encode()))
        for char in read
    ]


def _spaced(query: str) -> Sequence[tuple[str, int]]:
    return [(" " if char == "+" else char, 1) for char in query]


def _refanged(piece: str) -> Sequence[tuple[str, int]]:
    return [({"dot": ".", "at": "@"}.get(piece[1:-1].lower(), piece[1]), len(piece))]


def _composed(letter: str) -> Sequence[tuple[str, int]] | None:
    read = unicodedata.normalize("NFC", letter)
    return None if read == letter else [(read, len(letter))]


def _dropped(piece: str) -> Sequence[tuple[str, int]]:
    return [("", len(piece))]


class _Folded(dict[int, str]):
    """What each character is read as; filled as characters come up."""

    def __missing__(self, code: int) -> str:
        read = self[code] = _folded(chr(code))
        return read


def _folded(char: str) -> str:
    if char < "\x80" or is_symbol(char):
        return char
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in _INVISIBLE:
        return ""
    if found := _STYLED_LETTER.fullmatch(unicodedata.name(char, "")):
        return found["letter"].lower()
    # Spaces of any width have a plain form too, but for the oldest of them.
    read = " " if category in _SPACES else unicodedata.normalize("NFKC", char)
    return "".join(_PLAIN.get(each, each) for each in read)


_FOLDED = _Folded()


def _folded_run(run: str) -> Sequence[tuple[str, int]]:
    return [(_FOLDED[ord(char)], 1) for char in run]


def _untwinned(word: str) -> Sequence[tuple[str, int]] | None:
    """Return a word of two alphabets in one, where all its foreign letters look like Latin."""
    if word.isascii() or not _MIXED.search(word):
        return None
    read = word.translate(_TWINS)
    return [(char, 1) for char in read] if read.isascii() else None


def _text_of(token: str) -> str | None:
    body = token.rstrip("=")
    if len(body) % 4 == 1:
        return None
    standard = body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4)
    try:
        data = a2b_base64(standard)
        read = data.decode("utf-16-le" if data[1:4:2] == b"\0\0" else "utf-8")
    except ValueError:
        return None
    shown = read.replace("\n", "").replace("\r", "").replace("\t", "")
    return read if shown.isprintable() else None


def _unpacked(token: str) -> Sequence[tuple[str, int]] | None:
    read = _text_of(token)
    return None if read is None else [(read, len(token))]


_DECODERS = (
    _Decoder(_ESCAPES, _unescaped, lambda text: "\\" in text or "%u" in text),
    _Decoder(_ENTITIES, _entity, lambda text: "&" in text),
    _Decoder(_QUERY, _spaced, lambda text: "+" in text and "=" in text),
    _Decoder(_PERCENT, _percent_decoded, lambda text: "%" in text),
    _Decoder(
        _CONTROLS,
        _dropped,
        lambda text: not text.isprintable(),
        lambda text: _CONTROLS.sub("", text),
    ),
    _Decoder(_DEFANGED, _refanged, _DEFANGED.search),
    _Decoder(_MARKED, _composed, lambda text: not text.isascii() and _MARK.search(text)),
    _Decoder(
        _BEYOND_ASCII,
        _folded_run,
        lambda text: not text.isascii() and _MAY_CHANGE.search(text),
        lambda text: text.translate(_FOLDED),
    ),
    _Decoder(_WORDS, _untwinned, lambda text: not text.isascii() and _MIXED.search(text)),
    _Decoder(_BASE64_TOKENS, _unpacked, _holds_base64),
)
