"""The statistics that compare generated databases with real ones: known values on databases made by hand."""

import numpy as np
import pyarrow as pa
import pytest

from relfm.benchmarks.corpus_statistics import comparison, main, synthetic
from relfm.benchmarks.database_statistics import statistics_of
from relfm.benchmarks.synthesis import YARDSTICK, Speeds, measure
from relfm.database import Database
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.times import DAY


def shops(owners: list[int], days: list[int], totals: list[float | None]) -> Database:
    """Ten shops, and sales of them on those days of 2020."""
    start = int(np.datetime64("2020-01-01", "us").astype(np.int64))
    times = pa.array([start + day * DAY for day in days], pa.timestamp("us"))
    sale = Table(
        "sales",
        (Column("shop", "int64", None), Column("day", "timestamp", None), Column("total", "float64", Stype.numerical)),
        foreign_keys=(ForeignKey(("shop",), "shops", ("id",)),),
        time_column="day",
    )
    shop = Table("shops", (Column("id", "int64", None),), primary_key=("id",))
    tables = {"shops": pa.table({"id": range(10)}), "sales": pa.table({"shop": owners, "day": times, "total": totals})}
    return Database(Schema.of([shop, sale]), tables)


def even() -> Database:
    """Each shop sells on every tenth day, always for its own price."""
    owners = [shop for day in range(400) for shop in range(10) if day % 10 == shop]
    days = [day for day in range(400) for shop in range(10) if day % 10 == shop]
    return shops(owners, days, [float(owner) for owner in owners])


def test_equal_shops_have_no_skew_and_regular_sales_no_variation() -> None:
    found = statistics_of(even())
    assert found["tables"] == 2 and found["links per table"] == 0.5 and found["rows"] == 410
    assert found["Gini of children per row"] == pytest.approx(0, abs=1e-9)
    assert found["rows without children"] == 0
    assert found["children per row"] == 40
    assert found["variation of gaps"] == pytest.approx(0, abs=1e-9)
    assert found["likeness of siblings"] == pytest.approx(1, abs=0.02)


def test_one_shop_that_sells_everything_is_all_skew() -> None:
    found = statistics_of(shops([0] * 100, list(range(100)), [float(i % 7) for i in range(100)]))
    assert found["Gini of children per row"] == pytest.approx(0.9)
    assert found["rows without children"] == 0.9


def test_shops_that_close_are_remembered() -> None:
    """Half of the shops sell in the first half only, the others in the second: successive windows agree."""
    days = list(range(320))
    owners = [(day % 5) + 5 * (day >= 160) for day in days]
    found = statistics_of(shops(owners, days, [1.0] * 320))
    assert found["memory of counts"] > 0.6
    assert found["memory within a row"] > 0.6


def test_missing_cells_zeros_and_tails_are_counted() -> None:
    totals = [None] * 25 + [0.0] * 50 + [1e6] + [1.0] * 24
    found = statistics_of(shops([0] * 100, list(range(100)), totals))
    assert found["missing cells"] == pytest.approx(0.125)  # the day is a column too
    assert found["zeros among numbers"] == pytest.approx(50 / 75)
    assert found["numbers with a heavy tail"] == 1


def test_a_weekly_habit_is_seen_and_its_absence_too() -> None:
    weekly = [day for day in range(364) for _ in range(5) if day % 7 == 2]
    assert statistics_of(shops([0] * len(weekly), weekly, [1.0] * len(weekly)))["season of the week"] > 0.95
    generator = np.random.default_rng(0)
    anyday = generator.integers(0, 364, 3_000).tolist()
    assert statistics_of(shops([0] * 3_000, anyday, [1.0] * 3_000))["season of the week"] < 0.05


def test_the_table_has_a_line_for_every_statistic_and_both_sides() -> None:
    real, made = [statistics_of(even())] * 2, synthetic(2, seed=0, rows=600)
    grid = comparison(real, made)
    assert [row[0] for row in grid.rows] == list(made[0])
    line = next(row for row in grid.rows if row[0] == "tables")
    assert line[1:4] == ("2", "2", "2") and line[-1] in ("0%", "100%")


def test_the_command_prints_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--synthetic", "2", "--rows", "500"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "### 0 real and 2 synthetic databases"
    assert any(line.startswith("| Gini of children per row | –") for line in lines)


def test_every_step_of_making_databases_is_measured_on_the_same_rows() -> None:
    found = measure(databases=2, rows=500)
    assert list(found.seconds) == ["generate", "write a folder", YARDSTICK]
    assert 500 < found.rows < 2_000
    text = str(Speeds(1, 1_000, {"generate": 0.5, YARDSTICK: 0.25}))
    assert "2,000 rows/s    2.00 x the yardstick" in text
