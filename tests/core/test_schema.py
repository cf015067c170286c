"""The schema survives its JSON form and finds names as people write them."""

from dataclasses import replace

import pytest
from hostile import hostile_schema
from small_shop import SCHEMA

from relfm.errors import SchemaError
from relfm.schema import Decision, Schema, match_name, suggestion


@pytest.mark.parametrize("schema", [SCHEMA, hostile_schema(), Schema.of([])], ids=["shop", "hostile", "empty"])
def test_schema_comes_back_from_json(schema: Schema) -> None:
    assert Schema.from_json(schema.to_json()) == schema


def test_decisions_come_back_from_json() -> None:
    decided = Decision("time_column", "ordered", "inferred", "its name says start")
    table = replace(SCHEMA.tables["orders"], decisions=(decided, Decision("primary_key", "order_id", "declared", "")))
    schema = Schema.of([table])
    assert Schema.from_json(schema.to_json()) == schema
    assert schema.tables["orders"].inferred == (decided,)
    assert schema.to_dict()["tables"]["orders"]["inferred"] == ["time_column ordered (inferred: its name says start)"]


def test_tables_are_in_alphabetical_order() -> None:
    assert list(Schema.of(reversed(SCHEMA.tables.values())).tables) == sorted(SCHEMA.tables)


def test_key_columns_are_those_of_all_keys() -> None:
    assert SCHEMA.tables["orders"].key_columns == {"order_id", "user_id", "item_id"}
    assert SCHEMA.tables["lines"].key_columns == {"order_id", "line_no"}


def test_children_are_the_tables_that_point_here() -> None:
    assert [table.name for table, _ in SCHEMA.children_of("orders")] == ["lines", "returns"]
    assert SCHEMA.children_of("returns") == []


def test_name_is_found_without_regard_to_case() -> None:
    assert SCHEMA.table("ORDERS").name == "orders"
    assert SCHEMA.table("users").column("Age").name == "age"


def test_exact_name_wins_and_two_that_differ_in_case_are_none() -> None:
    assert match_name("a", ["A", "a"]) == "a"
    assert match_name("Ab", ["AB", "ab"]) is None


def test_unknown_table_is_named_with_the_nearest() -> None:
    with pytest.raises(SchemaError, match="unknown table 'oders'") as caught:
        SCHEMA.table("oders")
    assert caught.value.hint == "did you mean orders or users?"


def test_unknown_column_is_named_with_all_if_none_is_near() -> None:
    with pytest.raises(SchemaError, match="unknown column 'zzz' in table 'items'") as caught:
        SCHEMA.table("items").column("zzz")
    assert caught.value.hint == "there are: item_id, category"


def test_suggestion_for_nothing_says_so() -> None:
    assert suggestion("x", []) == "there are none"
