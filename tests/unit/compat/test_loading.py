"""What is compared by its keywords, what by an engine alone, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from quantapilot.compat.contracts import compare_contracts
from quantapilot.compat.dialects import is_plain
from quantapilot.compat.loading import side
from quantapilot.compat.schemas import compare
from quantapilot.contract.catalog import BrokenContractError, Contract

A, B = "a.schema.json", "b.schema.json"
ANCHOR = {"$anchor": "here"}
BACKREFERENCE = r"(a)\1"


def contract(first: Any, second: Any) -> Contract:
    return Contract(
        {
            file: {"$id": f"https://x.example/{file}", "$defs": {name: body}}
            for file, name, body in ((A, "First", first), (B, "Second", second))
        }
    )


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        (True, True),
        ({"properties": {"$anchor": {}}}, True),
        ({"properties": {"a": {"$anchor": "x"}}}, False),
        ({"const": {"$anchor": "x"}}, True),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": {}}, True),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}]}, False),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, False),
    ],
)
def test_only_what_means_the_same_in_2020_12_is_followed(schema: Any, plain: bool) -> None:
    assert is_plain(schema) is plain


def test_both_sides_have_addresses_of_their_own() -> None:
    schema = {"$id": "https://x.example/a", "$defs": {"a": {"$ref": "https://x.example/a#"}}}
    old, new = side("old", {A: schema}), side("new", {A: schema})
    assert (old.files, new.files) == ({"urn:old:0": A}, {"urn:new:0": A})
    assert old.root(A, ("$defs", "a")).schema == {"$ref": "urn:old:0#"}


@pytest.mark.parametrize("name", ["default", "const", "enum", "examples"])
def test_a_member_with_the_name_of_a_keyword_may_refer_to_another_file(name: str) -> None:
    first = {"type": "object", "properties": {name: {"$ref": f"{B}#/$defs/Second"}}}
    old, new = (contract(first, {"maxLength": most}) for most in (4, 5))
    told = compare_contracts(old, new).told
    assert [(change.pointer, change.reaches) for change in told] == [
        ("/$defs/Second/maxLength", ())
    ]


@pytest.mark.parametrize(
    ("reference", "verdict"),
    [("#/$defs/a%20b", "breaking"), ("#/$defs/a b", "breaking"), ("#/$defs/c", None), ("#d", None)],
)
def test_a_reference_is_followed_or_refused(reference: str, verdict: str | None) -> None:
    old, new = ({"$ref": reference, "$defs": {"a b": {"maxLength": most}}} for most in (5, 4))
    if verdict is None:
        with pytest.raises(BrokenContractError, match="leads nowhere"):
            compare(old, new)
    else:
        assert compare(old, new).verdict == verdict


def test_a_break_is_found_where_an_engine_decides_alone() -> None:
    old, new = ({"$defs": {"a": {"maxLength": most, **ANCHOR}}} for most in (5, 4))
    (change,) = compare(old, new).changes
    assert (change.pointer, change.kind) == ("/$defs/a", "breaking")
    assert compare(new, old).verdict == "compatible"
    assert compare(old, old).changes == ()


def test_no_value_is_no_proof_where_an_engine_decides_alone() -> None:
    old, new = (
        {"$ref": "#here", "$defs": {"a": {"pattern": BACKREFERENCE + more, **ANCHOR}}}
        for more in ("", "(?:)")
    )
    assert compare(old, new).verdict == "unknown"


def test_a_contract_that_an_engine_decides_alone_is_compared_definition_by_definition() -> None:
    old, new = (contract({"type": "string", **ANCHOR}, {"maxLength": most}) for most in (4, 5))
    assert [(c.file, c.pointer, c.kind) for c in compare_contracts(old, new).told] == [
        (B, "/$defs/Second", "breaking")
    ]
    assert compare_contracts(old, old).changes == ()
    assert compare_contracts(new, old).verdict == "compatible"


def test_what_a_class_covers_is_unknown_where_an_engine_decides_alone() -> None:
    old, new = (
        {"type": "string", "maxLength": most, "x-data-class": "text", **ANCHOR} for most in (4, 5)
    )
    assert compare(old, new).verdict == "unknown"
    assert compare(old, old).verdict == "compatible"


def test_what_nests_too_deep_is_refused() -> None:
    schema: Any = {}
    for _ in range(300):
        schema = {"not": schema}
    with pytest.raises(BrokenContractError, match="nested deeper"):
        compare(schema, {})
