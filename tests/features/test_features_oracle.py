"""Every aggregate equals its definition, computed row by row in plain Python on random small shops."""

import math

import numpy as np
import pytest
from history_oracle import Child, aggregates, recency
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_shop import DAY, day, shop

from relfm.database import Database
from relfm.features import FeatureMatrix, compute
from relfm.features.compute import windows_of
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

HORIZON = Span.of(30, "days")
TASK = Task("t", TargetKind.REGRESSION, "users", None, horizon=HORIZON)
WINDOWS = windows_of(HORIZON)
USERS = 4


def random_shop(seed: int) -> tuple[dict[str, list[dict]], Database]:
    """Rows and their Database: some prices, states and times are missing, some orders name nobody."""
    generator = np.random.default_rng(seed)
    items = [{"item_id": n, "category": "abc"[n % 3]} for n in range(12)]
    users = [{"user_id": n, "signup": int(generator.integers(0, 300))} for n in range(USERS)]
    orders = [
        {
            "order_id": n,
            "user_id": _or_none(generator, int(generator.integers(0, USERS + 1)), 0.1),
            "item_id": _or_none(generator, int(generator.integers(0, 12)), 0.1),
            "price": _or_none(generator, float(generator.normal(50, 20)), 0.2),
            "status": _or_none(generator, "xyz"[int(generator.integers(0, 3))], 0.1),
            "ordered": _or_none(generator, int(generator.integers(0, 600)), 0.05),
        }
        for n in range(int(generator.integers(20, 60)))
    ]
    lines = [
        {"order_id": int(generator.integers(0, 70)), "line_no": n, "amount": float(generator.normal(5, 3))}
        for n in range(40)
    ]
    rows = {"items": items, "users": users, "orders": orders, "lines": lines}
    return rows, shop(**rows)


def _or_none(generator: np.random.Generator, value: float | str, chance: float) -> float | str | None:
    """``value``, or by ``chance`` nothing."""
    return None if generator.random() < chance else value


def examples(seed: int) -> Examples:
    generator = np.random.default_rng(seed + 1)
    moments = np.array([day(d) for d in generator.integers(300, 650, 12)])
    return Examples.of(generator.integers(0, USERS, 12), moments, seen=moments - generator.integers(0, 3, 12) * DAY)


def children(rows: list[dict], user: int, column: str | None) -> list[Child]:
    """The orders of ``user`` in time order, rows of the same time in their own."""
    known = [r for r in rows if r["user_id"] == user and r["ordered"] is not None]
    return [(day(r["ordered"]), r.get(column)) for r in sorted(known, key=lambda r: r["ordered"])]


def is_told(cells: list[tuple[int | None, float | str | None]], until: int, least: int = 2) -> bool:
    """Whether the (time, value) up to ``until`` have ``least`` different values: a constant column is left out."""
    return len({v for t, v in cells if v is not None and t is not None and t <= until}) >= least


def agree(matrix: FeatureMatrix, example: int, expected: dict[str, float]) -> None:
    for name, value in expected.items():
        found = float(matrix.values[example, matrix.names.index(name)])
        assert found == pytest.approx(value, rel=1e-4, abs=1e-3, nan_ok=True), name


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
def test_counts_and_recency_agree_with_the_definition(seed: int) -> None:
    rows, database = random_shop(seed)
    asked = examples(seed)
    matrix = compute(database, TASK, asked, until=int(asked.seen.min()))
    for n, (user, seen) in enumerate(zip(asked.rows, asked.seen, strict=True)):
        times = [t for t, _ in children(rows["orders"], user, None)]
        agree(matrix, n, recency(times, int(seen), WINDOWS, "orders.user_id", full=True))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
def test_aggregates_of_numbers_agree_with_the_definition(seed: int) -> None:
    rows, database = random_shop(seed)
    asked = examples(seed)
    matrix = compute(database, TASK, asked, until=int(asked.seen.min()))
    if not is_told([(day(r["ordered"]), r["price"]) for r in rows["orders"]], int(asked.seen.min())):
        assert not any("orders.price" in name for name in matrix.names)
        return
    for n, (user, seen) in enumerate(zip(asked.rows, asked.seen, strict=True)):
        priced = children(rows["orders"], user, "price")
        expected = aggregates(priced, int(seen), WINDOWS, "orders.price", "orders.user_id", full=True, share=False)
        agree(matrix, n, expected)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
