"""A value of each class, hidden in every way we know of, in a record and in a line of text.

The real commands read all of it: whatever is not found here leaves through a log.
"""

from __future__ import annotations

import base64
import json
import unicodedata
from functools import partial
from html.entities import html5
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.program import call

from quantapilot.contract.catalog import load_contract
from quantapilot.contract.validator import Validator
from quantapilot.findings import Summary
from quantapilot.gate.check import Gate
from quantapilot.gate.inspector import Inspector
from quantapilot.inputs.blocks import BLOCK_BYTES
from quantapilot.inputs.sources import Source
from quantapilot.pii.detector import Detector
from quantapilot.pii.prefilter import RegexPrefilter
from quantapilot.pii.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.findings import Finding

# Made up; each is found as it stands here.
VALUES = {
    "email": "alice.jones@example.com",
    "phone": "+44 20 7946 0958",
    "name": "Alice Johnson",
    "token": "ghp_" + "EXAMPLE4" * 4 + "abcd",
    "national_id": "123-45-6789",
    "ip": "8.8.4.4",
}
RECORD = {"timestamp": "2025-08-19T06:00:11.917Z", "level": "info", "message": "done"}
TWINS = str.maketrans("aceopxABCEHMPT", "асеорхАВСЕНМРТ")
NAMED = {text: name for name, text in html5.items() if name.endswith(";") and len(text) == 1}


def each(text: str, write: Callable[[str], str]) -> str:
    return "".join(map(write, text))


def between(text: str, what: str) -> str:
    """Put something into the middle of each of a text's words."""
    return each(text, lambda char: char + what if char.isalnum() else char)


def digits(text: str, zero: str) -> str:
    return each(text, lambda c: chr(ord(zero) + int(c)) if c.isdigit() else c)


def full_width(text: str) -> str:
    return each(text, lambda c: chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c)


def mathematical(text: str) -> str:
    def letter(char: str) -> str:
        if not (char.isascii() and char.isalnum()):
            return char
        base = 0x1D7CE if char.isdigit() else 0x1D400 if char.isupper() else 0x1D41A
        return chr(
            base + ord(char) - ord("0" if char.isdigit() else "A" if char.isupper() else "a")
        )

    return each(text, letter)


def coded(text: str, *, safe: bool = False, padded: bool = True) -> str:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    code = encode(text.encode()).decode()
    return code if padded else code.rstrip("=")


