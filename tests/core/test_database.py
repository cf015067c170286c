"""A Database: keys become row numbers, times become microseconds, nothing changes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import SCHEMA, day, days, shop

from relfm.database import Database, match_keys
from relfm.errors import DataCannotAnswer
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.times import MISSING_TIME, TIMELESS

BOSS = ForeignKey(("boss",), "people", ("id",))


def chunked(values: list, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    half = len(values) // 2
    whole = pa.array(values, kind)
    return pa.chunked_array([whole[:half], whole[half:]], whole.type)


def matched(child: list, parent: list, kinds: tuple = (None, None)) -> list[int]:
    return match_keys([chunked(child, kinds[0])], [chunked(parent, kinds[1])]).tolist()


@pytest.mark.parametrize("scale", [1, 10**12], ids=["dense", "sparse"])
def test_key_names_the_row_that_has_it(scale: int) -> None:
    child = [3 * scale, None, 9 * scale, scale, -scale]
    assert matched(child, [scale, 2 * scale, 3 * scale]) == [2, -1, -1, 0, -1]


@pytest.mark.parametrize("low", [-(2**63), 2**63 - 500], ids=["least", "greatest"])
def test_key_may_be_the_least_and_the_greatest_integer(low: int) -> None:
    keys = list(range(low, low + 400))
    assert matched([low + 3, None, low, 7], keys, (pa.int64(), pa.int64())) == [3, -1, 0, -1]


def test_first_of_several_parents_with_the_same_key_is_meant() -> None:
    assert matched([1, 2], [2, 1, 1, 2]) == [1, 0]
    assert matched(["a"], ["b", "a", "a"]) == [1]


def test_missing_key_matches_no_missing_parent() -> None:
    assert matched([None, 1], [None, 1], (pa.int64(), pa.int64())) == [-1, 1]
    assert matched([None], [None], (pa.string(), pa.string())) == [-1]


def test_keys_of_different_types_are_compared_as_values() -> None:
    assert matched([5.0, 5.5], [5, 6]) == [0, -1]
    assert matched(["5", "x"], [5, 6]) == [0, -1]


def test_no_parents_match_nothing() -> None:
    assert matched([1, 2], [], (pa.int64(), pa.int64())) == [-1, -1]
    assert matched([], [1], (pa.int64(), pa.int64())) == []


def test_composite_key_matches_as_a_whole() -> None:
    child = [chunked([1, 1, 2, None, 2]), chunked(["a", "b", "a", "a", None])]
    parent = [chunked([1, 2, 1]), chunked(["b", "a", "a"])]
    assert match_keys(child, parent).tolist() == [2, 0, 1, -1, -1]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 40)), max_size=30),
    st.lists(st.integers(-5, 40), max_size=30),
    st.sampled_from([1, 10**9]),
)
def test_keys_match_as_a_search_by_hand_does(child: list, parent: list, scale: int) -> None:
    child, parent = [c if c is None else c * scale for c in child], [p * scale for p in parent]
    expected = [parent.index(c) if c in parent else -1 for c in child]
    assert matched(child, parent, (pa.int64(), pa.int64())) == expected


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.sampled_from("abc")), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc")), min_size=1, max_size=20),
)
def test_composite_keys_match_as_a_search_by_hand_does(child: list, parent: list) -> None:
    columns = [[chunked(list(part)) for part in zip(*rows, strict=True)] for rows in (child, parent)]
    assert match_keys(*columns).tolist() == [parent.index(c) if c in parent else -1 for c in child]


def people(**columns: pa.Array) -> Database:
    table = Table("people", tuple(Column(c, "int64", None) for c in columns), ("id",), (BOSS,))
    return Database(Schema.of([table]), {"people": pa.table(columns)})


def test_self_reference_names_a_row_of_the_same_table() -> None:
    database = people(id=pa.array([10, 20, 30]), boss=pa.array([None, 10, 99]))
    assert database.links("people", BOSS).tolist() == [-1, 0, -1]


def test_database_says_what_it_holds() -> None:
    assert repr(shop(users=[{"user_id": 1}])) == "Database(5 tables, 1 rows, 4 foreign keys)"


ORDERS = [
    {"order_id": 1, "user_id": 7, "ordered": 3},
    {"order_id": 2, "user_id": 7, "ordered": 5},
    {"order_id": 3, "user_id": 7},
]
LINES = [{"order_id": 2, "line_no": 1}, {"order_id": 9, "line_no": 1}, {"order_id": 3, "line_no": 1}]


@pytest.fixture
def database() -> Database:
    return shop(users=[{"user_id": 7, "signup": 1, "vip": 1, "age": float("inf")}], orders=ORDERS, lines=LINES)


def test_row_without_a_time_has_none(database: Database) -> None:
    assert database.times("orders").tolist() == [day(3), day(5), MISSING_TIME]


def test_what_is_kept_for_later_questions_cannot_be_written_into(database: Database) -> None:
    (key,) = database.schema.tables["lines"].foreign_keys
    for kept in (database.links("lines", key), *(database.times(name) for name in database.tables)):
        with pytest.raises(ValueError, match="read-only"):
            kept[:] = 0


def test_part_happens_when_its_whole_does(database: Database) -> None:
    assert database.times("lines").tolist() == [day(5), MISSING_TIME, MISSING_TIME]
    assert database.is_timed("lines")


def test_part_of_an_empty_whole_has_no_time() -> None:
    assert shop(lines=LINES).times("lines").tolist() == [MISSING_TIME] * 3


def test_table_without_time_is_timeless() -> None:
    items = shop(items=[{"item_id": 1}])
    assert items.times("items").tolist() == [TIMELESS]
    assert not items.is_timed("items")


def test_span_is_that_of_known_times(database: Database) -> None:
    assert database.span == (day(1), day(5))


def test_database_without_any_time_has_no_span() -> None:
    with pytest.raises(DataCannotAnswer, match="no table has a time column") as caught:
        _ = shop(items=[{"item_id": 1}]).span
    assert "relfm.toml" in caught.value.hint


def test_until_keeps_what_had_happened(database: Database) -> None:
    then = database.until(day(4))
    assert then.tables["orders"]["order_id"].to_pylist() == [1]
    assert then.num_rows("lines") == 0
    assert then.num_rows("users") == 1
    assert database.num_rows("orders") == 3
    assert database.until(day(3)).num_rows("orders") == 1
    assert database.until(day(3) - 1).num_rows("orders") == 0


def test_hidden_column_is_hidden_in_another_database(database: Database) -> None:
    other = database.hide([("users", "age")]).hide([("users", "vip")])
    assert other.is_hidden("users", "age") and other.is_hidden("users", "vip")
    assert not database.is_hidden("users", "age")
    assert other.tables["users"] is database.tables["users"]
    assert other.until(day(9)).is_hidden("users", "age")


def test_numbers_are_floats_and_what_is_no_number_is_missing(database: Database) -> None:
    assert np.isnan(database.numbers("users", "age"))[0]
    assert database.numbers("users", "vip").tolist() == [1.0]
    assert database.numbers("orders", "ordered")[:2].tolist() == days(3, 5).tolist()
    assert np.isnan(database.numbers("orders", "ordered")[2])


def test_codes_number_the_distinct_values() -> None:
    rows = [{"item_id": n, "category": c} for n, c in enumerate(["b", None, "a", "b"])]
    codes, values = shop(items=rows).codes("items", "category")
    assert [None if c < 0 else values[int(c)].as_py() for c in codes] == ["b", None, "a", "b"]


def test_stypes_of_the_shop_are_semantic_types() -> None:
    assert SCHEMA.table("users").column("age").stype is Stype.numerical


def test_no_moment_is_shown_where_nothing_has_a_time() -> None:
    people = Schema.of([Table("people", (Column("id", "int64", None),), primary_key=("id",))])
    timeless = Database(people, {"people": pa.table({"id": pa.array([1], pa.int64())})})
    assert np.isnat(timeless.shown(np.array([0, 5]))).tolist() == [True, False]
    assert shop().shown(np.array([0])).astype(str).tolist() == ["1970-01-01T00:00:00.000000"]