def test_shares_of_categories_agree_with_the_definition(seed: int) -> None:
    rows, database = random_shop(seed)
    asked = examples(seed)
    matrix = compute(database, TASK, asked, until=day(600))
    if not is_told([(day(r["ordered"]), r["status"]) for r in rows["orders"]], day(600), least=3):
        return  # one of two states says what the other would
    for n, (user, seen) in enumerate(zip(asked.rows, asked.seen, strict=True)):
        for state in "xyz":
            told = [(t, float(v == state)) for t, v in children(rows["orders"], user, "status")]
            name = f"orders.status = {state}"
            agree(matrix, n, aggregates(told, int(seen), WINDOWS, name, "orders.user_id", full=True, share=True))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
def test_category_of_the_item_is_an_aggregate_of_the_orders(seed: int) -> None:
    rows, database = random_shop(seed)
    asked = examples(seed)
    matrix = compute(database, TASK, asked, until=int(asked.seen.min()))
    kinds = {r["item_id"]: r["category"] for r in rows["items"]}
    name = "items.category = b of items (item_id)"
    for n, (user, seen) in enumerate(zip(asked.rows, asked.seen, strict=True)):
        named = children(rows["orders"], user, "item_id")
        told = [(t, None if i is None else float(kinds[i] == "b")) for t, i in named]
        agree(matrix, n, aggregates(told, int(seen), WINDOWS, name, "orders.user_id", full=True, share=True))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
@example(499390)
def test_children_of_children_agree_with_the_definition(seed: int) -> None:
    rows, database = random_shop(seed)
    asked = examples(seed)
    matrix = compute(database, TASK, asked, until=int(asked.seen.min()))
    orders = {r["order_id"]: r for r in rows["orders"]}
    path = "lines.order_id of orders.user_id"
    times = {o["order_id"]: day(o["ordered"]) for o in rows["orders"]}
    until = int(asked.seen.min())
    amounts = is_told([(times.get(r["order_id"]), r["amount"]) for r in rows["lines"]], until)
    own = {o["order_id"] for o in rows["orders"] if o["user_id"] in range(USERS)}
    linked = is_told([(times[r["order_id"]], 1.0) for r in rows["lines"] if r["order_id"] in own], until, least=1)
    assert any("lines.amount" in name for name in matrix.names) == (amounts and linked)
    for n, (user, seen) in enumerate(zip(asked.rows, asked.seen, strict=True)):
        own = [(orders[r["order_id"]], r["amount"]) for r in rows["lines"] if r["order_id"] in orders]
        told = [(day(o["ordered"]), a) for o, a in own if o["user_id"] == user and o["ordered"] is not None]
        told = sorted(told, key=lambda c: c[0])
        counts = recency([t for t, _ in told], int(seen), WINDOWS, path, full=False)
        if not linked:  # when the last of them was is then left out, as it is for all
            counts.pop(f"days since the last of {path}")
        agree(matrix, n, counts)
        if not (amounts and linked):
            continue
        expected = aggregates(told, int(seen), WINDOWS, "lines.amount", path, full=False, share=False)
        expected.pop(f"mean of lines.amount over the last 3 of {path}")  # lines of one moment are in no order
        expected.pop(f"last lines.amount of {path}")
        agree(matrix, n, expected)


def test_past_targets_count_once_their_window_has_closed() -> None:
    _, database = random_shop(0)
    labelled = Examples.of(np.array([1, 1, 1]), np.array([day(400), day(430), day(460)]), np.array([2.0, 4.0, 9.0]))
    asked = Examples.of(np.array([1, 1, 1, 0]), np.array([day(429), day(430), day(475), day(475)]))
    matrix = compute(database, TASK, asked, labelled, until=day(400))
    told = dict(zip(matrix.names, matrix.values.T, strict=True))
    assert told["number of its past targets"].tolist() == [0, 1, 2, 0]
    means = told["mean of target over all its past targets"].tolist()
    assert math.isnan(means[0]) and means[1:3] == [2, 3] and math.isnan(means[3])
    assert told["last target of its past targets"].tolist()[1:3] == [2, 4]