# What stands in the message or the line in place of the value.
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": partial(quote, safe=""),
    "percent-encoded, all of it": lambda t: each(t, lambda c: f"%{ord(c):02x}"),
    "percent-encoded twice": lambda t: quote(quote(t, safe=""), safe=""),
    "decimal entities": lambda t: each(t, lambda c: f"&#{ord(c)};"),
    "hexadecimal entities": lambda t: each(t, lambda c: f"&#x{ord(c):X};"),
    "entities of signs": lambda t: each(t, lambda c: c if c.isalnum() else f"&#{ord(c)};"),
    "named entities": lambda t: each(t, lambda c: f"&{NAMED[c]}" if c in NAMED else c),
    "entities twice": lambda t: each(t, lambda c: f"&amp;#{ord(c)};"),
    "percent-encoded entities": lambda t: quote(each(t, lambda c: f"&#{ord(c)};")),
    "escapes as text": lambda t: each(t, lambda c: f"\\u{ord(c):04x}"),
    "escapes of escapes": lambda t: each(t, lambda c: f"\\\\u{ord(c):04X}"),
    "escapes in braces": lambda t: each(t, lambda c: f"\\u{{{ord(c):x}}}"),
    "escapes of eight digits": lambda t: each(t, lambda c: f"\\U{ord(c):08x}"),
    "escapes by two digits": lambda t: each(t, lambda c: f"\\x{ord(c):02x}"),
    "base64": coded,
    "base64 without padding": partial(coded, padded=False),
    "base64 for URLs": partial(coded, safe=True),
    "base64 of a sentence": lambda t: coded(f"write to {t} about it", safe=True, padded=False),
    "base64 of UTF-16": lambda t: base64.b64encode(t.encode("utf-16-le")).decode(),
    "base64 twice": lambda t: coded(coded(t)),
    "base64 of JSON": lambda t: coded(json.dumps({"note": t})),
    "base64 of spread JSON": lambda t: coded(json.dumps({"data": {"note": t}}, indent=2)),
    "base64 of escaped JSON": lambda t: coded(
        '{"n":"' + each(t, lambda c: f"\\u{ord(c):04x}") + '"}'
    ),
    "base64 in a data URI": lambda t: f"data:text/plain;base64,{coded(t)}",
    "JSON as text": lambda t: json.dumps({"note": t}),
    "JSON in JSON as text": lambda t: json.dumps({"a": json.dumps({"note": t})}),
    "JSON in JSON in JSON": lambda t: json.dumps({"a": json.dumps({"b": json.dumps([t])})}),
    "JSON string of JSON": lambda t: json.dumps(json.dumps({"note": t})),
    "JSON with escapes as text": lambda t: (
        'payload={"note":"' + each(t, lambda c: f"\\u{ord(c):04x}") + '"}'
    ),
    "zero-width spaces": partial(between, what="\u200b"),
    "zero-width joiners": partial(between, what="\u200d"),
    "word joiners": partial(between, what="\u2060"),
    "soft hyphens": partial(between, what="\u00ad"),
    "byte order marks": partial(between, what="\ufeff"),
    "grapheme joiners": partial(between, what="\u034f"),
    "variation selectors": partial(between, what="\ufe0f"),
    "marks below": partial(between, what="\u0332"),
    "direction marks": lambda t: "\u202e" + between(t, "\u200e") + "\u202c",
    "Mongolian separators": partial(between, what="\u180e"),
    "Hangul fillers": partial(between, what="\u3164"),
    "tags": partial(between, what="\U000e0041"),
    "control characters": partial(between, what="\x01"),
    "colours": lambda t: f"\x1b[31m{t[:3]}\x1b[0m{t[3:]}\x1b[0m",
    "coloured as a whole": lambda t: f"\x1b[1;32m{t}\x1b[0m",
    "colours as text": lambda t: f"\\u001b[31m{t[:3]}\\u001b[0m{t[3:]}",
    "full width": full_width,
    "full width, percent-encoded": lambda t: quote(full_width(t)),
    "full width signs": lambda t: each(t, lambda c: c if c.isalnum() else full_width(c)),
    "mathematical letters": mathematical,
    "Arabic digits": partial(digits, zero="٠"),
    "Devanagari digits": partial(digits, zero="०"),
    "Bengali digits": partial(digits, zero="০"),
    "no-break spaces": lambda t: t.replace(" ", "\u00a0"),
    "thin spaces": lambda t: t.replace(" ", "\u2009"),
    "ideographic spaces": lambda t: t.replace(" ", "\u3000"),
    "ideographic stops": lambda t: t.replace(".", "。"),
    "half-width stops": lambda t: t.replace(".", "｡"),
    "dot leaders": lambda t: t.replace(".", "․"),
    "hyphenation points": lambda t: t.replace(".", "‧"),
    "small at signs": lambda t: t.replace("@", "﹫"),
    "no-break hyphens": lambda t: t.replace("-", "‑"),
    "minus signs": lambda t: t.replace("-", "−"),
    "en dashes": lambda t: t.replace("-", "–"),
    "defanged": lambda t: t.replace(".", "[.]").replace("@", "[@]"),
    "Cyrillic twins": lambda t: t.translate(TWINS),
    "decomposed": partial(unicodedata.normalize, "NFD"),
    "in quotes with backslashes": lambda t: f'\\"{t}\\"',
}
# Base64 of seven bytes without padding is a word like others, unless it stands alone.
SHORT = {("base64 without padding", "national_id"), ("base64 without padding", "ip")}
CASES = [
    pytest.param(spelling, pii_class, id=f"{pii_class}, {spelling}")
    for spelling in SPELLINGS
    for pii_class in VALUES
]


def in_text(value: str) -> str:
    return f"request for {value} was closed"


def line(*, ascii_only: bool = False, **fields: Any) -> str:
    return line_of(fields, ascii_only=ascii_only)


def line_of(fields: dict[str, Any], *, ascii_only: bool = False) -> str:
    return json.dumps({**RECORD, **fields}, ensure_ascii=ascii_only)


