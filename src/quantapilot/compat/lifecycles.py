"""Lifecycles: what two declared orders of events allow, for those who emit and those who read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quantapilot.compat.changes import Change, Kind
from quantapilot.compat.equality import exactly
from quantapilot.contract.positions import pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator


_Told = tuple[Kind, tuple[str | int, ...], str]


def lifecycle_changes(old: Any, new: Any, file: str) -> Iterator[Change]:
    """Yield what changed in the order of events.

    What an emitter may no longer do breaks it. What it may do besides is new to readers, who pass
    over events that they don't know.

    Args:
        old: The older order; None where none is declared.
        new: The newer one.
        file: The file that declares it.
    """
    for kind, at, message in _changes(old, new):
        yield Change(pointer_of(at), kind, "backward", message, None, file)


def _changes(old: Any, new: Any) -> Iterator[_Told]:
    if old is None and new is None:
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        declared = "is declared" if new is not None else "is no longer declared"
        yield "breaking", (), f"the order of events {declared}"
        return
    yield from _table(old.get("start"), new.get("start"), ("start",), "as a run's first event")
    then, now = _mapping(old.get("states")), _mapping(new.get("states"))
    for name in then:
        if name not in now:
            yield "breaking", ("states", name), f"state '{name}' removed"
            continue
        before, after = _mapping(then[name]).get("on"), _mapping(now[name]).get("on")
        yield from _table(before, after, ("states", name, "on"), f"while a run is '{name}'")
    for name in now:
        if name not in then:
            yield "compatible", ("states", name), f"state '{name}' added"
    if not exactly(old.get("run"), new.get("run")):
        yield "breaking", ("run",), f"run {old.get('run')} → {new.get('run')}"
    for key in ("pairs", "constant"):
        yield from _lists(_list(old.get(key)), _list(new.get(key)), key)


def _table(old: Any, new: Any, at: tuple[str, ...], when: str) -> Iterator[_Told]:
    then, now = _mapping(old), _mapping(new)
    for event, state in then.items():
        if event not in now:
            yield "breaking", (*at, event), f"{event} may no longer come {when}"
        elif now[event] != state:
            message = f"{event} {when} leads to '{state}' → '{now[event]}'"
            yield "breaking", (*at, event), message
    for event in now:
        if event not in then:
            yield "compatible", (*at, event), f"{event} may come {when}"


def _lists(old: list[Any], new: list[Any], key: str) -> Iterator[_Told]:
    for at, each in enumerate(new):
        if not any(exactly(each, other) for other in old):
            yield "breaking", (key, at), f"{key}: one more to keep to"
    if any(not any(exactly(each, other) for other in new) for each in old):
        yield "compatible", (key,), f"{key}: one less to keep to"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
