"""The check of texts that are about to be written: which rules hold, and what may stand instead.

Almost every line is proven clean by one native pass. The others are read as `qp scan` reads them,
line by line, so that a scan of what was written finds nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.errors import RuleTimeoutError, UnsearchableError
from quantapilot.gate.check import Selection
from quantapilot.gate.document import Text
from quantapilot.gate.pseudonym import placeholder
from quantapilot.gate.redaction import DROPPED, Redaction
from quantapilot.gate.scanner import shows_all
from quantapilot.pii.mask import merge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantapilot.config import Config
    from quantapilot.findings import Finding
    from quantapilot.gate.inspector import Inspector
    from quantapilot.pii.detector import Match

# A longer text counts as unchecked: what it costs to search is paid by who logs it.
MAX_BYTES = 1 << 20
# Colours and the like (ECMA-48 control sequences), which a terminal does not show.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# For `orjson`: all that is no plain value is written as it shows itself.
AS_SHOWN = (
    orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class LineCheck:
    """Judges texts by the rules of a detector; safe to share between threads.

    Args:
        inspector: One without a contract.
        selection: The rules that count.
        max_bytes: Length in UTF-8 from which on a text is not searched.
    """

    def __init__(
        self,
        inspector: Inspector,
        selection: Selection | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.max_bytes = max_bytes
        self._inspector = inspector
        self._detector = inspector.detector
        self._proves = inspector.detector.proves
        self._selection = selection or Selection()
        self._redaction = Redaction(inspector, self._selection)

    def clean(self, text: str) -> bool:
        """Tell whether no rule holds in any line of a text.

        Raises:
            UnsearchableError: It is too long.
            RuleTimeoutError: A rule did not finish on it.
        """
        raw = text.encode("utf-8", "surrogatepass")
        if len(raw) > self.max_bytes:
            raise UnsearchableError(
                f"a text of {len(raw):,} bytes, the limit is {self.max_bytes:,}"
            )
        return self._proves(raw) or not self.rules(text)

    def proves(self, raw: bytes) -> bool:
        """Tell whether one pass proves some lines clean; what it can't prove may be clean too."""
        return len(raw) <= self.max_bytes and self._proves(raw)

    def rules(self, text: str, name: str = "") -> list[str]:
        """Return the ids of the rules that hold in a text, each once, as they come.

        Args:
            text: One or more lines.
            name: The field that the text is the value of, where there is one.

        Raises:
            UnsearchableError: The text is too long.
            RuleTimeoutError: A rule did not finish on it.
        """
        self._bounded(text)
        found: dict[str, None] = {}
        if name:
            found.update(dict.fromkeys(each.rule.id for each in self._named(text, name)))
        for line in _lines(text):
            found.update(dict.fromkeys(self._in_line(line)))
        return list(found)

    def findings(self, text: str, place: str) -> list[Finding]:
        """Return the masked findings of a text; `place` is the path that they name."""
        found = self._inspector.json(Text(place, _plain(text)))
        return [each for each in found if each.rule in self._selection]

    def redacted(self, text: str, name: str = "") -> str:
        """Return a text in which placeholders stand for all that was found.

        Args:
            text: One or more lines.
            name: The field that the text is the value of, where there is one.

        Raises:
            UnsearchableError: The text is too long.
            RuleTimeoutError: A rule did not finish on it.
        """
        if not self.rules(text, name):
            return text
        text = _plain(text)
        if name:
            spans = [
                (each.start, each.end, each.rule.pii_class) for each in self._named(text, name)
            ]
            text = _replaced(text, merge(spans))
        text = "\n".join([self._redacted_line(line) for line in text.split("\n")])
        return DROPPED if self.rules(text, name) else text

    def value_rules(self, name: str, value: object) -> list[str]:
        """Return the ids of the rules that hold in a field's value, or in its name."""
        found = {each.rule.id: None for each in self._selected(self._detector.find_in_name(name))}
        found.update(dict.fromkeys(self.rules(str(value), name)))
        if isinstance(value, (dict, list, tuple)) and (written := _written(value)) is not None:
            found.update(dict.fromkeys(self.rules(written)))
        return list(found)

    def redacted_value(self, name: str, value: object) -> object:
        """Return a field's value without what is found in it; containers stay what they are."""
        if isinstance(value, (dict, list, tuple)) and (written := _written(value)) is not None:
            done = orjson.loads(self.redacted(written))
            return DROPPED if self.value_rules(name, done) else done
        return self.redacted(str(value), name)

    def _bounded(self, text: str) -> None:
        if len(text) > self.max_bytes:
            raise UnsearchableError(f"a text of {len(text):,} characters is too long to check")

    def _in_line(self, line: str) -> Iterator[str]:
        """Yield the ids of the rules that hold in one line, as a scan of it would tell."""
        raw = line.encode("utf-8", "surrogatepass")
        if self._proves(raw):
            return
        container = False
        if line.lstrip()[:1] in {"{", "[", '"'}:
            try:
                document = orjson.loads(raw)
            except orjson.JSONDecodeError:
                document = None
            container = isinstance(document, (dict, list))
            if container and shows_all(document, raw) and self._inspector.search(document) == []:
                return
            for finding in self._inspector.json(Text("", line)):
                if finding.unchecked:
                    raise RuleTimeoutError("a rule did not finish in time")
                if finding.rule in self._selection:
                    yield finding.rule
        if not container:
            # It may begin as JSON does and go on as something else.
            yield from (each.rule.id for each in self._selected(self._detector.find(line)))

    def _named(self, text: str, name: str) -> list[Match]:
        return self._selected(self._detector.find(text, name=name))

    def _selected(self, matches: list[Match]) -> list[Match]:
        return [each for each in matches if each.rule.id in self._selection]

    def _redacted_line(self, line: str) -> str:
        if not any(True for _ in self._in_line(line)):
            return line
        data = line.encode("utf-8", "replace")
        return self._redaction.redacted(data, "text").data.decode("utf-8", "replace")


def line_check(config: Config | None = None, max_bytes: int = MAX_BYTES) -> LineCheck:
    """Return the check by a project's settings; those of the folder we are in where it is None.

    Raises:
        ConfigError: The settings can't be used.
        RuleError: A rule file can't be used.
    """
    from quantapilot.config import load_config
    from quantapilot.gate.project import Project

    config = load_config() if config is None else config
    project = Project(config)
    inspector = project.inspector(project.detector())
    return LineCheck(inspector, Selection((), config.ignore), max_bytes)


def shown(value: object) -> str:
    """Return the texts of an object: formatters write the one or the other.

    JSON takes the characters of a text, whatever it shows itself as; structlog's asks for more.
    """
    texts = [str(value), repr(value)]
    if isinstance(value, str):
        texts.append(str.__str__(value))
    if (made := getattr(type(value), "__structlog__", None)) is not None:
        texts.append(str(made(value)))
    return "\n".join(dict.fromkeys(texts))


def _lines(text: str) -> list[str]:
    return _plain(text).split("\n")


def _plain(text: str) -> str:
    return _CONTROL.sub("", text) if "\x1b" in text else text


def _written(value: Any) -> str | None:
    """Return a container as JSON; None where JSON has no form for it."""
    try:
        return orjson.dumps(value, default=shown, option=AS_SHOWN).decode()
    except orjson.JSONEncodeError:
        return None


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    for start, end, label in reversed(spans):
        text = text[:start] + placeholder(label, text[start:end], None) + text[end:]
    return text
