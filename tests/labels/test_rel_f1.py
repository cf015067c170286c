"""Labels regenerated from RelBench's own manifests equal the labels that RelBench stores."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from relfm.database import Database
from relfm.labels import task_from_manifest
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.task import Examples
from relfm.times import parse_time, to_microseconds

_FOLDER = Path(__file__).parents[2] / ".." / "shared" / "relbench" / "rel-f1"
pytestmark = pytest.mark.skipif(not _FOLDER.exists(), reason="the rel-f1 folder is not here")

_CANONICAL = [
    (pa.types.is_integer, "int64", pa.int64()),
    (pa.types.is_floating, "float64", pa.float64()),
    (pa.types.is_temporal, "timestamp", pa.timestamp("us")),
    (lambda kind: True, "string", pa.string()),
]


def _manifest(folder: Path) -> dict:
    return yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def database() -> Database:
    described = _manifest(_FOLDER)["tables"]
    tables, data = [], {}
    for name, told in described.items():
        read = pq.read_table(_FOLDER / "db" / f"{name}.parquet")
        columns, cells = [], {}
        for column in read.schema:
            _, canonical, arrow = next(c for c in _CANONICAL if c[0](column.type))
            columns.append(Column(column.name, canonical, None))
            cells[column.name] = read.column(column.name).cast(arrow, safe=False)
        keys = tuple(ForeignKey((c,), to, (described[to]["pkey"],)) for c, to in told["fkeys"].items())
        tables.append(Table(name, tuple(columns), (told["pkey"],), keys, told["time_col"]))
        data[name] = pa.table(cells)
    return Database(Schema.of(tables), data)


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize("name", ["driver-dnf", "driver-position", "driver-top3", "driver-circuit-compete"])
def test_labels_of_the_future_are_those_stored(name: str, split: str, database: Database) -> None:
    manifest = _manifest(_FOLDER / "tasks" / name)
    task = task_from_manifest(manifest, database.schema)
    stored = pq.read_table(_FOLDER / "tasks" / name / f"{split}.parquet")
    times = to_microseconds(stored.column(manifest["time_col"]))
    examples = task.labeller.label(database, np.unique(times))
    _same_rows(examples, database, task.entity, stored.column(task.labeller.entity_column), times)
    if examples.items is None:
        assert examples.targets.tolist() == stored.column(manifest["target_col"]).to_pylist()
        return
    keys = database.tables[task.item].column(0).to_numpy()
    listed = [sorted(keys[examples.items.of(i)].tolist()) for i in range(len(examples))]
    assert listed == [sorted(items) for items in stored.column(manifest["dst_entity_col"]).to_pylist()]


@pytest.mark.parametrize("name", ["results-position", "qualifying-position"])
def test_labels_of_cells_are_those_stored(name: str, database: Database) -> None:
    manifest = _manifest(_FOLDER / "tasks" / name)
    task = task_from_manifest(manifest, database.schema)
    stored = pq.read_table(_FOLDER / "tasks" / name / "train.parquet")
    examples = task.labeller.label(database, np.array([parse_time(str(_manifest(_FOLDER)["val_timestamp"]))]))
    _same_rows(examples, database, task.entity, stored.column(1), to_microseconds(stored.column(0)))
    assert examples.targets.tolist() == stored.column(manifest["target_col"]).to_pylist()


def _same_rows(examples: Examples, database: Database, entity: str, keys: pa.ChunkedArray, times: np.ndarray) -> None:
    assert examples.cutoffs.tolist() == times.tolist()
    known = database.tables[entity].column(database.schema.tables[entity].primary_key[0]).to_numpy()
    assert known[examples.rows].tolist() == keys.to_pylist()
