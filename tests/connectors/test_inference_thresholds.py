"""Where inference turns: for each threshold one pair of tables on either side of it."""

import datetime
from typing import Any

import pyarrow as pa
import pytest

from relfm.connectors import connect
from relfm.schema import Schema

Columns = dict[str, list[Any]]


def schema_of(**tables: Columns) -> Schema:
    return connect({name: pa.table(columns) for name, columns in tables.items()}).schema


def ids(count: int) -> list[int]:
    return list(range(1, count + 1))


def moments(count: int, *, hours: float = 0) -> list[datetime.datetime]:
    """One a day, at that time of the day."""
    first = datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=hours)
    return [first + datetime.timedelta(days=n) for n in range(count)]


def is_linked(schema: Schema, table: str, column: str) -> bool:
    return any(key.columns == (column,) for key in schema.table(table).foreign_keys)


@pytest.mark.parametrize(("earlier", "chosen"), [(95, "opened_at"), (94, "created_at")])
def test_the_earliest_date_is_so_in_ninety_five_of_a_hundred_rows(earlier: int, chosen: str) -> None:
    created = moments(100)
    opened = [m + datetime.timedelta(days=-2 if n < earlier else 2) for n, m in enumerate(created)]
    found = schema_of(cases={"id": ids(100), "created_at": created, "opened_at": opened})
    assert found.table("cases").time_column == chosen


@pytest.mark.parametrize(("known", "time"), [(100, "opened_at"), (99, None)])
def test_a_date_that_half_of_the_rows_have_is_their_time(known: int, time: str | None) -> None:
    opened = [m if n < known else None for n, m in enumerate(moments(200))]
    found = schema_of(cases={"id": ids(200), "opened_at": opened})
    assert found.table("cases").time_column == time


@pytest.mark.parametrize("columns", [("opened_date", "created_at"), ("created_at", "opened_date")])
@pytest.mark.parametrize(("hours", "chosen"), [(9.5, "created_at"), (33.5, "opened_date")])
def test_of_two_moments_of_one_day_the_finer_is_the_time(columns: tuple, hours: float, chosen: str) -> None:
    """A date at midnight is no earlier than an hour of the same day, but it is earlier than one of the next."""
    cells = {"opened_date": moments(60), "created_at": moments(60, hours=hours)}
    found = schema_of(cases={"id": ids(60), **{c: cells[c] for c in columns}})
    assert found.table("cases").time_column == chosen


@pytest.mark.parametrize(("unknown", "inherits"), [(2, True), (3, False)])
def test_parts_have_the_time_of_their_whole_if_one_in_a_hundred_lacks_it(unknown: int, inherits: bool) -> None:
    whole = [None if n < unknown else n // 2 + 1 for n in range(200)]
    found = schema_of(
        orders={"id": ids(100), "created_at": moments(100)},
        order_lines={"id": ids(200), "order_id": whole, "text": ["a", "b"] * 100},
    )
    assert is_linked(found, "order_lines", "order_id")
    time_from = found.table("order_lines").time_from
    assert (time_from.table if time_from else None) == ("orders" if inherits else None)


@pytest.mark.parametrize(("held", "linked"), [(99, True), (98, False)])
def test_ninety_nine_of_a_hundred_values_are_in_the_key(held: int, linked: bool) -> None:
    named = [n if n <= held else 1_000 + n for n in ids(100)] * 2
    found = schema_of(customers={"id": ids(120)}, visits={"id": ids(200), "customer_id": named})
    assert is_linked(found, "visits", "customer_id") is linked


@pytest.mark.parametrize(("held", "is_key"), [(99, True), (98, False)])
def test_a_key_that_others_use_has_ninety_nine_of_a_hundred_of_their_values(held: int, is_key: bool) -> None:
    """Not after its own table, so that only its use makes it a key."""
    numbers = [f"k{n}" for n in range(120)]
    used = [numbers[n] if n < held else f"x{n}" for n in range(100)] * 2
    found = schema_of(people={"text": ["a"] * 120, "badge_no": numbers}, visits={"id": ids(200), "badge_no": used})
    assert found.table("people").primary_key == (("badge_no",) if is_key else ())


@pytest.mark.parametrize(
    ("parents", "distinct", "linked"), [(40, 20, True), (40, 19, False), (12, 10, True), (12, 9, False)]
)
def test_a_name_without_a_key_word_needs_ten_numbers_and_half_of_the_key(
    parents: int, distinct: int, linked: bool
) -> None:
    named = [n % distinct + 1 for n in range(200)]
    found = schema_of(employees={"id": ids(parents)}, visits={"id": ids(200), "employee": named})
    assert is_linked(found, "visits", "employee") is linked


def test_text_without_a_key_word_has_to_fit_only() -> None:
    """Two of forty names: text does not fit by chance."""
    names = [f"name{n}" for n in range(40)]
    found = schema_of(employees={"id": names}, visits={"id": ids(200), "employee": names[:2] * 100})
    assert is_linked(found, "visits", "employee")


@pytest.mark.parametrize("others", [False, True])
def test_a_name_that_the_parent_gives_to_another_column_is_no_name_of_its_key(others: bool) -> None:
    customers: Columns = {"id": ids(20)} | ({"CustomerCode": [n % 7 for n in range(20)]} if others else {})
    found = schema_of(customers=customers, visits={"id": ids(100), "customer_code": [n % 20 + 1 for n in range(100)]})
    assert is_linked(found, "visits", "customer_code") is not others


@pytest.mark.parametrize(("strays", "rows", "linked"), [(8, 40, True), (8, 2, False), (40, 40, False)])
def test_a_few_strays_among_many_rows_do_not_undo_a_link(strays: int, rows: int, linked: bool) -> None:
    """Two hundred users with so many rows each, and users that nobody knows with one."""
    named = ids(200) * rows + [1_000 + n for n in range(strays)]
    found = schema_of(users={"id": ids(200)}, events={"id": ids(len(named)), "user_id": named})
    assert is_linked(found, "events", "user_id") is linked
