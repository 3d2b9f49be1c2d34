"""The labelled set: lines shaped like ours whose answer is known, to measure who finds what.

Of each class there are plain lines with personal data, lines in which it is disguised, and clean
look-alikes; a seeded generator fills the sentences of labelled.toml. The set is this project's own
invention and is made anew in every run: the tools are held to the same bytes.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from examples.make_examples import stamp, to_line

from benchmarks.corpus import clean_documents
from benchmarks.values import uuid, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Kind = Literal["plain", "disguised", "clean"]

SEED = 3
CLASSES = ("email", "phone", "name", "token", "national_id", "ip")
ORDINARY = "ordinary"
COUNTS: dict[Kind, int] = {"plain": 100, "disguised": 60, "clean": 140}
ORDINARY_LINES = 160

SET: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
WORDS: dict[str, list[str]] = SET["words"]
# What a sentence may hold beside the value that it is about.
INNOCENT = frozenset(
    {"few", "n", "pct", "ms", "k", "port", "day", "time", "sha7", "topic", "private"}
)
LEVELS = ("debug", "info", "INFO", "warning", "ERROR")
LOGGERS = ("gateway", "factory", "worker")
TEXTS = {
    "gate_requested": "description",
    "gate_decision": "reason",
    "run_paused": "reason",
    "run_failed": "message",
}
_PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}|\{\{|\}\}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the set: its text, its class, what it is of that class, and how it was made."""

    text: str
    pii_class: str
    kind: Kind
    how: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A filled sentence, and the personal value in it."""

    before: str
    value: str
    after: str

    def __str__(self) -> str:
        """Return it as a whole."""
        return f"{self.before}{self.value}{self.after}"

    def with_value(self, text: str) -> Sentence:
        """Return the sentence with another value."""
        return Sentence(self.before, text, self.after)


def labelled(seed: int = SEED, scale: float = 1) -> list[Line]:
    """Return the set, shuffled; the same arguments, the same lines.

    Args:
        seed: Of everything that is left to chance.
        scale: How many lines, as a part of the whole set.
    """
    rng = Random(seed)
    counts: dict[Kind, int] = {kind: max(2, round(count * scale)) for kind, count in COUNTS.items()}
    lines = [line for name in CLASSES for line in _of_class(rng, name, counts)]
    ordinary = rng.sample(clean_documents(rng), max(2, round(ORDINARY_LINES * scale)))
    lines += [
        Line(to_line(document).decode().rstrip("\n"), ORDINARY, "clean", "corpus")
        for document in ordinary
    ]
    rng.shuffle(lines)
    return lines


def write_labelled(path: Path, lines: Iterable[Line]) -> None:
    """Write the lines, in order: what a tool says of line 7 it says of the seventh."""
    path.write_text("".join(f"{line.text}\n" for line in lines), "utf-8")


def fill(rng: Random, template: str) -> Sentence:
    """Return a template with its placeholders filled; what is personal is the sentence's value."""
    parts = ["", "", ""]
    end = at = 0
    for found in _PLACEHOLDER.finditer(template):
        parts[at] += template[end : found.start()]
        end = found.end()
        if found[1] is None:
            parts[at] += found[0][0]
        elif found[1] in INNOCENT or at:
            parts[at] += value(rng, found[1], WORDS)
        else:
            parts[1] = value(rng, found[1], WORDS)
            at = 2
    parts[at] += template[end:]
    return Sentence(*parts)


def _of_class(rng: Random, name: str, counts: dict[Kind, int]) -> Iterator[Line]:
    source = SET[name]
    halves: tuple[tuple[Kind, list[str], list[str]], ...] = (
        ("plain", source["plain"], source["fields"]),
        ("clean", source["clean"], source["clean_fields"]),
    )
    for kind, sentences, fields in halves:
        templates = [*((each, False) for each in sentences), *((each, True) for each in fields)]
        for template, is_field in islice(cycle(templates), counts[kind]):
            make = _shaped if not is_field else _field if kind == "plain" else _clean_field
            text = make(rng, template)
            yield Line(text, name, kind, template)
    for how in islice(cycle(source["disguises"]), counts["disguised"]):
        yield Line(_disguised(rng, source, how), name, "disguised", how)


def _shaped(rng: Random, template: str) -> str:
    sentence = str(fill(rng, template))
    chance = rng.random()
    if chance < 0.15:
        head = f"{stamp(rng.randrange(10**8))} {rng.choice(LOGGERS)}[{rng.randint(2, 999)}]"
        return f"{head}: {sentence}"
    if chance < 0.4:
        return _json(_event(rng, sentence))
    return _json(_record(rng, message=sentence))


def _field(rng: Random, template: str) -> str:
    name, _, pattern = template.partition("=")
    return _json(_record(rng, message="step finished", **{name: str(fill(rng, pattern))}))


def _clean_field(rng: Random, template: str) -> str:
    name, _, pattern = template.partition("=")
    text = str(fill(rng, pattern))
    known: dict[str, object] = {name: int(text) if text.isdigit() else text}
    return _json(_record(rng, message="step finished", **known))


