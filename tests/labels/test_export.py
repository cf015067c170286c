"""What is exported is what RelBench itself can load and run, with the same labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from small_shop import SCHEMA, day, shop

from relfm.database import Database
from relfm.errors import UsageError
from relfm.labels import label_sql, manifest_yaml, task_from_manifest, task_of, to_manifest
from relfm.times import DAY, format_time, to_microseconds

_VAL, _TEST = 80, 110


@pytest.fixture(scope="module")
def database() -> Database:
    """Keys are row numbers, as RelBench wants them; two orders a day, at noon."""
    random = np.random.default_rng(3)
    orders = [
        {
            "order_id": i,
            "user_id": int(random.integers(6)),
            "item_id": int(random.integers(4)),
            "price": float(random.integers(1, 40)) / 4,
            "qty": int(random.integers(1, 5)),
            "status": "ok" if random.random() < 0.7 else "void",
            "ordered": 1.5 + i // 2,
        }
        for i in range(280)
    ]
    lines = [{"order_id": i, "line_no": 1, "amount": float(i % 7), "pieces": 1} for i in range(280)]
    users = [{"user_id": i, "age": 20.0 + i, "country": "DE" if i % 2 else "US", "signup": i / 8} for i in range(6)]
    items = [{"item_id": i, "category": "ab"[i % 2]} for i in range(4)]
    return shop(users=users, items=items, orders=orders, lines=lines)


@pytest.fixture(scope="module")
def folder(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "db").mkdir()
    tables: dict[str, Any] = {}
    for name, table in SCHEMA.tables.items():
        pq.write_table(database.tables[name], folder / "db" / f"{name}.parquet")
        tables[name] = {
            "pkey": table.primary_key[0] if len(table.primary_key) == 1 else None,
            "time_col": table.time_column,
            "fkeys": {fk.columns[0]: fk.table for fk in table.foreign_keys},
        }
    head = {"name": "shop", "val_timestamp": format_time(day(_VAL)), "test_timestamp": format_time(day(_TEST))}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(head | {"tables": tables}))
    return folder


_QUESTIONS = [
    "PREDICT COUNT(orders.*, 0, 9) > 3 FOR EACH users WHERE COUNT(orders.*, -20, 0) > 0 AND users.country = 'DE'",
    "PREDICT SUM(orders.price WHERE items.category = 'a', 0, 9) FOR EACH users",
    "PREDICT AVG(orders.price, 2, 9) FOR EACH items",
    "PREDICT SUM(lines.amount, 0, 9) FOR EACH users ASSUMING EXISTS(orders.*, 0, 4)",
    "PREDICT LAST(orders.qty, 0, 9) FOR EACH users",
    "PREDICT LIST_DISTINCT(orders.item_id WHERE orders.status = 'ok', 0, 9) RANK TOP 3 FOR EACH users",
]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_relbench_computes_the_same_labels(question: str, database: Database, folder: Path) -> None:
    relbench = pytest.importorskip("relbench")
    task = task_of(question, SCHEMA)
    path = folder / "tasks" / "asked"
    path.mkdir(parents=True, exist_ok=True)
    (path / "manifest.yaml").write_text(manifest_yaml(to_manifest(task, SCHEMA, "asked")))

    frame = relbench.load_dataset(folder).load_task("asked").get_table("train").df
    times = to_microseconds(frame.iloc[:, 0])
    ours = task.labeller.label(database.until(day(_TEST)), np.unique(times))
    if ours.items is not None:
        ours = ours.take(np.diff(ours.items.start) > 0)  # RelBench leaves out who has nothing
    keys = database.tables[task.entity].column(0).to_numpy()[ours.rows]
    assert len(frame) > 20
    assert ours.cutoffs.tolist() == times.tolist()
    assert keys.tolist() == frame.iloc[:, 1].tolist()
    if ours.items is None:
        assert ours.targets.tolist() == frame.iloc[:, 2].tolist()
    else:
        assert [ours.items.of(i).tolist() for i in range(len(ours))] == [list(x) for x in frame.iloc[:, 2]]


def test_relbench_loads_an_exported_cell(folder: Path, database: Database) -> None:
    relbench = pytest.importorskip("relbench")
    path = folder / "tasks" / "price"
    path.mkdir(parents=True)
    manifest = to_manifest(task_of("PREDICT orders.price FOR EACH orders", SCHEMA), SCHEMA, "price")
    (path / "manifest.yaml").write_text(manifest_yaml(manifest))
    frame = relbench.load_dataset(folder).load_task("price").get_table("train").df
    assert frame["price"].tolist() == database.tables["orders"]["price"].to_pylist()[: len(frame)]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_an_exported_task_comes_back_with_the_same_labels(question: str, database: Database) -> None:
    task = task_of(question, SCHEMA)
    manifest = yaml.safe_load(manifest_yaml(to_manifest(task, SCHEMA, "asked")))
    again = task_from_manifest(manifest, SCHEMA)
    cutoffs = np.array([day(_VAL), day(_TEST)])
    ours, theirs = task.labeller.label(database, cutoffs), again.labeller.label(database, cutoffs)
    assert (again.kind, again.entity, again.item, again.top) == (task.kind, task.entity, task.item, task.top)
    assert ours.rows.tolist() == theirs.rows.tolist()
    assert to_manifest(again, SCHEMA, "asked")["sql"] == manifest["sql"]
    if ours.items is None:
        assert ours.targets.tolist() == theirs.targets.tolist()


def test_the_horizon_is_written_as_timedelta() -> None:
    manifest = to_manifest(task_of(_QUESTIONS[2], SCHEMA), SCHEMA, "x")
    assert manifest["timedelta"] == "9 days"
    assert "INTERVAL '{timedelta}'" in manifest["sql"]
    assert "INTERVAL '2 days'" in manifest["sql"]


def test_calendar_months_stay_in_the_sql_and_bound_the_timedelta() -> None:
    manifest = to_manifest(task_of("PREDICT COUNT(orders.*, 0, 2, months) FOR EACH users", SCHEMA), SCHEMA, "x")
    assert manifest["timedelta"] == f"{2 * 31 * DAY // DAY} days"
    assert "INTERVAL '2 months'" in manifest["sql"]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("COUNT(orders.*, 0, 1) FORECAST 3 TIMEFRAMES FOR EACH users", "RelBench has no tasks of kind forecast"),
        ("users.age > 3 FOR EACH users", "RelBench can ask for a whole column"),
        ("items.category FOR EACH orders", "RelBench can ask for a whole column"),
        ("users.age FOR EACH users WHERE users.country = 'US'", "RelBench can ask for a whole column"),
    ],
)
def test_what_relbench_has_no_form_for_is_refused(question: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        to_manifest(task_of(f"PREDICT {question}", SCHEMA), SCHEMA, "x")


def test_label_sql_is_laid_out_to_be_read() -> None:
    assert label_sql(task_of("PREDICT COUNT(orders.*, 0, 30) = 0 FOR EACH users", SCHEMA)) == (
        "WITH orders_1 AS (\n"
        "  -- COUNT(orders.*, 0, 30, days)\n"
        "  SELECT timestamps.timestamp AS cutoff, users.user_id, count(*) AS value\n"
        "  FROM timestamps\n"
        "  JOIN orders ON orders.ordered > timestamps.timestamp"
        " AND orders.ordered <= timestamps.timestamp + INTERVAL '30 days'\n"
        "  JOIN users ON users.user_id = orders.user_id\n"
        "  GROUP BY timestamps.timestamp, users.user_id\n"
        ")\n"
        "SELECT timestamps.timestamp, users.user_id, CAST(coalesce(orders_1.value, 0) = 0 AS INTEGER) AS label\n"
        "FROM timestamps\n"
        "JOIN users ON users.signup <= timestamps.timestamp\n"
        "LEFT JOIN orders_1 ON orders_1.cutoff = timestamps.timestamp AND orders_1.user_id = users.user_id\n"
        "ORDER BY 1, 2"
    )


def test_label_sql_of_a_sql_task_is_its_own() -> None:
    manifest = to_manifest(task_of(_QUESTIONS[0], SCHEMA), SCHEMA, "x")
    assert label_sql(task_from_manifest(manifest, SCHEMA)) == manifest["sql"].replace("{timedelta}", "9 days")
