"""Official rows: mapped by key, in stored order, refused when they do not fit the database."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from relfm.benchmarks import hub
from relfm.benchmarks.tasks import BenchmarkDataset, Split, load
from relfm.errors import ConnectionFailed, SchemaError, UsageError
from relfm.task import TargetKind
from relfm.times import to_microseconds


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def stored(dataset: BenchmarkDataset, task: str, split: Split) -> pd.DataFrame:
    return pd.read_parquet(dataset.path / "tasks" / task / f"{split}.parquet")


@pytest.mark.parametrize("split", list(Split))
def test_rows_cutoffs_and_targets_are_the_stored_ones_in_stored_order(dataset: BenchmarkDataset, split: Split) -> None:
    rows, frame = dataset.task("shop-revenue").splits[split], stored(dataset, "shop-revenue", split)
    keys = dataset.database.tables["shops"].column("shop_id").to_numpy()
    assert np.array_equal(keys[rows.rows], frame["shop_id"])
    assert np.array_equal(rows.cutoffs, to_microseconds(frame["day"]))
    assert np.array_equal(rows.targets, frame["revenue"])


def test_ranking_targets_are_item_rows(dataset: BenchmarkDataset) -> None:
    rows, frame = dataset.task("shop-items").splits[Split.TEST], stored(dataset, "shop-items", Split.TEST)
    keys = dataset.database.tables["items"].column("item_id").to_numpy()
    assert [sorted(keys[rows.items.of(i)]) for i in range(len(rows))] == [sorted(x) for x in frame["item_id"]]


def test_autocomplete_rows_stand_at_their_own_time_with_the_target_hidden(dataset: BenchmarkDataset) -> None:
    task = dataset.task("sale-price")
    rows = task.splits[Split.VAL]
    assert task.is_static
    assert np.array_equal(rows.cutoffs, dataset.database.times("sales")[rows.rows])
    assert {("sales", "price"), ("sales", "tax")} <= task.task.hidden


def test_metric_follows_the_task_type(dataset: BenchmarkDataset) -> None:
    assert {name: dataset.task(name).metric for name in dataset.task_names} == {
        "shop-sells": "auroc",
        "shop-revenue": "nmae",
        "shop-items": "map",
        "sale-price": "nmae",
    }
    assert dataset.task("shop-items").top == 3
    assert dataset.task("shop-sells").task.kind is TargetKind.BINARY


def test_scale_is_the_deviation_of_the_train_targets(dataset: BenchmarkDataset) -> None:
    frame = stored(dataset, "shop-revenue", Split.TRAIN)
    assert dataset.task("shop-revenue").scale == pytest.approx(frame["revenue"].std(ddof=1))
    assert dataset.task("shop-sells").scale == 1.0


def test_unknown_task_suggests_the_nearest(dataset: BenchmarkDataset) -> None:
    with pytest.raises(UsageError, match="dataset 'corner-shops' has no task 'shop-sell'") as raised:
        dataset.task("shop-sell")
    assert "shop-sells" in raised.value.hint


def test_task_type_without_a_metric_is_refused(copy: Path) -> None:
    file = copy / "tasks" / "shop-sells" / "manifest.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"task_type": "multilabel_classification"}))
    with pytest.raises(UsageError, match="is a multilabel_classification task, which RelBench does not score"):
        load(copy).task("shop-sells")


def test_missing_split_is_named(copy: Path) -> None:
    (copy / "tasks" / "shop-sells" / "val.parquet").unlink()
    with pytest.raises(ConnectionFailed, match="task 'shop-sells' has no stored val rows"):
        load(copy).task("shop-sells")


def change_rows(copy: Path, change) -> None:
    file = copy / "tasks" / "shop-revenue" / "test.parquet"
    change(pd.read_parquet(file)).to_parquet(file, index=False)


def test_key_that_the_database_lacks_is_named(copy: Path) -> None:
    change_rows(copy, lambda f: f.assign(shop_id=f["shop_id"].replace(7, 7_000)))
    with pytest.raises(SchemaError, match="names key 7000, which table 'shops' does not have"):
        load(copy).task("shop-revenue")


def test_missing_column_is_named(copy: Path) -> None:
    change_rows(copy, lambda f: f.rename(columns={"revenue": "income"}))
    with pytest.raises(SchemaError, match="has no column 'revenue'"):
        load(copy).task("shop-revenue")


def test_rows_without_a_target_are_refused(copy: Path) -> None:
    change_rows(copy, lambda f: f.assign(revenue=f["revenue"].where(f.index != 2)))
    with pytest.raises(SchemaError, match="has rows without a target"):
        load(copy).task("shop-revenue")


def test_targets_that_are_no_numbers_are_refused(copy: Path) -> None:
    change_rows(copy, lambda f: f.assign(revenue="much"))
    with pytest.raises(SchemaError, match=r"the targets of .*test.parquet are .*string, not numbers"):
        load(copy).task("shop-revenue")


def test_a_path_that_is_no_dataset_is_refused_without_asking_the_hub(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="is not a RelBench dataset folder"):
        load(tmp_path)


def test_a_name_that_cannot_be_fetched_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = pytest.importorskip("relbench.hf")

    def unreachable(name: str) -> Path:
        raise OSError("no route to host")

    monkeypatch.setattr(hosted, "download_dataset_dir", unreachable)
    with pytest.raises(ConnectionFailed, match=r"'rel-none' is no local folder and could not be fetched from the Hub"):
        load("rel-none")


def test_a_hub_folder_without_manifest_is_no_dataset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hosted = pytest.importorskip("relbench.hf")
    monkeypatch.setattr(hosted, "download_dataset_dir", lambda name: tmp_path)
    with pytest.raises(ConnectionFailed, match="the Hub hosts no RelBench dataset 'rel-none'"):
        hub.download("rel-none")


def test_a_name_without_relbench_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "relbench", None)
    with pytest.raises(UsageError, match="names are looked up through relbench, which is not installed"):
        hub.download("rel-f1")


def test_rel_f1_has_the_official_number_of_rows(rel_f1: BenchmarkDataset) -> None:
    counts = {n: len(rel_f1.task(n).splits[Split.TEST]) for n in ("driver-dnf", "driver-top3", "driver-position")}
    assert counts == {"driver-dnf": 702, "driver-top3": 726, "driver-position": 760}
