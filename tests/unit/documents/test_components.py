"""Schemas of several files in one document: one name each, and no reference that leads astray."""

from __future__ import annotations

from tests.contracts import ORDERS, closed, contract

from quantapilot.documents.components import Components

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def test_what_is_referred_to_comes_along_and_nothing_else() -> None:
    made = contract(
        a={"Order": closed(line={"$ref": "b.schema.json#/$defs/Line"}), "Unused": TEXT},
        b={
            "Line": closed(next={"$ref": "#/$defs/Line"}, name={"$ref": "#/$defs/Name"}),
            "Name": TEXT,
        },
    )
    components = Components(made)
    assert components.reference(made.definitions["Order"]) == {"$ref": "#/components/schemas/Order"}
    schemas = components.schemas()
    assert list(schemas) == ["Line", "Name", "Order"]
    assert schemas["Line"]["properties"]["next"] == {"$ref": "#/components/schemas/Line"}
    assert schemas["Name"] == TEXT


def test_a_name_that_is_made_does_not_take_one_that_is_there() -> None:
    made = contract(
        api={"an/id": TEXT, "an_id": NUMBER, "an id": TEXT}, shop={"The_api_file": TEXT}
    )
    components = Components(made)
    for each in made.definitions.values():
        components.reference(each)
    components.address("https://example.com/api.schema.json")
    schemas = components.schemas()
    assert list(schemas) == ["The_api_file", "The_api_file_2", "an_id", "an_id_2", "an_id_3"]
    assert schemas["an_id"] == NUMBER


def test_names_that_no_document_takes_are_written_otherwise() -> None:
    made = contract(
        a={"an order/line": TEXT, "Order": closed(a={"$ref": "#/$defs/an order~1line"})}
    )
    components = Components(made)
    components.reference(made.definitions["Order"])
    assert list(components.schemas()) == ["Order", "an_order_line"]


def test_references_into_a_definition_and_to_a_whole_file_lead_there() -> None:
    made = contract(
        a={
            "Order": closed(
                part={"$ref": "#/$defs/Line/properties/name"}, all={"$ref": "b.schema.json"}
            ),
            "Line": closed(name=TEXT),
        },
        b={"Other": TEXT},
    )
    made.schemas["b.schema.json"]["$ref"] = "#/$defs/Other"
    components = Components(made)
    components.reference(made.definitions["Order"])
    schemas = components.schemas()
    fields = schemas["Order"]["properties"]
    assert fields["part"] == {"$ref": "#/components/schemas/Line/properties/name"}
    assert fields["all"] == {"$ref": "#/components/schemas/The_b_file"}
    assert schemas["The_b_file"] == {"title": "The b file", "$ref": "#/components/schemas/Other"}


def test_what_only_looks_like_a_reference_stays_as_it_is() -> None:
    value = {"$ref": "#/$defs/Order"}
    fields = {"$ref": TEXT, "discriminator": TEXT, "x-document": NUMBER, "enum": closed(a=TEXT)}
    body = {**closed(), "properties": fields, "examples": [value], "default": value}
    components = Components(contract(a={"Order": body}))
    components.address("https://example.com/a.schema.json#/$defs/Order")
    assert components.schemas()["Order"] == body


def test_the_branches_of_a_union_are_led_into_the_document() -> None:
    components = Components(contract(orders=ORDERS), "#/definitions/")
    components.reference(contract(orders=ORDERS).definitions["OrderEvent"])
    schemas = components.schemas()
    assert schemas["OrderEvent"]["discriminator"]["mapping"] == {
        "order.placed": "#/definitions/Placed",
        "order.shipped": "#/definitions/Shipped",
    }
    assert "x-document" not in schemas["OrderEvent"]
    assert schemas["Placed"]["properties"]["total"]["x-data-class"] == "aggregate"
