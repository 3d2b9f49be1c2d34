"""Write examples/: logs, events and errors of whole pipeline runs, clean ones and dirty ones.

The texts are data in templates.toml, and chance is one seeded generator, so that a second run
writes the same bytes. Every dirty value is made up.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, object]
Stamped = tuple[int, str, Json]  # milliseconds since START, name of the file, document

SEED = 20250819
RUNS = 30
START = datetime(2025, 8, 19, 6, tzinfo=UTC)
SCHEMA = "https://quantapilot.example/_schemas/api.schema.json"

TEMPLATES: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("templates.toml").read_text("utf-8")
)
CHOICES: dict[str, list[str]] = TEMPLATES["choices"] | TEMPLATES["dirty"]
NUMBERS: dict[str, tuple[int, int]] = TEMPLATES["numbers"]
HEX: dict[str, int] = TEMPLATES["hex"]
FIELDS: dict[str, tuple[float, float]] = TEMPLATES["fields"]
STEPS: dict[str, list[list[str]]] = TEMPLATES["steps"]
SENTENCES: dict[str, list[str]] = TEMPLATES["sentences"]
FAILURES: dict[str, tuple[str, str]] = TEMPLATES["failures"]
ERRORS: list[tuple[int, str, str, str]] = TEMPLATES["errors"]["answers"]
PLANTS: dict[str, list[str]] = TEMPLATES["plants"]


def fill(rng: Random, template: str, values: Mapping[str, object] | None = None) -> str:
    """Return `template` with every `{placeholder}` filled, by `values` first, then by chance."""
    known = values or {}

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return str(known[name]) if name in known else _by_chance(rng, name)

    return re.sub(r"\{(\w+)\}", value, template)


def _by_chance(rng: Random, name: str) -> str:
    if name in NUMBERS:
        return str(rng.randint(*NUMBERS[name]))
    if name in HEX:
        return f"{rng.getrandbits(HEX[name] * 4):0{HEX[name]}x}"
    return fill(rng, rng.choice(CHOICES[name]))


def new_uuid(rng: Random) -> str:
    """Return a lower-case UUID of version 4 drawn from `rng`."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def stamp(milliseconds: int) -> str:
    """Return the RFC 3339 moment so many milliseconds after START."""
    moment = START + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def plant(rng: Random, pii_class: str) -> str:
    """Return a sentence that holds one made-up value of a PII class."""
    return fill(rng, rng.choice(PLANTS[pii_class]))