# Where a spelled value stands: how its line is made, and the name of the file.
PLACES: dict[str, tuple[Callable[[str], str], str]] = {
    "the only thing in a string": (lambda v: line(note=v), ".jsonl"),
    "in an escaped string": (lambda v: line(note=v, ascii_only=True), ".jsonl"),
    "a key": (lambda v: line_of({v: 1}), ".jsonl"),
    "a key within": (lambda v: line(a={"b": [{v: True}]}), ".jsonl"),
    "in an array": (lambda v: line(a=[["x", v], 1]), ".jsonl"),
    "behind a duplicate key": (
        lambda v: line(message=v)[:-1] + ',"message":"done"}',
        ".jsonl",
    ),
    "in JSON in a string": (lambda v: line(note=json.dumps({"a": {"b": v}})), ".jsonl"),
    "in JSON in JSON in a string": (
        lambda v: line(note=json.dumps({"a": json.dumps([{"b": v}])}, ensure_ascii=False)),
        ".jsonl",
    ),
    "the only thing in a line": (str, ".log"),
    "behind a line break": (lambda v: "INFO done\r\n" + v + "\r\n", ".log"),
}


class Scanner:
    """Reads a file as the commands do, without the start of a program."""

    def __init__(self, engine: Any = None) -> None:
        rules = load_rules()
        detector = Detector(rules, prefilter=engine) if engine else Detector(rules)
        contract = load_contract(Path(__file__).parents[2] / "_schemas")
        self._inspectors = {
            "scan": Inspector(detector),
            "validate": Inspector(detector, Validator(contract)),
        }

    def findings(self, file: Path, command: str = "scan") -> list[Finding]:
        """Return the personal data found in a file."""
        gate = Gate(self._inspectors[command], Summary())
        found = list(gate.check([Source(str(file), file, named=True)]))
        return [finding for finding in found if finding.category == "pii"]


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def written(text: str, suffix: str, folder: Path) -> Path:
    file = folder / f"a{suffix}"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return file


def classes(findings: list[Finding]) -> set[str | None]:
    return {finding.pii_class for finding in findings}


def hidden(finding: Finding, *values: str) -> bool:
    """Tell whether a finding shows none of some values."""
    shown = repr(finding)
    return not any(value in shown for value in values)


@pytest.mark.parametrize(("spelling", "pii_class"), CASES)
def test_a_value_is_found_however_it_is_spelled(
    spelling: str, pii_class: str, scanner: Scanner, tmp_path: Path
) -> None:
    plain = VALUES[pii_class]
    value = SPELLINGS[spelling](plain)
    texts = (
        {}
        if (spelling, pii_class) in SHORT
        else {
            "in a message": (line(message=in_text(value)), ".jsonl"),
            "in a line": (f"2025-08-19 06:00:11 INFO {in_text(value)}", ".log"),
        }
    )
    texts |= {where: (make(value), suffix) for where, (make, suffix) in PLACES.items()}

    found = {
        where: scanner.findings(written(text, suffix, tmp_path))
        for where, (text, suffix) in texts.items()
    }

    assert [where for where, findings in found.items() if pii_class not in classes(findings)] == []
    of_class = [f for findings in found.values() for f in findings if f.pii_class == pii_class]
    assert all(hidden(finding, plain, value) for finding in of_class)


@pytest.mark.parametrize(("spelling", "pii_class"), CASES)
def test_the_gate_finds_it_in_a_record_of_the_contract(
    spelling: str, pii_class: str, scanner: Scanner, tmp_path: Path
) -> None:
    file = written(line(message=SPELLINGS[spelling](VALUES[pii_class])), ".jsonl", tmp_path)

    assert pii_class in classes(scanner.findings(file, "validate"))


def test_without_the_fast_engine_the_whole_table_is_found_alike(
    scanner: Scanner, tmp_path: Path
) -> None:
    values = [spell(plain) for spell in SPELLINGS.values() for plain in VALUES.values()]
    table = "\n".join(line(message=in_text(value), note=value) for value in values)
    lines = "\n".join(in_text(value) for value in values)
    slow = Scanner(RegexPrefilter)

    for text, suffix in ((table, ".jsonl"), (lines, ".log")):
        file = written(text, suffix, tmp_path)
        assert slow.findings(file) == scanner.findings(file)


