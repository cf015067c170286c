"""Label SQL against plain Python over random small shops: every aggregate, window edges, missing cells and keys."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import SCHEMA, day, days, shop

from relfm.database import Database
from relfm.labels import QueryLabeller

_DAY = st.integers(0, 12)
_PRICE = st.one_of(st.none(), st.integers(-4, 8).map(lambda n: n / 4))  # sums of quarters are exact
_CUTOFFS = (2, 4, 5, 8)

_ORDER = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from([None, 1, 2, 3, 9]),  # nobody is 9
        "item_id": st.sampled_from([None, 1, 2]),
        "price": _PRICE,
        "qty": st.one_of(st.none(), st.integers(0, 5)),
        "status": st.sampled_from([None, "ok", "it's"]),
        "ordered": st.one_of(st.none(), _DAY),
    }
)
_SHOPS = st.fixed_dictionaries(
    {
        "signups": st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=3, max_size=3),
        "orders": st.lists(_ORDER, max_size=12),
    }
)
_WINDOWS = st.sampled_from([(0, 3), (0, 1), (1, 4), (2, 3)])
_FUNCTIONS = {
    "COUNT(orders.*{where}, {window})": lambda rows: len(rows),
    "COUNT(orders.price{where}, {window})": lambda rows: len(_known(rows, "price")),
    "COUNT_DISTINCT(orders.item_id{where}, {window})": lambda rows: len(set(_known(rows, "item_id"))),
    "SUM(orders.price{where}, {window})": lambda rows: sum(_known(rows, "price")),
    "SUM(orders.price * orders.qty{where}, {window})": lambda rows: sum(_products(rows)),
    "AVG(orders.qty{where}, {window})": lambda rows: _mean(_known(rows, "qty")),
    "AVG(orders.price{where}, {window})": lambda rows: _mean(_known(rows, "price")),
    "MIN(orders.price{where}, {window})": lambda rows: min(_known(rows, "price"), default=None),
    "MAX(orders.qty{where}, {window})": lambda rows: max(_known(rows, "qty"), default=None),
    "FIRST(orders.qty{where}, {window})": lambda rows: next(iter(_known(_in_time(rows), "qty")), None),
    "LAST(orders.price{where}, {window})": lambda rows: next(iter(_known(_in_time(rows)[::-1], "price")), None),
}
_FILTERS = {
    "": lambda row: True,
    " WHERE orders.status = 'it''s'": lambda row: row["status"] == "it's",
    " WHERE NOT orders.price > 0": lambda row: row["price"] is not None and not row["price"] > 0,
    " WHERE items.category = 'toys'": lambda row: row["item_id"] == 1,
}


@pytest.mark.parametrize("form", _FUNCTIONS)
@given(data=_SHOPS, window=_WINDOWS, where=st.sampled_from(list(_FILTERS)))
@settings(max_examples=8, deadline=None)
def test_every_aggregate_equals_plain_python(form: str, data: dict, window: tuple[int, int], where: str) -> None:
    start, end = window
    target = form.format(where=where, window=f"{start}, {end}, days")
    database = _shop(data)
    examples = QueryLabeller.of(f"PREDICT {target} FOR EACH users", SCHEMA).label(database, days(*_CUTOFFS))
    expected = []
    for cutoff in _CUTOFFS:
        for row, signup in enumerate(data["signups"]):
            if signup is not None and signup <= cutoff:
                orders = _orders(data, row + 1, cutoff + start, cutoff + end, where)
                value = _FUNCTIONS[form](orders)
                if value is not None:
                    expected.append((day(cutoff), row, float(value)))
    assert list(zip(examples.cutoffs, examples.rows, examples.targets, strict=True)) == expected


@given(data=_SHOPS, window=_WINDOWS)
@settings(max_examples=12, deadline=None)
def test_lists_of_items_equal_plain_python(data: dict, window: tuple[int, int]) -> None:
    start, end = window
    text = f"PREDICT LIST_DISTINCT(orders.item_id, {start}, {end}, days) FOR EACH users"
    examples = QueryLabeller.of(text, SCHEMA).label(_shop(data), days(*_CUTOFFS))
    assert examples.targets is None
    for i, (cutoff, row) in enumerate(zip(examples.cutoffs, examples.rows, strict=True)):
        at = next(c for c in _CUTOFFS if day(c) == cutoff)
        items = set(_known(_orders(data, row + 1, at + start, at + end, ""), "item_id"))
        assert examples.items.of(i).tolist() == sorted(item - 1 for item in items)


@given(data=_SHOPS, changes=st.lists(_ORDER, min_size=1, max_size=6))
@settings(max_examples=12, deadline=None)
def test_rows_after_the_last_window_change_no_label(data: dict, changes: list[dict]) -> None:
    later = [{**order, "ordered": 8 + 3 + 1 + (order["ordered"] or 0)} for order in changes]
    text = "PREDICT AVG(orders.price, 0, 3, days) FOR EACH users WHERE COUNT(orders.*, -INF, 0, days) > 0"
    labeller = QueryLabeller.of(text, SCHEMA)
    before = labeller.label(_shop(data), days(*_CUTOFFS))
    after = labeller.label(_shop({**data, "orders": data["orders"] + later}), days(*_CUTOFFS))
    assert before.rows.tobytes() == after.rows.tobytes()
    assert before.targets.tobytes() == after.targets.tobytes()


def _shop(data: dict) -> Database:
    return shop(
        users=[{"user_id": i + 1, "signup": signup} for i, signup in enumerate(data["signups"])],
        items=[{"item_id": 1, "category": "toys"}, {"item_id": 2, "category": "books"}],
        orders=[{"order_id": i, **order} for i, order in enumerate(data["orders"])],
    )


def _orders(data: dict, user: int, after: int, until: int, where: str) -> list[dict]:
    mine = [o for o in data["orders"] if o["user_id"] == user and o["ordered"] is not None]
    return [o for o in mine if after < o["ordered"] <= until and _FILTERS[where](o)]


def _known(rows: list[dict], column: str) -> list[Any]:
    return [row[column] for row in rows if row[column] is not None]


def _products(rows: list[dict]) -> list[float]:
    return [row["price"] * row["qty"] for row in rows if row["price"] is not None and row["qty"] is not None]


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _in_time(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row["ordered"])  # stable: rows of one moment stay in the order of their key
