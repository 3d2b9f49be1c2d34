"""Envelopes: a payload made an event, its id and its time set once.

What an event needs is read from the contract: which attributes it has, which of them are constant,
which repeat a part of the payload, and which hold its id and the like (`contract.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from quantapilot.contract.events import EventTypes
from quantapilot.contract.positions import pointer_of
from quantapilot.contract.roles import keys, value_at
from quantapilot.emitter.stamps import new_id, new_typeid, now
from quantapilot.errors import ContractError, UnknownNameError

if TYPE_CHECKING:
    from quantapilot.contract.catalog import Contract
    from quantapilot.contract.events import EventType

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
    flat: bool


class Envelopes:
    """Fills in the attributes that every event has, for the events of one contract."""

    def __init__(self, contract: Contract, source: str | None = None) -> None:
        """Take the contract.

        Args:
            contract: One with a definition of the kind `events` whose discriminator names types.
            source: What emits the events, such as CloudEvents' `source`; None where each says it.

        Raises:
            ContractError: It has none, or an event without id and type.
        """
        self.events = EventTypes(contract)
        names = self.events.roles
        self.id, self._time, self.payload = names["id"], names["time"], names["payload"]
        self.told_by = self.events.told_by
        self._subject = keys(names["subject"])
        prefix = self.events.document.schema["x-document"].get("id_prefix")
        self._new_id = new_id if prefix is None else partial(new_typeid, prefix)
        self._types = {
            each.name: self._known(each, source) for each in self.events.by_name.values()
        }

    def _known(self, event: EventType, source: str | None) -> _Type:
        fields, names = event.fields, self.events.roles
        for role, key in {"id": self.id, "type": self.told_by}.items():
            if key not in fields:
                raise ContractError(f"{event.definition.name} lacks its {role}: no field '{key}'")
        schema = event.payload.uri if event.payload else None
        known = {names["source"]: source, names["schema"]: schema}
        order = self.events.ordered(fields)
        constants = {key: fields[key].get("const", known.get(key)) for key in order}
        filled = {self.id, self._time, *self.events.copies, self.payload}
        attributes = {
            key: value for key, value in constants.items() if value is not None or key in filled
        }
        copies = tuple((key, path) for key, path in self.events.copies.items() if key in fields)
        return _Type(attributes, copies, self._time in fields, event.flat)

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

    def subject_of(self, event: Mapping[str, Any]) -> str:
        """Return what an event is about, as the contract says; empty where it does not."""
        subject = value_at(event, self._subject)
        return "" if subject is None else str(subject)

    def place_of(self, name: str) -> str:
        """Return where in an event the payload stands that a name makes it of (RFC 6901)."""
        flat = self._types[self.type_named(name)].flat
        return "" if flat else pointer_of([self.payload])

    def type_named(self, name: str) -> str:
        """Return a type by its name, by the last part of it, or by the name of its model.

        Raises:
            UnknownNameError: There is no such event; the text names the nearest one, or all.
        """
        found = self.events.named(name)
        if found is None:
            from difflib import get_close_matches

            known = self.events.names
            near = get_close_matches(name, [*known, *self._types], 1)
            told = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
            raise UnknownNameError(f"the contract has no such event: {told}")
        return found.name

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
            told = {self.told_by: self.type_named(name)}
            flat = self._types[told[self.told_by]].flat
            event = told | event if flat else told | {self.payload: event}
        known = event.get(self.told_by)
        kind = self._types.get(known) if isinstance(known, str) else None
        if kind is None:
            # The contract says what is wrong with it.
            return event, False
        out = kind.attributes | event
        if self.id not in event:
            out[self.id] = self._new_id()
        if kind.timed and self._time not in event:
            out[self._time] = now()
        for key, path in kind.copies:
            if key not in event:
                out[key] = value_at(out, path)
                if out[key] is None:
                    del out[key]
        if self.payload not in event:
            out.pop(self.payload, None)
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
