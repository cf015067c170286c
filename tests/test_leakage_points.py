"""Places where the future has a way in that random changes seldom take: one test for each."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backends import write_schema_file
from invariance import KINDS, differences, predicted
from mutations import change_cells, future
from small_shop import SCHEMA as SMALL
from small_shop import day, shop
from timed_shop import AT, SCHEMA, customers_at, frames, stores_at

from relfm import Predictor
from relfm.doubts import warnings_of
from relfm.labels import task_of
from relfm.query import parse
from relfm.task import Examples
from relfm.times import MISSING_TIME, to_datetime64

COUNT = "PREDICT COUNT(orders.*, 0, 10, days) > 0 FOR EACH users.user_id"
MANY = Examples.of(np.zeros(1_000, np.int64), 0, np.arange(1_000) % 2)
"""Labels enough."""


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return frames(30, 300)


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_schema_file(SCHEMA, tmp_path_factory.mktemp("facts"))


@pytest.mark.parametrize("kind", KINDS)
def test_row_of_no_known_time_changes_no_prediction(tables: Mapping[str, pd.DataFrame], kind: str) -> None:
    generator = np.random.default_rng(0)
    more = {
        "customers": customers_at(generator, np.full(7, MISSING_TIME), 1000),
        "stores": stores_at(generator, np.full(2, MISSING_TIME), 1000),
    }
    changed = {n: pd.concat([rows, more[n]], ignore_index=True) if n in more else rows for n, rows in tables.items()}
    before, after = predicted(tables, kind), predicted(changed, kind)
    assert len(after.warnings) == len(before.warnings) + 1  # they are spoken of, and nothing else moves
    assert not differences(replace(before, warnings=()), replace(after, warnings=()))


@pytest.mark.parametrize("kind", KINDS)
def test_category_of_every_later_row_changes_no_prediction(
    tables: Mapping[str, pd.DataFrame], kind: str, schema_file: Path
) -> None:
    changed = {name: rows.copy() for name, rows in tables.items()}
    for table, column in (("orders", "channel"), ("customers", "segment"), ("stores", "city")):
        later = future(tables, table, AT)
        changed[table].loc[later, column] = [f"{column} {n}" for n in range(int(later.sum()))]
    before, after = (predicted(t, kind, schema_file=schema_file) for t in (tables, changed))
    assert not differences(before, after)


def test_parent_that_came_after_its_child_tells_nothing(tables: Mapping[str, pd.DataFrame]) -> None:
    early = tables["orders"]["store_id"].isin(tables["stores"]["id"][future(tables, "stores", AT)])
    assert (early & ~future(tables, "orders", AT)).any()
    changed = change_cells({"stores": tables["stores"]}, AT, np.random.default_rng(1))
    assert not changed["stores"].equals(tables["stores"])
    before, after = (predicted(t, "binary") for t in (tables, {**tables, **changed}))
    assert not differences(before, after)


def test_rows_after_the_moment_do_not_make_stale_data_fresh() -> None:
    users = [{"user_id": 1, "signup": 0}]
    orders = [{"order_id": 1, "user_id": 1, "ordered": 5}]
    later = [*orders, {"order_id": 2, "user_id": 1, "ordered": 400}]
    task = task_of(parse(COUNT), SMALL)
    stale = warnings_of(shop(users=users, orders=orders), task, day(300), MANY)
    assert stale == ("the data end at 2020-01-06, 295 days before 2020-10-27: the answers are stale",)
    assert warnings_of(shop(users=users, orders=later), task, day(300), MANY) == stale


def test_default_moment_is_the_end_of_the_data(tables: Mapping[str, pd.DataFrame]) -> None:
    users = [{"user_id": n, "signup": n} for n in range(12)]
    orders = [{"order_id": n, "user_id": n % 7, "ordered": 7 * n} for n in range(40)]
    database = shop(users=users, orders=orders)
    found = Predictor(effort="fast").predict(database, COUNT)
    assert found.at == day(7 * 39)
    assert not differences(found, Predictor(effort="fast").predict(database, COUNT, at=day(7 * 39)))


@pytest.mark.parametrize("kind", KINDS)
def test_flood_of_new_values_later_flips_no_inferred_type(tables: Mapping[str, pd.DataFrame], kind: str) -> None:
    later = tables["orders"][future(tables, "orders", AT)]
    flood = pd.concat([later] * 40, ignore_index=True)
    flood["id"] = 1_000_000 + np.arange(len(flood))
    # A question about a column that has turned into free text is refused aloud, so there the column keeps its values.
    for column in ("note",) if kind == "multiclass" else ("channel", "note"):
        flood[column] = [f"{column} never seen {n}" for n in range(len(flood))]
    changed = {**tables, "orders": pd.concat([tables["orders"], flood], ignore_index=True)}
    assert not differences(predicted(tables, kind), predicted(changed, kind))


@pytest.mark.parametrize("kind", ["binary", "regression", "ranking"])
def test_first_rows_of_a_table_that_come_later_change_no_prediction(
    tables: Mapping[str, pd.DataFrame], kind: str, schema_file: Path
) -> None:
    """Not by the features that they make either, all of them still missing."""
    later = AT + np.arange(len(tables["visits"]), dtype=np.int64) + 1
    moved = tables["visits"].assign(at=to_datetime64(later))
    shops = [{**tables, "visits": moved[:number]} for number in (0, len(moved))]
    before, after = (predicted(t, kind, "default", schema_file=schema_file) for t in shops)
    assert not differences(before, after)
