"""What holds for every feature: unique names, no hidden column, nothing from after what was seen."""

import re
from dataclasses import replace

import numpy as np
import pytest
from small_shop import SCHEMA, day, shop

from relfm.database import Database
from relfm.features import FeatureMatrix, compute
from relfm.features.matrix import Block
from relfm.features.series import table_series
from relfm.labels import task_of
from relfm.schema import Column, Schema
from relfm.stype import Stype
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

TASK = Task("t", TargetKind.BINARY, "users", None, horizon=Span.of(30, "days"))


def rows(number: int = 40) -> dict[str, list[dict]]:
    users = [
        {"user_id": n, "age": 20.0 + n, "segment": "ab"[n % 2], "country": "xyz"[n % 3], "vip": n % 2, "signup": n}
        for n in range(number)
    ]
    orders = [
        {"order_id": n, "user_id": n % 9, "item_id": n % 4, "price": float(n), "qty": n % 5, "status": "pq"[n % 2],
         "ordered": n}
        for n in range(number)
    ]  # fmt: skip
    items = [{"item_id": n, "category": "uv"[n % 2]} for n in range(4)]
    returns = [{"return_id": n, "order_id": 2 * n, "returned": 2 * n + 1} for n in range(number // 2)]
    return {"users": users, "items": items, "orders": orders, "returns": returns}


def at(database: Database, moment: int, task: Task = TASK) -> FeatureMatrix:
    return compute(database, task, Examples.of(np.arange(9), moment), until=moment)


def test_names_are_unique_and_as_many_as_columns() -> None:
    matrix = at(shop(**rows()), day(30))
    assert len(set(matrix.names)) == len(matrix.names) == matrix.num_features == len(matrix.hops)
    assert matrix.values.dtype == np.float32 and len(matrix) == 9


@pytest.mark.parametrize(
    ("table", "column"), [("users", "age"), ("orders", "price"), ("orders", "status"), ("items", "category")]
)
def test_hidden_column_is_on_no_path(table: str, column: str) -> None:
    database = shop(**rows())
    shown, hidden = at(database, day(30)), at(database, day(30), replace(TASK, hidden=frozenset({(table, column)})))
    assert any(f"{table}.{column}" in n for n in shown.names)
    assert not any(f"{table}.{column}" in n for n in hidden.names)


def test_hidden_key_is_on_no_path() -> None:
    matrix = at(shop(**rows()), day(30), replace(TASK, hidden=frozenset({("orders", "user_id")})))
    assert not any("orders" in n for n in matrix.names)


def test_target_of_a_missing_cell_is_hidden() -> None:
    task = task_of("PREDICT users.age FOR EACH users.user_id", SCHEMA)
    assert not any("users.age" in n for n in at(shop(**rows()), day(30), task).names)


def with_renewal(users: list[dict]) -> Database:
    column = Column("renewal", "timestamp", Stype.timestamp)
    described = SCHEMA.tables["users"]
    table = replace(described, columns=(*described.columns, column))
    return shop(Schema.of([*(t for t in SCHEMA.tables.values() if t.name != "users"), table]), users=users)


def test_future_date_reads_as_missing() -> None:
    users = [{"user_id": n, "signup": 0, "renewal": 10 * n} for n in range(9)]
    matrix = at(with_renewal(users), day(30))
    ages = matrix.values[:, matrix.names.index("days since users.renewal")]
    assert ages[:4].tolist() == [30, 20, 10, 0]
    assert np.isnan(ages[4:]).all()
    anniversary = matrix.values[:, matrix.names.index("days to the anniversary of users.renewal")]
    assert np.isnan(anniversary[4:]).all() and not np.isnan(anniversary[:4]).any()


def test_row_that_is_not_there_yet_has_no_cells() -> None:
    database = shop(**rows())
    matrix = at(database, day(4))
    assert np.isfinite(matrix.values[:5, matrix.names.index("users.age")]).all()
    assert np.isnan(matrix.values[5:, matrix.names.index("users.age")]).all()


def test_rows_after_what_was_seen_change_no_feature() -> None:
    whole, cut = shop(**rows()), shop(**rows()).until(day(20))
    before, after = at(whole, day(20)), at(cut, day(20))
    shared = [n for n in before.names if n in after.names]
    assert len(shared) > 100
    for name in shared:
        columns = [m.values[:, m.names.index(name)] for m in (before, after)]
        np.testing.assert_array_equal(*columns, err_msg=name)


def test_frequent_values_are_those_of_the_visible_rows_and_ties_go_by_value() -> None:
    countries = ["d", "b", "c", "a"] * 6 + ["z"] * 30
    users = [{"user_id": n, "country": c, "signup": n} for n, c in enumerate(countries)]
    names = [s.name for s in table_series(shop(users=users), "users", day(23))]
    assert [n for n in names if "country =" in n] == [f"users.country = {c}" for c in "abcd"]


def test_constant_and_unknown_columns_make_no_series() -> None:
    users = [{"user_id": n, "age": 5.0, "segment": "a", "signup": n} for n in range(40)]
    assert [s.name for s in table_series(shop(users=users), "users", day(50))] == []
    later = [{"user_id": n, "age": float(n), "signup": 60} for n in range(40)]
    assert [s.name for s in table_series(shop(users=later), "users", day(50))] == []


def test_text_that_hardly_repeats_is_told_by_its_length() -> None:
    users = [{"user_id": n, "bio": "x" * n, "signup": n} for n in range(10)]
    (series,) = table_series(shop(users=users), "users", day(50))
    assert series.name == "length of users.bio"
    assert series.values.tolist() == list(range(10))


def test_every_feature_is_named_in_plain_words() -> None:
    assert not [n for n in at(shop(**rows()), day(30)).names if re.search(r"[{}]|None|nan", n)]


def test_matrix_keeps_names_and_hops_with_its_columns() -> None:
    block = Block(3, 2)
    block.add("a", np.arange(3.0))
    block.add("b", np.ones(3))
    matrix = FeatureMatrix.concatenate([block.to_matrix(), Block(3, 0).to_matrix()], 3)
    assert (matrix.names, matrix.hops.tolist()) == (("a", "b"), [2, 2])
    assert matrix.values.tolist() == [[0, 1], [1, 1], [2, 1]]
    assert matrix.take(np.array([2])).values.tolist() == [[2, 1]]
    assert FeatureMatrix.concatenate([], 4).values.shape == (4, 0)