@pytest.mark.parametrize("pii_class", VALUES)
@pytest.mark.parametrize("command", ["scan", "validate:api"])
def test_the_commands_find_it_in_the_last_line_behind_a_mark_and_across_a_border(
    command: str, pii_class: str, tmp_path: Path
) -> None:
    value = VALUES[pii_class]
    quiet = line().encode() + b"\r\n"
    dirty = line(message=f"{in_text(value)}").encode()
    room = BLOCK_BYTES - len(dirty) // 2
    filled = quiet * (room // len(quiet))
    border = filled + line(message="x" * (room - len(filled) - len(line(message="")) - 1)).encode()
    data = b"\xef\xbb\xbf" + border + b"\n" + dirty + b"\r\n" + quiet + dirty
    file = tmp_path / "a.jsonl"
    file.write_bytes(data)

    _, out, _ = call(command, "--format", "json", str(file))

    lines = {f["line"] for f in json.loads(out)["findings"] if f["class"] == pii_class}
    last = data.count(b"\n") + 1
    assert lines == {last - 2, last}


@pytest.mark.parametrize("pii_class", VALUES)
def test_a_value_deep_in_a_long_line_is_found(
    pii_class: str, scanner: Scanner, tmp_path: Path
) -> None:
    value = quote(VALUES[pii_class], safe="")
    file = written(line(message="step done " * 200_000 + value + " x" * 9), ".jsonl", tmp_path)

    assert pii_class in classes(scanner.findings(file))


# Fields that hold something by their name: the name is hidden, not the value.
NAMED_FIELDS = {
    "escaped in the key": r'{"first\u005fname":"Zed"}',
    "full width in the key": json.dumps({full_width("first_name"): "Zed"}, ensure_ascii=False),
    "in base64 of JSON": json.dumps({"body": coded('{"user":{"first_name":"Zed"}}')}),
    "in an array in base64 of JSON": json.dumps({"body": coded('{"reviewers":["Zed Novak"]}')}),
    "in JSON in a string": json.dumps({"body": '{"first_name":"Zed"}'}),
    "in JSON in JSON in a string": json.dumps({"b": json.dumps({"c": '{"first_name":"Zed"}'})}),
    "in a JSON string in a string": json.dumps({"b": json.dumps('{"first_name":"Zed"}')}),
    "in JSON in a line": r"INFO payload={\"first_name\":\"Zed\"} sent",
    "percent-encoded in a query": '{"url":"https://x.example/?first_name%3DZed"}',
    "with entities in a line": "INFO first_name=&quot;Zed&quot;",
    "with an invisible character in it": json.dumps({"first_name": "Z\u200bed"}),
    "with a plus sign in a query": "GET /runs?reviewer=Zed+Quux 200",
}


@pytest.mark.parametrize("where", NAMED_FIELDS)
def test_a_field_that_holds_a_name_is_told_by_its_hidden_name(
    where: str, scanner: Scanner, tmp_path: Path
) -> None:
    text = NAMED_FIELDS[where]
    file = written(text, ".jsonl" if text.startswith("{") else ".log", tmp_path)

    findings = scanner.findings(file)

    assert "name" in classes(findings)
    assert all(hidden(finding, "Zed", "Z\u200bed") for finding in findings)


def test_base64_is_masked_whole_wherever_it_is_shown(scanner: Scanner, tmp_path: Path) -> None:
    code = coded("write to alice.jones@example.com about it")
    text = f"job {code} of bob@example.com and {code}"
    for content, suffix in ((text, ".log"), (line_of({"note": text, code: text}), ".jsonl")):
        findings = scanner.findings(written(content, suffix, tmp_path))
        assert len(findings) >= 3
        assert all(hidden(finding, code, code[:24], code[-24:]) for finding in findings)


# Looks like something encoded, and hides nothing; or hides something that is no one's.
HARMLESS = [
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b of feature/x",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7",
    f"artifact {coded('build finished in 12 s, nothing to report')} stored",
    "state " + coded('{"step":"clone","attempt":2}') + " kept",
    "GET /docs/My%20File%20%282%29.md 200",
    "a &lt;b&gt; c &amp;&amp; d &nbsp; e",
    r"matched ^\d+\.\d+$ in C:\new\table\report.txt",
    "перезапуск Docker-контейнера, етап «clone» завершено",
    "Η εργασία ολοκληρώθηκε",
    "10мс, 5шт, API-ключ, mTLSсертифікат",
    "ＤＯＮＥ： ５ ｓｔｅｐｓ",
    "\x1b[32mPASS\x1b[0m tests/unit \x1b[1m12 passed\x1b[0m in 3 s",
    "x[.]y and array[at] index",
    "GET /search?q=red+green+blue&page=2",
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_hides_nothing_is_left_alone(text: str, scanner: Scanner, tmp_path: Path) -> None:
    assert scanner.findings(written(text, ".log", tmp_path)) == []
    assert scanner.findings(written(line(message=text), ".jsonl", tmp_path)) == []