def _record(rng: Random, **fields: object) -> dict[str, object]:
    record: dict[str, object] = {
        "timestamp": stamp(rng.randrange(10**8)),
        "level": rng.choice(LEVELS),
        "logger": f"quantapilot.{rng.choice(LOGGERS)}",
        **fields,
        "run_id": uuid(rng),
    }
    if rng.random() < 0.4:
        record["duration_ms"] = rng.randint(2, 9000)
    if rng.random() < 0.25:
        record["trace_id"] = f"{rng.getrandbits(128):032x}"
    return record


def _event(rng: Random, sentence: str) -> dict[str, object]:
    name = rng.choice(list(TEXTS))
    run = uuid(rng)
    return {
        "specversion": "1.0",
        "id": uuid(rng),
        "source": "/quantapilot/factory",
        "type": f"quantapilot.{name}",
        "time": stamp(rng.randrange(10**8)),
        "subject": run,
        "data": {"run_id": run, TEXTS[name]: sentence},
    }


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _disguised(rng: Random, source: dict[str, Any], how: str) -> str:
    if how in WHOLE:
        return WHOLE[how](rng, source)
    while True:
        sentence = fill(rng, rng.choice(source["plain"]))
        hidden = VALUES[how](rng, sentence.value)
        if hidden != sentence.value:
            return _json(_record(rng, message=str(sentence.with_value(hidden))))


# Disguises of the value alone


def _zero_width(rng: Random, text: str) -> str:
    at = rng.randint(1, len(text) - 1)
    return f"{text[:at]}\u200b{text[at:]}"


def _full_width(_rng: Random, text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _spelled(rng: Random, text: str) -> str:
    at, dot = rng.choice(((" [at] ", " [dot] "), (" (at) ", "."), ("[at]", "."), (" at ", " dot ")))
    local, _, domain = text.partition("@")
    return f"{local}{at}{domain.replace('.', dot)}"


def _entities(_rng: Random, text: str) -> str:
    escaped = "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text)
    return escaped if escaped != text else f"&#x{ord(text[0]):x};{text[1:]}"


def _percent(_rng: Random, text: str) -> str:
    escaped = "".join(c if c.isalnum() and c.isascii() else _escape(c) for c in text)
    return escaped if escaped != text else f"%{ord(text[0]):02X}{text[1:]}"


def _escape(character: str) -> str:
    return quote(character, safe="") if not character.isascii() else f"%{ord(character):02X}"


def _other_name(rng: Random, text: str) -> str:
    return rng.choice(WORDS["other_name"]) if " " in text else text


def _reversed(_rng: Random, text: str) -> str:
    first, _, last = text.partition(" ")
    return f"{last}, {first}" if last else text


VALUES: dict[str, Callable[[Random, str], str]] = {
    "zero_width": _zero_width,
    "full_width": _full_width,
    "small_at": lambda _, text: text.replace("@", "\ufe6b"),
    "spelled": _spelled,
    "entities": _entities,
    "percent": _percent,
    "twice_percent": lambda rng, text: _percent(rng, text).replace("%", "%25"),
    "international": lambda rng, _: rng.choice(WORDS["other_email"]),
    "double_zero": lambda _, text: f"00{text[1:]}" if text.startswith("+") else text,
    "other_script": _other_name,
    "reversed": _reversed,
    "mapped": lambda _, text: f"::ffff:{text}" if ":" not in text else text,
}


# Disguises of the whole line


def _unicode(rng: Random, source: dict[str, Any]) -> str:
    sentence = fill(rng, rng.choice(source["plain"]))
    line = _json(_record(rng, message="\0"))
    parts = (_json(sentence.before)[1:-1], _json(sentence.after)[1:-1])
    hidden = "".join(f"\\u{ord(character):04x}" for character in sentence.value)
    return line.replace("\\u0000", f"{parts[0]}{hidden}{parts[1]}")


def _base64(rng: Random, source: dict[str, Any]) -> str:
    sentence = str(fill(rng, rng.choice(source["plain"])))
    return _json(_record(rng, message=base64.b64encode(sentence.encode()).decode()))


def _nested(rng: Random, source: dict[str, Any]) -> str:
    inner: object = {"status": "failed", "detail": str(fill(rng, rng.choice(source["plain"])))}
    if rng.random() < 0.3:
        inner = {"body": _json(inner)}
    return _json(_record(rng, message=_json(inner)))


def _key(rng: Random, source: dict[str, Any]) -> str:
    name = str(fill(rng, rng.choice(source["bare"])))
    return _json(_record(rng, message="counted", seen={name: rng.randint(1, 9)}))


def _array(rng: Random, source: dict[str, Any]) -> str:
    said = ["started", str(fill(rng, rng.choice(source["plain"]))), "done"]
    return _json(_record(rng, message="three notes", notes=said))


def _duplicate(rng: Random, source: dict[str, Any]) -> str:
    hidden = _json(str(fill(rng, rng.choice(source["plain"]))))
    line = _json(_record(rng, message="step finished"))
    return line.replace('"message":', f'"message":{hidden},"message":', 1)


WHOLE: dict[str, Callable[[Random, dict[str, Any]], str]] = {
    "unicode": _unicode,
    "base64": _base64,
    "nested": _nested,
    "key": _key,
    "array": _array,
    "duplicate": _duplicate,
}
