"""Masking of documents: findings that show the place, and no value found in the document.

A value found in one place is masked wherever the document repeats it: in other excerpts, in keys,
in pointers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantapilot.contract.positions import pointer_of, string_offsets
from quantapilot.findings import Finding, content, located, pointer_shape
from quantapilot.pii.mask import excerpt, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quantapilot.contract.positions import Pointer
    from quantapilot.gate.document import Document, Hit
    from quantapilot.pii.detector import Detector, Match
    from quantapilot.pii.mask import Span

# A shorter value, such as an initial, would be masked within unrelated words.
_SHORTEST_ECHO = 3
_MANY_ECHOES = 64


class Masking:
    """What may be shown of one document.

    Args:
        document: The document with all its hits.
        detector: Judges keys.
        key: Secret for fingerprints over values; without it they cover masked surroundings.
        ids: Where findings bring hints, returns those on fields that may carry an id instead.
    """

    def __init__(
        self,
        document: Document,
        detector: Detector,
        key: bytes | None = None,
        ids: Callable[[Pointer], str] | None = None,
    ) -> None:
        self._document = document
        self._detector = detector
        self._key = key
        self._ids = ids
        self._keys: dict[str, str] = {}
        self._offsets: tuple[Hit, Sequence[int]] | None = None
        found = {
            (hit.text[match.start : match.end], match.rule.pii_class)
            for hit in document.hits
            for match in hit.matches
            if match.end - match.start >= _SHORTEST_ECHO
        }
        self._echoes = sorted(found, key=lambda echo: -len(echo[0]))
        self._labels: dict[str, str] = dict(self._echoes)
        self._lengths = sorted({len(echo) for echo in self._labels}, reverse=True)

    def pointer(self, pointer: Pointer) -> str:
        """Return a pointer whose keys hold nothing that was found."""
        return pointer_of(tuple(self.key(part) for part in pointer))

    def key(self, part: str | int) -> str | int:
        """Return a key or an index with nothing in it that was found."""
        if isinstance(part, int):
            return part
        shown = self._keys.get(part)
        if shown is None:
            matches = self._detector.find_in_name(part)
            label = f"<{matches[0].rule.pii_class}>" if matches else None
            shown = self._keys[part] = label or self._without_echoes(part)
        return shown

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each match of the document."""
        for hit in self._document.hits:
            found = [(each.start, each.end, each.rule.pii_class) for each in hit.matches]
            spans = merge([*found, *self._repeated(hit.text)])
            for match in hit.matches:
                yield self._finding(hit, match, spans)

    def _finding(self, hit: Hit, match: Match, spans: Sequence[Span]) -> Finding:
        rule, source = match.rule, self._document.source
        cut = excerpt(hit.text, spans, match.start)
        shown, caret = self._without_echoes(cut.text), None
        point = len(self._without_echoes(cut.text[: cut.start]))
        placed = cut.text[cut.start : cut.start + cut.length]
        if shown.startswith(placed, point):
            caret = point, cut.length
        pointer = None
        if hit.pointer is not None:
            pointer = self.pointer(hit.pointer)
            if hit.pointer:
                name = f"{self.key(hit.pointer[-1])}: "
                shown = name + shown
                caret = (caret[0] + len(name), caret[1]) if caret else None
        line, column = self._document.lines.place(self._offset(hit, match))
        held = self._content(hit, match, f"{pointer_shape(pointer or '')} {shown}")
        return Finding(
            rule=rule.id,
            category="pii",
            pii_class=rule.pii_class,
            severity=rule.severity,
            path=source.path,
            line=line,
            column=column,
            pointer=pointer,
            message=rule.description + (" inside a JSON string" if hit.nested else ""),
            excerpt=shown,
            caret=caret,
            fingerprint=located(source.path, held),
            help=rule.fix,
            description=rule.description,
            hints=self._hints(hit, spans, cut.text) if self._ids is not None else (),
            content=held,
        )

    def _repeated(self, text: str) -> Iterator[Span]:
        """Yield where a text repeats what was found elsewhere, so that no cut falls into it."""
        if len(self._document.hits) < 2 or len(self._echoes) > _MANY_ECHOES:
            return
        for echo, label in self._echoes:
            at = text.find(echo)
            while at >= 0:
                yield at, at + len(echo), label
                at = text.find(echo, at + len(echo))

    def _offset(self, hit: Hit, match: Match) -> int:
        """Return where a match begins in the source; in a string within a string, where that does.

        Characters that are escaped there take more room than in the value.
        """
        text = self._document.source.text
        if hit.exact:
            return hit.offset + match.start
        if hit.nested or hit.offset < 1 or text[hit.offset - 1] != '"':
            return hit.offset
        if self._offsets is None or self._offsets[0] is not hit:
            self._offsets = hit, string_offsets(text, hit.offset - 1)
        return self._offsets[1][match.start]

    def _content(self, hit: Hit, match: Match, masked: str) -> str:
        """Return what is found, wherever it moves; without a key its masked surroundings."""
        if not self._key:
            return content(None, rule=match.rule.id, place=masked, value="")
        place = pointer_shape(pointer_of(hit.pointer)) if hit.pointer else ""
        value = hit.text[match.start : match.end]
        return content(self._key, rule=match.rule.id, place=place, value=value)

    def _hints(self, hit: Hit, spans: Sequence[Span], shown: str) -> tuple[str, ...]:
        # Imported here: they are made on request only.
        from quantapilot.gate.hints import written_instead

        pointer = hit.pointer or ()
        key = str(self.key(pointer[-1])) if pointer and isinstance(pointer[-1], str) else None
        ids = self._ids(pointer) if self._ids is not None and pointer else ""
        written = "" if hit.key else written_instead(hit, spans, key, shown)
        return tuple(self._without_echoes(hint) for hint in (written, ids) if hint)

    def _without_echoes(self, text: str) -> str:
        if len(self._echoes) > _MANY_ECHOES:
            return self._without_many_echoes(text)
        for echo, label in self._echoes:
            text = text.replace(echo, f"<{label}>")
        return text

    def _without_many_echoes(self, text: str) -> str:
        """Do the same by looking up the parts of the text instead of each of many values."""
        labels = self._labels
        for length in self._lengths:
            at = 0
            while at + length <= len(text):
                label = labels.get(text[at : at + length])
                if label is None:
                    at += 1
                else:
                    text = f"{text[:at]}<{label}>{text[at + length :]}"
                    at += len(label) + 2
        return text