@dataclass
class Run:
    """One pipeline run being played: its clock, its constant values and all it has written."""

    rng: Random
    clock: int
    values: dict[str, str] = field(default_factory=dict)
    written: list[Stamped] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the values that stay the same for the whole run."""
        for name in ("run_id", "correlation_id"):
            self.values[name] = new_uuid(self.rng)
        for name, choices in TEMPLATES["run"].items():
            self.values[name] = fill(self.rng, self.rng.choice(choices))
        opaque = f"proj_{self.rng.randint(100, 999)}"
        self.values["project_id"] = self.rng.choice((opaque, new_uuid(self.rng)))
        self.values["trace_id"] = _by_chance(self.rng, "trace_id")

    def step(self, name: str) -> None:
        """Write a step's first line, some of those between, and its last, in their order."""
        lines = STEPS[name]
        count = len(lines) - 2 + self.rng.randint(-1, 3)
        between = sorted(self.rng.choices(range(1, len(lines) - 1), k=count))
        for at in (0, *between, len(lines) - 1):
            file, level, message, fields = lines[at]
            self.say(file, level, message, fields, step=name)

    def say(self, file: str, level: str, message: str, fields: str = "", **known: object) -> None:
        """Write one log record with the named fields beside its message."""
        self.clock += self.rng.randint(40, 24000)
        self.values["path"] = _by_chance(self.rng, "path")
        record: Json = {"timestamp": stamp(self.clock), "level": level}
        record |= {"logger": f"quantapilot.{file}", "message": fill(self.rng, message, self.values)}
        record |= {"run_id": self.values["run_id"], **known}
        for name, _, value in (part.partition("=") for part in fields.split()):
            record[name] = (int(value) if value.isdigit() else value) or self._field(name)
        if self.rng.random() < 0.25:
            record |= {
                "trace_id": self.values["trace_id"],
                "span_id": _by_chance(self.rng, "span_id"),
            }
        self.written.append((self.clock, file, record))

    def _field(self, name: str) -> object:
        if name in self.values:
            return self.values[name]
        if name not in FIELDS:
            return _by_chance(self.rng, name)
        least, most = FIELDS[name]
        if isinstance(least, int) and isinstance(most, int):
            return self.rng.randint(least, most)
        return round(self.rng.uniform(least, most), 4)

    def emit(self, name: str, **data: object) -> None:
        """Write an event and the log record that tells of it."""
        self.say("factory", "info", f"event {name} published in {{ms}} ms", event=name)
        self.clock += self.rng.randint(1, 30)
        self.written.append((self.clock, "events", self.event(name, data)))

    def event(self, name: str, data: Json) -> Json:
        """Return the CloudEvents document of an event at this moment of the run."""
        payload = "".join(map(str.capitalize, name.split("_")))
        return {
            "specversion": "1.0",
            "id": new_uuid(self.rng),
            "source": "/quantapilot/factory",
            "type": f"quantapilot.{name}",
            "time": stamp(self.clock),
            "subject": self.values["run_id"],
            "dataschema": f"{SCHEMA}#/$defs/{payload}",
            "datacontenttype": "application/json",
            "data": {"run_id": self.values["run_id"], **data},
        }

    def text(self, kind: str) -> str:
        """Return one of the sentences of a kind, filled."""
        return fill(self.rng, self.rng.choice(SENTENCES[kind]), self.values)

    def gate(self, gate: str) -> bool:
        """Ask at a gate and wait; return whether it was approved."""
        self.values["gate"] = gate
        self.emit("gate_requested", gate=gate, description=self.text("description"))
        self.step("gate")
        approved = self.rng.random() < 0.8
        reason = {"reason": self.text("approval" if approved else "rejection")}
        silent = approved and self.rng.random() < 0.3
        self.emit("gate_decision", gate=gate, approved=approved, **({} if silent else reason))
        return approved

    def document(self) -> None:
        """Tell of the documentation's pull request."""
        number = self.rng.randint(*NUMBERS["pull"])
        self.emit("documentation_generated", docs_branch=f"qp/docs-{number}", pr_number=number)

    def pause(self) -> None:
        """Pause for a while and resume."""
        self.emit("run_paused", reason=self.text("pause"))
        self.clock += self.rng.randint(60_000, 2_400_000)
        self.step("pause")
        self.emit("run_resumed")

    def fail(self, code: str, message: str) -> None:
        """End the run with an error."""
        said = fill(self.rng, message, self.values)
        self.say("factory", "ERROR", said, "project_id", error_code=code, status="failed")
        self.emit("run_failed", error_code=code, message=said)

    def play(self) -> None:
        """Play the pipeline from trigger to merge, or to the step that fails."""
        rng = self.rng
        failing = rng.choice(list(FAILURES)) if rng.random() < 0.3 else ""
        self.step("accept")
        traced = {"correlation_id": self.values["correlation_id"]} if rng.random() < 0.8 else {}
        names = ("repo_url", "branch")
        self.emit("run_started", **{name: self.values[name] for name in names}, **traced)
        milestones = [f"m{number}" for number in range(1, rng.randint(2, 4))]
        for name in ("clone", "plan", "docs", *milestones, "review", "merge"):
            self.values["milestone_id"] = name
            self.step("milestone" if name in milestones else name)
            if name == failing:
                return self.fail(*FAILURES[name])
            if name in milestones and rng.random() < 0.25:
                self.pause()
            if name in milestones:
                self.emit("milestone_completed", milestone_id=name)
            if name == "docs":
                self.document()
            if (name == "docs" and not self.anchored()) or (name == "m2" and not self.gate(name)):
                return self.fail("GATE_REJECTED", "Gate {gate} was rejected, nothing was merged")
        return self.emit("run_completed")

    def anchored(self) -> bool:
        """Pass the anchor gate, writing the documentation once more when it is rejected."""
        if self.gate("anchor"):
            return True
        self.step("docs")
        return self.gate("anchor")


def play_runs(rng: Random, count: int) -> dict[str, list[Json]]:
    """Return what `count` overlapping runs write, by file (`events` is one), in order of time."""
    written: list[Stamped] = []
    start = 0
    for _ in range(count):
        start += rng.randint(60_000, 900_000)
        run = Run(rng, start)
        run.play()
        written += run.written
    files: dict[str, list[Json]] = {}
    last = -1
    for moment, file, document in sorted(written, key=lambda entry: entry[0]):
        last = max(moment, last + 1)
        document["time" if file == "events" else "timestamp"] = stamp(last)
        files.setdefault(file, []).append(document)
    return files


