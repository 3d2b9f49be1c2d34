"""Envelopes: a payload made an event, its id and its time set once.

What an event needs is read from the contract: which attributes it has, which of them are constant,
and which repeat a part of the payload. The attributes are those of CloudEvents 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.contract.shape import members
from quantapilot.emitter.stamps import new_id, now
from quantapilot.errors import ContractError, UnknownNameError

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract, Definition

# The order that readers of CloudEvents are used to.
_ORDER = {
    name: at for at, name in enumerate(("specversion", "id", "source", "type", "time", "subject"))
}

_TYPE_AND_PAYLOAD = 2


class Model(Protocol):
    """A generated model, told by its one method, so that Pydantic need not be installed."""

    def model_dump(self, *, mode: str) -> Any:
        """Return the model as JSON values."""
        ...


@dataclass(frozen=True, slots=True)
class _Type:
    """What the contract says of the envelope of one type of event.

    `attributes` are all that it has, in order, with the values of those that are constant.
    """

    attributes: dict[str, Any]
    copies: tuple[tuple[str, tuple[str, ...]], ...]
    timed: bool


class Envelopes:
    """Fills in the attributes that every event has, for the events of one contract."""

    def __init__(self, contract: Contract, source: str | None = None) -> None:
        """Take the contract.

        Args:
            contract: One with a definition of the kind `events` whose discriminator names types.
            source: What emits the events, as CloudEvents `source`; None where each says it.

        Raises:
            ContractError: It has none, or an event without id, type and payload.
        """
        found = next((each for each in contract.documents if each.kind == "events"), None)
        if found is None or "discriminator" not in found.schema:
            raise ContractError("the contract describes no events that a type tells apart")
        discriminator = found.schema["discriminator"]
        self._types: dict[str, _Type] = {}
        self._names: dict[str, str] = {}
        self.payload = found.schema["x-document"].get("payload", "data")
        self.told_by = discriminator["propertyName"]
        copies = {
            name: tuple(pointer.split("/")[1:])
            for name, pointer in found.schema["x-document"].get("copies", {}).items()
        }
        for name in discriminator["mapping"]:
            event = contract.branch(found, name)
            if event is not None:
                self._know(contract, name, event, source, copies)

    def _know(
        self,
        contract: Contract,
        name: str,
        event: Definition,
        source: str | None,
        copies: Mapping[str, tuple[str, ...]],
    ) -> None:
        fields = members(contract, event)
        if not {"id", self.told_by, self.payload} <= fields.keys():
            raise ContractError(f"{event.name} lacks an id, its type or its payload")
        reference = fields[self.payload].get("$ref", "")
        payload = contract.definitions.get(reference.rpartition("/")[2])
        known = {"source": source, "dataschema": payload.uri if payload else None}
        order = sorted(fields, key=lambda key: (key == self.payload, _ORDER.get(key, len(_ORDER))))
        constants = {key: fields[key].get("const", known.get(key)) for key in order}
        filled = {"id", "time", *copies, self.payload}
        attributes = {key: value for key, value in constants.items() if value or key in filled}
        mine = tuple((key, path) for key, path in copies.items() if key in fields)
        self._types[name] = _Type(attributes, mine, "time" in fields)
        for alias in (name, name.rpartition(".")[2], event.name, payload.name if payload else name):
            self._names.setdefault(alias, name)

    @property
    def copies(self) -> frozenset[str]:
        """Return the pointers of the attributes that repeat a part of the payload."""
        return frozenset(f"/{key}" for kind in self._types.values() for key, _ in kind.copies)

    @property
    def constants(self) -> list[dict[str, Any]]:
        """Return the attributes that are always the same, for each type of event."""
        return [
            {key: value for key, value in kind.attributes.items() if value is not None}
            for kind in self._types.values()
        ]

    @property
    def types(self) -> list[str]:
        """Return the types of event that the contract has, such as `quantapilot.run_started`."""
        return list(self._types)

    def type_named(self, name: str) -> str:
        """Return a type by its name, by the last part of it, or by the name of its model.

        Raises:
            UnknownNameError: There is no such event; the text names the nearest one, or all.
        """
        found = self._names.get(name)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(name, self._names, 1)
            known = ", ".join(each.rpartition(".")[2] for each in self._types)
            told = f"did you mean '{near[0]}'?" if near else f"there are {known}"
            raise UnknownNameError(f"the contract has no such event: {told}")
        return found

    def filled(self, event: Mapping[str, Any] | Model, name: str | None = None) -> dict[str, Any]:
        """Return an event with all attributes of its envelope; those that are given stay.

        Args:
            event: A payload or an event, as a model or as JSON values; with `name` a payload.
            name: The type of event that a payload makes.

        Raises:
            ContractError: It is neither.
            UnknownNameError: No event has this name, or a payload as this model.
        """
        return self.made(event, name)[0]

    def made(
        self, event: Mapping[str, Any] | Model, name: str | None = None
    ) -> tuple[dict[str, Any], bool]:
        """Do as `filled` does, and tell whether all attributes but the type were made here.

        The payload then stands behind them.
        """
        if not isinstance(event, dict):
            name, event = self._parsed(event, name)
        if name is not None:
            event = {self.told_by: self.type_named(name), self.payload: event}
        known = event.get(self.told_by)
        kind = self._types.get(known) if isinstance(known, str) else None
        if kind is None:
            # The contract says what is wrong with it.
            return event, False
        out = kind.attributes | event
        if "id" not in event:
            out["id"] = new_id()
        if kind.timed and "time" not in event:
            out["time"] = now()
        for key, path in kind.copies:
            if key not in event:
                out[key] = _at(out, path)
                if out[key] is None:
                    del out[key]
        if self.payload not in event:
            del out[self.payload]
            return out, False
        return out, len(event) == _TYPE_AND_PAYLOAD

    def _parsed(
        self, event: Mapping[str, Any] | Model, name: str | None
    ) -> tuple[str | None, dict[str, Any]]:
        """Return a model's name and what it holds, or what another mapping than a dict does."""
        if isinstance(event, Mapping):
            return name, dict(event)
        dump = getattr(event, "model_dump", None)
        if dump is None:
            raise ContractError("an event is a JSON object or a model of the contract")
        held = dump(mode="json")
        if not isinstance(held, dict):
            raise ContractError("an event is a JSON object or a model of the contract")
        if name is None and self.told_by not in held:
            name = type(event).__name__
        return name, held


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document
