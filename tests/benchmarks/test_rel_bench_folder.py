"""Reading a RelBench 3 folder: what the manifest declares is what the schema holds."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from relfm.benchmarks.tasks import BenchmarkDataset
from relfm.connectors import connect
from relfm.connectors.rel_bench import dataset_timestamps, read_manifest
from relfm.errors import ConnectionFailed, SchemaError
from relfm.schema import ForeignKey
from relfm.times import parse_time


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def edit_manifest(path: Path, change) -> None:
    manifest = read_manifest(path)
    change(manifest)
    (path / "manifest.yaml").write_text(yaml.safe_dump(manifest))


def test_keys_and_time_columns_are_the_manifests(folder: Path) -> None:
    sales = connect(folder, cache=False).schema.tables["sales"]
    assert sales.primary_key == ("sale_id",)
    assert sales.time_column == "day"
    assert sales.foreign_keys == (
        ForeignKey(("item_id",), "items", ("item_id",)),
        ForeignKey(("shop_id",), "shops", ("shop_id",)),
    )
    assert {d.source for d in sales.decisions if d.what.endswith(("key", "time_column"))} == {"declared"}


def test_undeclared_keys_and_times_are_not_inferred(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["tables"]["sales"].update(pkey=None, time_col=None, fkeys={}))
    sales = connect(copy, cache=False).schema.tables["sales"]
    assert (sales.primary_key, sales.time_column, sales.time_from, sales.foreign_keys) == ((), None, None, ())


def test_rows_come_in_time_order_whatever_their_order_in_the_file(copy: Path) -> None:
    expected = connect(copy, cache=False).tables["sales"]
    file = copy / "db" / "sales.parquet"
    pd.read_parquet(file).sample(frac=1, random_state=0).to_parquet(file, index=False)
    assert connect(copy, cache=False).tables["sales"].equals(expected)


def test_rows_already_in_order_stay_as_they_are(folder: Path) -> None:
    sales = connect(folder, cache=False).tables["sales"]
    assert sales.column("sale_id").to_pylist() == list(range(sales.num_rows))


def test_nanoseconds_in_the_file_are_the_same_moments_in_microseconds(copy: Path) -> None:
    expected = connect(copy, cache=False).times("sales")
    file = copy / "db" / "sales.parquet"
    frame = pd.read_parquet(file)
    frame["day"] = frame["day"].astype("datetime64[ns]")
    frame.to_parquet(file, index=False)
    assert np.array_equal(connect(copy, cache=False).times("sales"), expected)


def test_binary_columns_are_left_out_with_a_reason(copy: Path) -> None:
    file = copy / "db" / "items.parquet"
    frame = pd.read_parquet(file)
    frame["photo"] = [b"\xff\x00"] * len(frame)
    frame.to_parquet(file, index=False)
    database = connect(copy, cache=False)
    assert "photo" not in database.tables["items"].column_names
    assert any(d.what == "exclude" and d.value == "photo" for d in database.schema.tables["items"].decisions)


def test_foreign_keys_widened_to_float_still_find_their_rows(copy: Path) -> None:
    file = copy / "db" / "sales.parquet"
    frame = pd.read_parquet(file)
    frame["item_id"] = frame["item_id"].astype("float64").where(frame["sale_id"] != 3)
    frame.to_parquet(file, index=False)
    database = connect(copy, cache=False)
    key = database.schema.tables["sales"].foreign_keys[0]
    assert database.tables["sales"].column("item_id").type == pa.int64()
    assert np.flatnonzero(database.links("sales", key) < 0).tolist() == [3]


def test_timestamps_are_microseconds(folder: Path) -> None:
    assert dataset_timestamps(folder) == (parse_time("2022-01-01"), parse_time("2022-07-01"))


def test_folder_without_manifest_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="is not a RelBench dataset: it has no readable manifest.yaml"):
        read_manifest(tmp_path)


def test_manifest_that_is_not_yaml_is_one_clear_error(copy: Path) -> None:
    (copy / "manifest.yaml").write_text("tables: [unclosed")
    with pytest.raises(ConnectionFailed, match="is not valid YAML"):
        connect(copy, cache=False)


def test_manifest_without_timestamps_says_which(copy: Path) -> None:
    edit_manifest(copy, lambda m: m.update(val_timestamp=None))
    with pytest.raises(ConnectionFailed, match="does not state val_timestamp"):
        connect(copy, cache=False)


def test_missing_file_names_the_table(copy: Path) -> None:
    (copy / "db" / "items.parquet").unlink()
    with pytest.raises(ConnectionFailed, match="table 'items' of the manifest has no file"):
        connect(copy, cache=False)


def test_damaged_file_is_one_clear_error(copy: Path) -> None:
    (copy / "db" / "items.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ConnectionFailed, match="is not a readable Parquet file"):
        connect(copy, cache=False)


def test_column_that_the_file_lacks_is_named(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["tables"]["sales"].update(time_col="dya"))
    with pytest.raises(
        SchemaError, match="names column 'dya' of table 'sales', which its file does not have"
    ) as raised:
        connect(copy, cache=False)
    assert "day" in raised.value.hint


def test_primary_key_that_repeats_is_refused(copy: Path) -> None:
    edit_manifest(copy, lambda manifest: manifest["tables"]["sales"].update(pkey="item_id"))
    with pytest.raises(
        SchemaError, match=r"'sales.item_id' is no primary key: it .*repeats in [0-9,]+ of [0-9,]+ rows"
    ):
        connect(copy, cache=False)


def test_foreign_key_to_an_unknown_table_is_named(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["tables"]["sales"]["fkeys"].update(item_id="itms"))
    with pytest.raises(SchemaError, match="foreign key 'sales.item_id' points at 'itms', which is no table"):
        connect(copy, cache=False)


def test_foreign_key_to_a_table_without_key_is_named(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["tables"]["items"].update(pkey=None))
    with pytest.raises(SchemaError, match="points at 'items', which has no primary key"):
        connect(copy, cache=False)


def test_every_declared_link_of_rel_f1_resolves(rel_f1: BenchmarkDataset) -> None:
    database = rel_f1.database
    assert sum(t.num_rows for t in database.tables.values()) == 97_609
    for table in database.schema.tables.values():
        for key in table.foreign_keys:
            assert (database.links(table.name, key) >= 0).all()
