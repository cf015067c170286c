"""Columns that were written after their row was made are left out by what their cells say, whatever they are called."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from relfm import Predictor
from relfm.connectors import connect, to_toml
from relfm.schema import Schema

START = datetime(2024, 1, 1)
DAYS = 400


def dated(days: np.ndarray) -> pd.Series:
    return pd.Series([pd.NaT if np.isnan(d) else START + timedelta(days=float(d)) for d in days]).dt.floor("s")


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """Three hundred customers who order at random, at the same rate, whoever they are: no column tells who will."""
    generator = np.random.default_rng(0)
    joined = np.sort(generator.uniform(0, 200, 300))
    number = generator.poisson((DAYS - joined) / 30)
    owner = np.repeat(np.arange(300), number)
    made = generator.uniform(joined[owner], DAYS)
    order = np.argsort(made)
    owner, made = owner[order], made[order]
    price = np.round(generator.gamma(2, 20, 300), 2)
    orders = pd.DataFrame({"id": range(len(made)), "customer_id": owner, "created_at": dated(made)})
    orders["amount"] = np.round(generator.gamma(2, 20, len(made)), 2)
    orders["channel"] = generator.choice(["app", "web", "shop"], len(made))
    orders["unit_price"] = price[owner]
    orders["shipped_at"] = dated(np.where(made < DAYS - 9, made + 3, np.nan))
    orders["state"] = np.where(made < DAYS - 9, generator.choice(["sent", "came"], len(made)), "new")
    orders["gift"] = generator.integers(0, 2, len(made))
    by = orders.groupby("customer_id")
    customers = pd.DataFrame({"id": range(300), "created_at": dated(joined), "tier": generator.choice(["a", "b"], 300)})
    customers["price"] = price
    customers["age"] = generator.integers(18, 80, 300)
    customers["bought"] = by.size().reindex(range(300), fill_value=0)
    customers["spent"] = by["amount"].sum().reindex(range(300), fill_value=0.0).round(2)
    customers["basket"] = by["amount"].mean().round(1).reindex(range(300))
    customers["online"] = (orders["channel"] != "shop").groupby(owner).sum().reindex(range(300), fill_value=0)
    customers["through"] = by["channel"].last().reindex(range(300))
    customers["shopping_day"] = by["created_at"].max().dt.normalize().reindex(range(300))
    versions = pd.DataFrame({"id": range(900), "customer_id": np.tile(np.arange(300), 3)})
    versions["valid_from"] = dated(np.repeat([0, 100, 300], 300) + generator.uniform(0, 50, 900))
    ends = versions.groupby("customer_id")["valid_from"].shift(-1)
    versions["valid_to"] = ends.fillna(datetime(9999, 12, 31)).astype(str)
    versions["current"] = ends.isna()
    versions["plan"] = generator.choice(["s", "l"], 900)
    return {"customers": customers, "orders": orders, "versions": versions}


def left_out(schema: Schema) -> dict[str, str]:
    return {
        f"{name}.{d.value}": d.evidence for name, t in schema.tables.items() for d in t.decisions if d.what == "exclude"
    }


def test_summaries_and_marks_are_left_out_and_nothing_else(frames):
    found = left_out(connect(frames).schema)
    assert {c: why for c, why in found.items() if c.startswith("customers")} == {
        "customers.bought": "it is the number of its rows in orders, later ones too",
        "customers.spent": "it is the sum of amount of its rows in orders, later ones too",
        "customers.basket": "it is the mean of amount of its rows in orders, later ones too",
        "customers.online": "it is the number with another channel than shop of its rows in orders, later ones too",
        "customers.through": "it is the last channel of its rows in orders, later ones too",
        "customers.shopping_day": "it is the latest time of its rows in orders, later ones too",
    }
    assert found["orders.state"] == "its values follow from whether shipped_at has come"
    assert found["versions.current"] == "its values follow from whether valid_to has come"
    assert len(found) == 8


def test_what_cannot_be_known_is_not_predicted(frames):
    question = "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id"
    table = Predictor(effort="fast").backtest(connect(frames), question, folds=2).table
    (row,) = table[(table["fold"] == "all") & (table["method"] == "relfm")].itertuples()
    assert row.low < 0.5 < row.high


def test_summaries_in_a_table_that_extends_another_are_left_out(frames):
    extended = ["bought", "spent"]
    stats = frames["customers"][["id", *extended]].rename(columns={"id": "customer_id"})
    customers = frames["customers"][["id", "created_at", "tier"]]
    found = left_out(connect({"customers": customers, "orders": frames["orders"], "customer_stats": stats}).schema)
    assert {f"customer_stats.{c}" for c in extended} <= found.keys()


def test_sums_of_details_that_came_with_their_row_stay(frames):
    orders = frames["orders"][["id", "created_at"]].iloc[:800]
    lines = pd.DataFrame({"order_id": np.repeat(range(800), 2), "line_no": [1, 2] * 800, "price": np.arange(1600.0)})
    total = lines.groupby("order_id")["price"].sum()
    assert left_out(connect({"orders": orders.assign(total=total), "order_lines": lines}).schema) == {}
    dated_lines = lines.assign(id=range(1600), created_at=np.repeat(orders["created_at"].to_numpy(), 2))
    assert left_out(connect({"orders": orders.assign(total=total), "order_lines": dated_lines}).schema) == {}


def test_the_last_state_of_a_log_is_no_mark(frames):
    log = frames["versions"][["id", "customer_id", "valid_from"]].rename(columns={"valid_from": "logged_at"})
    log["status"] = np.repeat(["open", "seen", "closed"], 300)
    log["ward"] = np.repeat([1.0, 2.0, np.nan], 300) * np.tile(np.arange(300), 3)
    log["is_last"] = np.repeat([False, False, True], 300)
    found = left_out(connect({"customers": frames["customers"][["id", "created_at"]], "status_log": log}).schema)
    assert found == {"status_log.is_last": "its values follow from whether a later row has the same customer_id"}


def test_who_says_what_a_column_is_has_it_read(frames, tmp_path):
    file = tmp_path / "relfm.toml"
    file.write_text('[tables.customers.columns]\nbought = "numerical"\n')
    database = connect(frames, schema_file=file)
    assert not database.is_hidden("customers", "bought")
    assert database.is_hidden("customers", "spent")


def test_a_written_schema_keeps_what_was_left_out(frames, tmp_path):
    file = tmp_path / "relfm.toml"
    inferred = connect(frames)
    file.write_text(to_toml(inferred.schema))
    written = connect({**frames, "orders": frames["orders"].iloc[:50]}, schema_file=file)
    assert written.hidden == inferred.hidden
    assert written.schema.tables["customers"].column("bought").stype == "numerical"


def test_what_was_left_out_can_be_asked_about(frames):
    question = "PREDICT orders.state FOR EACH orders.id"
    found = Predictor(effort="fast").predict(connect(frames), question, entities=[1, 2])
    assert set(found.frame["prediction"]) <= {"sent", "came", "new"}


def test_what_follows_from_a_date_to_come_is_left_out_and_what_dates_lack_by_nature_is_not():
    generator = np.random.default_rng(0)
    made = np.sort(generator.uniform(0, DAYS, 2000))
    start = made + generator.exponential(30, 2000)
    is_return = generator.integers(0, 2, 2000).astype(bool)
    trips = pd.DataFrame({"id": range(2000), "booked_at": dated(made), "flies": dated(start)})
    trips["flies_back"] = dated(np.where(is_return, start + 5, np.nan))
    trips["kind"] = np.where(is_return, "return", "single")
    gone = start < DAYS
    trips["state"] = np.where(gone, generator.choice(["flown", "missed"], 2000), "booked")
    trips["missed"] = pd.array(np.where(gone, trips["state"] == "missed", None), dtype="boolean")
    assert left_out(connect({"trips": trips}).schema) == {
        "trips.state": "its values follow from whether flies has come",
        "trips.missed": "its values follow from whether flies has come",
    }


def test_the_data_go_on_as_long_as_something_is_written():
    """Nobody was hired of late, and people go on leaving."""
    generator = np.random.default_rng(0)
    hired = generator.uniform(0, 200, 800)
    left = hired + generator.exponential(400, 800)
    staff = pd.DataFrame({"id": range(800), "hired_at": dated(hired)})
    staff["terminated_at"] = dated(np.where(left < DAYS, left, np.nan)).fillna(datetime(2999, 12, 31))
    staff["status"] = np.where(left < DAYS, "left", "here")
    assert left_out(connect({"staff": staff}).schema) == {
        "staff.status": "its values follow from whether terminated_at has come"
    }
