"""The packaged rules, compiled: what a start of the program needs of them, and nothing else.

Reading TOML and deriving a hundred patterns would cost more than checking a payload, so both are
done ahead. `make generate` writes the file, `make generate-check` fails when it is not what the
rules say; the rules remain the truth.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from quantapilot.pii.rules import LEXICON, Derived, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path(__file__).parent / "rules" / "compiled.json"


def compile_rules(rules: Sequence[Rule]) -> bytes:
    """Return the compiled form of some rules: examples left out, what is derived put in."""
    from quantapilot.pii.derive import derive, opened
    from quantapilot.pii.literals import literals
    from quantapilot.pii.prefilter import text_pattern

    body: list[dict[str, Any]] = []
    for rule in rules:
        derived: tuple[Derived, ...] = ()
        lists = LEXICON.search(rule.pattern or "") is not None
        if rule.pattern is not None and not (rule.fields or rule.context):
            where = f"{rule.source}: rule '{rule.id}'"
            derived = tuple(derive(rule.pattern, where, lines=lines) for lines in (False, True))
        body.append(
            {
                "id": rule.id,
                "pii_class": rule.pii_class,
                "description": rule.description,
                "severity": rule.severity,
                "why": rule.why,
                "fix": rule.fix,
                "pattern": rule.pattern,
                "check": rule.check,
                "fields": rule.fields,
                "context": rule.context,
                "data_classes": sorted(rule.data_classes),
                "generic": rule.generic,
                "source": rule.source,
                "derived": [tuple(each) for each in derived],
                "opened": opened("".join(derived[0][:2]), rule.pattern or "") if lists else "",
                "literals": () if lists else literals(text_pattern(rule).decode("latin-1")),
            }
        )
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@cache
def compiled_rules() -> tuple[Rule, ...]:
    """Return the packaged rules without their examples, ready for a detector."""
    return tuple(
        Rule(
            **{
                **entry,
                "fields": tuple(map(tuple, entry["fields"])),
                "context": tuple(entry["context"]),
                "data_classes": frozenset(entry["data_classes"]),
                "derived": tuple(Derived(*each) for each in entry["derived"]),
                "literals": tuple(entry["literals"]),
            }
        )
        for entry in orjson.loads(FILE.read_bytes())
    )


def main() -> None:
    """Write the file, or with --check exit 1 when it is not what the rules say."""
    from quantapilot.pii.rules import load_rules

    wanted = compile_rules(load_rules())
    same = FILE.is_file() and FILE.read_bytes() == wanted
    if "--check" in sys.argv[1:]:
        if not same:
            sys.exit(f"{FILE.name} is not what the rules say: run 'make generate' and commit it")
    elif not same:
        FILE.write_bytes(wanted)


if __name__ == "__main__":
    main()
