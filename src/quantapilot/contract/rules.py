"""What the contract half of the gate can refuse: every rule, why it is one, how to repair it."""

from __future__ import annotations

from typing import Final

from quantapilot.errors import ExitCode
from quantapilot.findings import RuleInfo, registry

_CLOSED = "A closed contract is what makes the allowlist of fields hold."
_DESIGN = "Personal data is cheapest to stop where a field is designed."
_PROOF = "The gate proves with the examples, on every run, that it can still say yes and no."
_SOURCE = "The schemas are the only source of truth; everything else is made from them."

CONTRACT_RULES: Final = registry(
    RuleInfo(
        "contract/unknown-document",
        "a document that is no event, log record or error response",
        "What the contract does not describe can't be judged, so it must not be sent.",
        "Add the missing discriminating fields, or name the shape with --as or --kind.",
    ),
    RuleInfo(
        "contract/unknown-event",
        "an event type that the contract does not describe",
        "Consumers subscribe to described events only.",
        "Use a described type, or describe the event in the schema.",
    ),
    RuleInfo(
        "contract/unknown-field",
        "a field outside the allowlist",
        _CLOSED,
        "Remove the field, rename it to an allowed one, or describe it in the schema.",
    ),
    RuleInfo(
        "contract/missing-field",
        "a required field is missing",
        "Consumers rely on every required field.",
        "Add the field.",
    ),
    RuleInfo(
        "contract/type",
        "a value of the wrong JSON type",
        "A value of another type can carry anything.",
        "Send the type that the schema names.",
    ),
    RuleInfo(
        "contract/format",
        "a value that does not have its format",
        "Only a proven format lets a value pass without a search for personal data.",
        "Send the format that the schema names.",
    ),
    RuleInfo(
        "contract/pattern",
        "a value that does not match its pattern",
        "Only a proven shape lets a value pass without a search for personal data.",
        "Send the shape that the schema names.",
    ),
    RuleInfo(
        "contract/enum",
        "a value outside the listed ones",
        "A listed value can't hold personal data; any other may.",
        "Use one of the values that the schema lists.",
    ),
    RuleInfo(
        "contract/range",
        "a value, text or list that is too small or too large",
        "Bounds keep documents small and free text short.",
        "Stay within the bounds that the schema names.",
    ),
    RuleInfo(
        "contract/value",
        "a value that breaks another rule of its schema",
        "What does not conform can't be relied on.",
        "Change the value to what the schema says.",
    ),
    RuleInfo(
        "contract/schema-invalid",
        "a schema file that is no valid JSON Schema",
        "With a broken schema nothing can be checked.",
        "Repair the schema file.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "contract/schema-reference",
        "a $ref that leads nowhere",
        "With a broken schema nothing can be checked.",
        "Point the $ref at a definition that exists.",
        exit_code=ExitCode.UNCHECKED,
    ),
    RuleInfo(
        "contract/class-missing",
        "a property without x-data-class",
        "The class says which rules run over the field; it is the allowlist.",
        "Give the property one of: identifier, technical, aggregate, timestamp, status, text.",
    ),
    RuleInfo(
        "contract/class-mismatch",
        "a property whose type or format does not fit its x-data-class",
        "A class may skip rules only for values that a type or format has proven.",
        "Change the class, or narrow the property by format, pattern or enum.",
    ),
    RuleInfo(
        "contract/pii-property",
        "a property whose name asks for personal data",
        _DESIGN,
        "Remove the property; carry an opaque id instead.",
    ),
    RuleInfo(
        "contract/open-object",
        "an object that admits undescribed properties",
        _CLOSED,
        'Add "additionalProperties": false or "unevaluatedProperties": false.',
    ),
    RuleInfo(
        "contract/undescribed",
        "a definition or property without a description",
        "Users read the descriptions; an undescribed field is used wrongly.",
        'Add a "description".',
    ),
    RuleInfo(
        "contract/example-missing",
        "a definition without a valid and an invalid example",
        _PROOF,
        "Add both to the file of examples; 'qp mock --examples' begins it.",
    ),
    RuleInfo(
        "contract/example-unknown",
        "examples of a definition that does not exist",
        _PROOF,
        "Correct the name of the definition, or remove its examples.",
    ),
    RuleInfo(
        "contract/example-refused",
        "a valid example that the gate refuses",
        _PROOF,
        "Correct the example, or move it to the invalid ones.",
    ),
    RuleInfo(
        "contract/example-accepted",
        "an invalid example that is not refused by exactly the rules it names",
        _PROOF,
        "Correct the example or the rules it names; qp scan shows what it breaks.",
    ),
    RuleInfo(
        "contract/copy",
        "an attribute of the envelope that differs from the part of the payload it repeats",
        "Consumers route by the attribute and read the payload: both must tell of one thing.",
        "Copy the value from the payload; an emitter fills it in by itself.",
    ),
    RuleInfo(
        "contract/order",
        "an event that may not follow those before it in its run",
        "Consumers rely on the declared order, such as what comes first and what comes last.",
        "Emit the events in that order; *.lifecycle.json beside the schemas says which may follow.",
    ),
    RuleInfo(
        "contract/breaking-change",
        "a change that refuses what was valid, or that readers do not know",
        "Whoever was built against the older contract goes on sending and reading as it says.",
        "Take the change back, add a definition beside the old one, or raise the major version.",
    ),
    RuleInfo(
        "contract/privacy-change",
        "a change that lets a place hold more than it was proven to hold",
        "What a format, a length or a closed object kept out can be personal data from then on.",
        "Keep the narrower schema, or describe what is new in a field of its own.",
    ),
    RuleInfo(
        "contract/undecided-change",
        "a change of which nobody could tell whether it breaks anything",
        "What is not proven compatible counts as breaking.",
        "Write the schema in simpler terms, or treat the change as a breaking one.",
    ),
    RuleInfo(
        "contract/drift",
        "generated files that are not what the schemas say",
        _SOURCE,
        "Run 'qp generate' and commit the result; never edit generated/ by hand.",
    ),
)
# What they find depends on the version that a contract is compared with.
CHANGE_RULES: Final = frozenset(
    {"contract/breaking-change", "contract/privacy-change", "contract/undecided-change"}
)