def make_errors(rng: Random, count: int = 30) -> list[Json]:
    """Return error answers of every kind, some bare, some with all problem details."""
    errors: list[Json] = []
    for at in range(count):
        status, code, title, message = ERRORS[at % len(ERRORS)]
        error: Json = {"error_code": code, "message": fill(rng, message)}
        if at >= len(ERRORS):
            error |= {"type": "about:blank", "title": title, "status": status}
            error |= {"instance": f"/errors/{_by_chance(rng, 'sha7')}"}
            error |= {"run_id": new_uuid(rng), "timestamp": stamp(at * 61_007)}
        if status in {429, 503}:
            error["retry_after"] = rng.randint(1, 120)
        errors.append(error)
    return errors


def dirty_logs(rng: Random) -> list[Json]:
    """Return log records with one planted value each, some clean ones between."""
    run = Run(rng, 0)
    for row, sentences in enumerate(zip_longest(*PLANTS.values())):
        file, level, message, fields = rng.choice(STEPS["review"])
        run.say(file, level, message, fields, step="review")
        for pii_class, sentence in zip(PLANTS, sentences, strict=True):
            values = CHOICES[pii_class]
            if sentence:
                planted = {pii_class: fill(rng, values[row % len(values)])}
                said = fill(rng, sentence, planted)
                run.say("worker", "info", f"{said}, run {{sha7}}", step="review")
    return [record for _, _, record in run.written]


def dirty_events(rng: Random) -> list[Json]:
    """Return events that the contract or a PII rule must refuse, each for one reason."""
    run = Run(rng, 0)
    start: Json = {"repo_url": "https://github.com/org/project", "branch": "main"}
    gate: Json = {"gate": "anchor", "approved": True}
    failed: Json = {"error_code": "TESTS_FAILED", "message": "3 of 40 tests failed"}
    faults: tuple[tuple[str, Json], ...] = (
        ("gate_decision", gate | {"reason": plant(rng, "email")}),
        ("gate_requested", {"gate": "anchor", "description": plant(rng, "phone")}),
        ("run_paused", {"reason": plant(rng, "name")}),
        ("run_failed", failed | {"message": plant(rng, "token")}),
        ("run_paused", {"reason": plant(rng, "national_id")}),
        ("run_failed", failed | {"message": plant(rng, "ip")}),
        ("run_started", start | {"branch": fill(rng, "feature/alice@{domain}")}),
        ("run_started", start | {"repo_url": fill(rng, "https://bot:{token}@github.com/org/p")}),
        ("run_started", start | {"user_email": fill(rng, "{email}")}),
        ("gate_decision", gate | {"operator_name": fill(rng, "{name}")}),
        ("run_exploded", {}),
        ("milestone_completed", {}),
    )
    events: list[Json] = []
    for name, data in faults:
        run.clock += rng.randint(1000, 90_000)
        events.append(run.event(name, data))
    return events


def to_line(document: Json) -> bytes:
    """Return a document as a logger writes it: compact JSON and a newline."""
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _write(path: Path, documents: Iterable[Json]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(to_line, documents)))


def _write_seed_examples(target: Path) -> None:
    """Write the allowed and the forbidden example of the seed page, as they stand there."""
    run_id = "550e8400-e29b-41d4-a716-446655440000"
    message = "Repository clone failed due to authentication error"
    code = "REPO_CLONE_FAILED"
    allowed = {"run_id": run_id, "project_id": "proj_123", "error_code": code, "message": message}
    forbidden = {"run_id": run_id, "user_email": fill(Random(0), "alice{_}@example.com")}
    forbidden |= {"operator_name": " ".join(("Alice", "Smith")), "api_token": "ghp_" + "1234567890"}
    pretty = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (target / "allowed.json").write_bytes(orjson.dumps(allowed, option=pretty))
    (target / "dirty" / "forbidden.json").write_bytes(orjson.dumps(forbidden, option=pretty))


def main(target: Path = Path(__file__).parent) -> None:
    """Write every example below `target`."""
    rng = Random(SEED)
    for file, documents in play_runs(rng, RUNS).items():
        folder = "events" if file == "events" else "logs"
        _write(target / folder / f"{file}.jsonl", documents)
    _write(target / "errors" / "errors.jsonl", make_errors(rng))
    _write(target / "dirty" / "logs.jsonl", dirty_logs(rng))
    _write(target / "dirty" / "events.jsonl", dirty_events(rng))
    _write_seed_examples(target)


if __name__ == "__main__":
    main()
