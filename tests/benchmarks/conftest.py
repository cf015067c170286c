"""A small RelBench 3 folder, generated: shops that sell items, with a planted habit, and one task of each kind."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from relfm.benchmarks.tasks import BenchmarkDataset, load

START, VAL, TEST, END = (pd.Timestamp(t) for t in ("2020-01-01", "2022-01-01", "2022-07-01", "2023-02-01"))
SHOPS, ITEMS, SALES = 40, 12, 4_000
SHARED = Path(__file__).parents[3] / "shared"
REL_F1 = SHARED / "relbench" / "rel-f1"

SQL = {
    "shop-sells": """SELECT t.timestamp AS day, s.shop_id AS shop_id,
        CAST(COUNT(x.sale_id) > 2 AS INTEGER) AS sells
        FROM timestamps t CROSS JOIN shops s LEFT JOIN sales x ON x.shop_id = s.shop_id
        AND x.day > t.timestamp AND x.day <= t.timestamp + INTERVAL '{timedelta}' GROUP BY t.timestamp, s.shop_id""",
    "shop-revenue": """SELECT t.timestamp AS day, s.shop_id AS shop_id, COALESCE(SUM(x.price), 0) AS revenue
        FROM timestamps t CROSS JOIN shops s LEFT JOIN sales x ON x.shop_id = s.shop_id
        AND x.day > t.timestamp AND x.day <= t.timestamp + INTERVAL '{timedelta}' GROUP BY t.timestamp, s.shop_id""",
    "shop-items": """SELECT t.timestamp AS day, x.shop_id AS shop_id, LIST(DISTINCT x.item_id) AS item_id
        FROM timestamps t JOIN sales x ON x.day > t.timestamp
        AND x.day <= t.timestamp + INTERVAL '{timedelta}' GROUP BY t.timestamp, x.shop_id""",
}
ENTITY = {"entity_table": "shops", "entity_col": "shop_id", "time_col": "day", "timedelta": "30 days"}
TASKS = {
    "shop-sells": {"task_type": "binary_classification", "kind": "forecast", **ENTITY, "target_col": "sells"},
    "shop-revenue": {"task_type": "regression", "kind": "forecast", **ENTITY, "target_col": "revenue"},
    "shop-items": {
        "task_type": "recommendation",
        "kind": "forecast",
        "src_entity_table": "shops",
        "src_entity_col": "shop_id",
        "dst_entity_table": "items",
        "dst_entity_col": "item_id",
        "eval_k": 3,
        "time_col": "day",
        "timedelta": "30 days",
    },
    "sale-price": {
        "task_type": "regression",
        "kind": "autocomplete",
        "entity_table": "sales",
        "target_col": "price",
        "remove_columns": [["sales", "tax"]],
    },
}


def make_folder(path: Path, seed: int = 0) -> Path:
    """Write the dataset under ``path``: 3 tables, 4 tasks with stored train, val and test rows."""
    tables = _tables(np.random.default_rng(seed))
    (path / "db").mkdir(parents=True)
    for name, frame in tables.items():
        frame.to_parquet(path / "db" / f"{name}.parquet", index=False)
    manifest = {
        "name": "corner-shops",
        "manifest_version": 1,
        "val_timestamp": str(VAL.date()),
        "test_timestamp": str(TEST.date()),
        "tables": {
            "shops": {"pkey": "shop_id", "time_col": None, "fkeys": {}},
            "items": {"pkey": "item_id", "time_col": None, "fkeys": {}},
            "sales": {"pkey": "sale_id", "time_col": "day", "fkeys": {"shop_id": "shops", "item_id": "items"}},
        },
    }
    (path / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    for name, task in TASKS.items():
        _write_task(path / "tasks" / name, name, task, tables)
    return path


def _tables(generator: np.random.Generator) -> dict[str, pd.DataFrame]:
    """A shop has a rate, a price level and three favourite items that persist through the years."""
    rate = generator.gamma(1.0, 1.0, SHOPS)
    shop = np.sort(generator.choice(SHOPS, SALES, p=rate / rate.sum()))
    favourite = generator.integers(0, ITEMS, (SHOPS, 3))
    item = np.where(
        generator.random(SALES) < 0.7,
        favourite[shop, generator.integers(0, 3, SALES)],
        generator.integers(0, ITEMS, SALES),
    )
    price = np.round(np.exp(generator.normal(0, 0.3, SALES) + generator.normal(2, 0.6, SHOPS)[shop]), 2)
    day = START + pd.to_timedelta(generator.integers(0, (END - START).days, SALES), unit="D")
    sales = pd.DataFrame({"shop_id": shop, "item_id": item, "price": price, "tax": price * 0.2, "day": day})
    sales = sales.sort_values("day", kind="stable").reset_index(drop=True)
    sales.insert(0, "sale_id", np.arange(SALES))
    return {
        "shops": pd.DataFrame({"shop_id": np.arange(SHOPS), "city": [f"city {s % 5}" for s in range(SHOPS)]}),
        "items": pd.DataFrame({"item_id": np.arange(ITEMS), "name": [f"item {i}" for i in range(ITEMS)]}),
        "sales": sales,
    }


def _write_task(folder: Path, name: str, task: dict, tables: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True)
    sql = {"sql": SQL[name]} if name in SQL else {}
    (folder / "manifest.yaml").write_text(yaml.safe_dump({"name": name, **task, **sql, "manifest_version": 1}))
    month = pd.Timedelta(days=30)
    cutoffs = {
        "train": pd.date_range(VAL - month, START, freq=-month)[::-1],
        "val": pd.date_range(VAL, TEST - month, freq=month),
        "test": pd.date_range(TEST, END - month, freq=month),
    }
    for split, moments in cutoffs.items():
        frame = _forecast_rows(name, tables, moments) if sql else _static_rows(tables["sales"], split)
        frame.to_parquet(folder / f"{split}.parquet", index=False)


def _forecast_rows(name: str, tables: dict[str, pd.DataFrame], moments: pd.DatetimeIndex) -> pd.DataFrame:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("timestamps", pd.DataFrame({"timestamp": moments}))
        for table, frame in tables.items():
            connection.register(table, frame)
        rows = connection.sql(SQL[name].replace("{timedelta}", "30 days")).df()
    return rows.sort_values(["day", "shop_id"], kind="stable").reset_index(drop=True)


def _static_rows(sales: pd.DataFrame, split: str) -> pd.DataFrame:
    low, high = {"train": (START, VAL), "val": (VAL, TEST), "test": (TEST, END)}[split]
    inside = (sales["day"] > low) & (sales["day"] <= high)
    return sales.loc[inside, ["day", "sale_id", "price"]].reset_index(drop=True)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated dataset's folder."""
    return make_folder(tmp_path_factory.mktemp("relbench") / "corner-shops")


@pytest.fixture(scope="session")
def dataset(folder: Path) -> BenchmarkDataset:
    return load(folder)


@pytest.fixture(scope="session")
def rel_f1() -> BenchmarkDataset:
    if not REL_F1.is_dir():
        pytest.skip("the rel-f1 dataset is not on this machine")
    return load(REL_F1)
