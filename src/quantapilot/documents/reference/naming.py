"""Names: which definition a reference leads to, and all that holds at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantapilot.contract.catalog import Contract, Definition


@dataclass(frozen=True, slots=True)
class Part:
    """A schema that holds at a place: the file it stands in, and whose it was if taken over."""

    schema: Mapping[str, Any]
    base: str
    origin: str = ""


class Names:
    """The definitions of a contract by name, and by the schemas that references lead to."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.definitions = contract.definitions
        self._by_schema = {id(each.schema): name for name, each in self.definitions.items()}

    def root(self, definition: Definition) -> Part:
        """Return a definition as the part that it begins with."""
        return Part(definition.schema, self.contract.schemas[definition.file]["$id"])

    def named(self, reference: str, base: str) -> str:
        """Return the definition that a reference leads to; empty where that is none."""
        for _ in range(len(self._by_schema) + 1):
            target, base = self.contract.resolve(reference, base)
            name = self._by_schema.get(id(target), "")
            if name or not (isinstance(target, dict) and isinstance(target.get("$ref"), str)):
                return name
            reference = target["$ref"]
        return ""

    def conjoined(self, part: Part, *, own: bool = True, inherited: bool = True) -> Iterator[Part]:
        """Yield a schema with all that holds beside it by `allOf` and `$ref`.

        Args:
            part: Where it begins.
            own: Whether the `$ref` of the schema itself is followed.
            inherited: Whether those of the parts of its `allOf` are.
        """
        seen: set[int] = set()
        rest = [part]
        while rest:
            each = rest.pop()
            schema = each.schema
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield each
            inside = [Part(inner, each.base, each.origin) for inner in schema.get("allOf", ())]
            rest += reversed(inside)
            if "$ref" in schema and (own if schema is part.schema else inherited):
                target, base = self.contract.resolve(schema["$ref"], each.base)
                origin = self.named(schema["$ref"], each.base) or each.origin
                rest.append(Part(target, base, origin))

    def keywords(self, part: Part) -> dict[str, Any]:
        """Return the keywords that hold at a place, its own before those it takes over."""
        out: dict[str, Any] = {}
        for each in self.conjoined(part):
            for keyword, value in each.schema.items():
                out.setdefault(keyword, value)
        return out

    def data_class(self, part: Part) -> str:
        """Return the data class of what stands at a place, or of the items of a list there."""
        for _ in range(8):
            known = self.keywords(part)
            if "x-data-class" in known:
                return str(known["x-data-class"])
            inside = next(
                (
                    Part(each.schema["items"], each.base)
                    for each in self.conjoined(part)
                    if isinstance(each.schema.get("items"), dict)
                ),
                None,
            )
            if inside is None:
                return ""
            part = inside
        return ""
