"""A date that was set with its row is a feature before it has come; another one is none until then."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.features import compute
from relfm.planning import resolve
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.task import Examples
from relfm.times import DAY, parse_time

START = parse_time("2024-01-01")
QUESTION = "PREDICT COUNT(visits.*, 0, 7, days) > 0 FOR EACH stays.id"


def database(*, is_planned: bool) -> Database:
    """Three stays: made on days 0, 1 and 2, to begin on days 10, 40 and 3."""
    columns = (Column("id", "int64", None), Column("made", "timestamp", Stype.timestamp))
    begins = Column("begins", "timestamp", Stype.timestamp)
    stays = Table("stays", (*columns, replace(begins, is_planned=is_planned)), ("id",), time_column="made")
    visits = Table("visits", (*columns, Column("stay", "int64", None)), ("id",), time_column="made")
    days = [[0, 1, 2], [10, 40, 3]]
    made, begin = (pa.array([START + d * DAY for d in day]).cast(pa.timestamp("us")) for day in days)
    ids = pa.array([1, 2, 3])
    tables = {
        "stays": pa.table({"id": ids, "made": made, "begins": begin}),
        "visits": pa.table({"id": ids, "made": made, "stay": ids}),
    }
    visits = replace(visits, foreign_keys=(ForeignKey(("stay",), "stays", ("id",)),))
    return Database(Schema.of([stays, visits]), tables)


def features_on_day(day: int, *, is_planned: bool) -> dict[str, np.ndarray]:
    held = database(is_planned=is_planned)
    at = START + day * DAY
    queries = Examples.of(np.arange(3), np.full(3, at))
    none = replace(queries.take(np.zeros(0, np.int64)), targets=np.zeros(0))
    matrix = compute(held, resolve(held, QUESTION), queries, none, until=at)
    return dict(zip(matrix.names, matrix.values.T, strict=True))


def test_a_planned_date_is_known_from_its_row_on() -> None:
    found = features_on_day(5, is_planned=True)
    assert found["days since stays.begins"].tolist() == [-5, -35, 2]
    assert found["days from its row to stays.begins"].tolist() == [10, 39, 1]


def test_another_date_is_missing_until_it_has_come() -> None:
    found = features_on_day(5, is_planned=False)
    assert np.array_equal(found["days since stays.begins"], [np.nan, np.nan, 2], equal_nan=True)
    assert "days from its row to stays.begins" not in found


def test_before_its_row_nothing_is_known_of_it() -> None:
    found = features_on_day(0, is_planned=True)
    assert np.array_equal(found["days since stays.begins"], [-10, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(found["days from its row to stays.begins"], [10, np.nan, np.nan], equal_nan=True)
