"""The members of a drawn object: which there are, and what each has to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from quantapilot.contract.catalog import ecma
from quantapilot.contract.sampled_draw import DeadEndError
from quantapilot.contract.sampled_patterns import matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantapilot.contract.sampled_draw import Draw
    from quantapilot.contract.sampled_schemas import Flat, Part

_TRIES = 60
_MOST = 10_000
# What stands for members that nothing else describes.
_OTHERS = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one object.

    Attributes:
        flat: The schemas that all hold for the object.
        draw: What draws it.
        share: From 0 to 1, how likely each is that need not be there.
        name: Draws the name of a member that conforms to some schemas.
    """

    flat: Flat
    draw: Draw
    share: float
    name: Callable[[list[Part]], Any]

    def names(self) -> list[str]:
        """Return the names of the members that there are.

        Raises:
            DeadEndError: They would be more than memory should hold.
        """
        random, share = self.draw.random, self.share
        known = list(dict.fromkeys(n for s, _ in self.flat for n in s.get("properties", ())))
        needed = {name for schema, _ in self.flat for name in schema.get("required", ())}
        chosen = [name for name in known if name in needed or random.random() < share]
        chosen += sorted(needed - set(known))
        if share and random.random() < share:
            more = [*self._of_families(), *(self._others() if self._is_map() else ())]
            chosen += [name for name in more if name not in chosen]
        return self._with_dependents(self._filled_up(chosen, known))

    def parts(self, name: str) -> list[Part]:
        """Return the schemas that a member has to conform to."""
        found: list[Part] = []
        for schema, base in self.flat:
            mine = [schema["properties"][name]] if name in schema.get("properties", ()) else []
            for pattern, body in schema.get("patternProperties", {}).items():
                if ecma(pattern).search(name):
                    mine.append(body)
            if not mine and "additionalProperties" in schema:
                mine.append(schema["additionalProperties"])
            found += [(each, base) for each in mine]
        if not found:
            left = [(s["unevaluatedProperties"], base) for s, base in self.flat if _OTHERS[1] in s]
            found += left
        return found

    def _filled_up(self, chosen: list[str], known: list[str]) -> list[str]:
        """Return names, and as many more as there must be at least."""
        least = max((schema.get("minProperties", 0) for schema, _ in self.flat), default=0)
        if least > _MOST:
            raise DeadEndError(f"an object of {least} members is larger than {_MOST}")
        out = dict.fromkeys(chosen)
        for _ in range(_TRIES + least):
            if len(out) >= least:
                break
            for name in (*known, *self._of_families(), *self._others(least)):
                if len(out) < least:
                    out.setdefault(name)
        return list(out)

    def _is_map(self) -> bool:
        return any(isinstance(s.get(keyword), dict) for s, _ in self.flat for keyword in _OTHERS)

    def _with_dependents(self, names: list[str]) -> list[str]:
        out = list(names)
        for name in out:
            for schema, _ in self.flat:
                more = schema.get("dependentRequired", {}).get(name, ())
                out += [each for each in more if each not in out]
        return out

    def _of_families(self) -> list[str]:
        draw = replace(self.draw, edge=False)
        return [matching(draw, p) for s, _ in self.flat for p in s.get("patternProperties", ())]

    def _others(self, least: int = 0) -> list[str]:
        said = [(s["propertyNames"], base) for s, base in self.flat if "propertyNames" in s]
        if said:
            return [self.name([*said, ({"type": "string"}, "")])]
        return [f"more{self.draw.random.randint(1, 99 + 10 * least)}"]
