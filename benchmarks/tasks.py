"""A RelBench 3 dataset and its tasks as relfm sees them: a Database, a Task, and the official rows of each split.

The rows, their order and their targets are the stored label tables; nothing is relabelled, dropped or reordered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from relfm.benchmarks import hub
from relfm.connectors import connect
from relfm.connectors.rel_bench import dataset_timestamps, is_folder, read_manifest
from relfm.database import Database, match_keys
from relfm.errors import ConnectionFailed, SchemaError, UsageError
from relfm.labels import task_from_manifest
from relfm.schema import suggestion
from relfm.task import Examples, ItemLists, TargetKind, Task
from relfm.times import to_microseconds

Metric = Literal["auroc", "nmae", "map"]

METRIC_OF: Mapping[str, Metric] = {
    "binary_classification": "auroc",
    "regression": "nmae",
    "recommendation": "map",
}


class Split(StrEnum):
    """The three official splits."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"

    @classmethod
    def parse(cls, text: str) -> "Split":
        """The split of that name if it is one that can be scored; UsageError otherwise."""
        if text in (cls.VAL, cls.TEST):
            return cls(text)
        raise UsageError(f"split '{text}' cannot be scored", hint="--split val to choose, --split test to report")


@dataclass(frozen=True)
class BenchmarkTask:
    """One hosted task. ``scale`` is the deviation (ddof 1) of the training targets that turns MAE into nMAE."""

    dataset: "BenchmarkDataset"
    name: str
    folder: Path
    manifest: Mapping[str, Any]
    task: Task
    metric: Metric
    splits: Mapping[Split, Examples]

    @property
    def database(self) -> Database:
        return self.dataset.database

    @property
    def top(self) -> int:
        """How many items a ranking may name."""
        return int(self.manifest.get("eval_k") or 0)

    @property
    def is_static(self) -> bool:
        """Whether a cell of the entity's own row is asked for (RelBench: autocomplete)."""
        return self.task.horizon is None

    @cached_property
    def scale(self) -> float:
        return float(np.std(self.splits[Split.TRAIN].targets, ddof=1)) if self.metric == "nmae" else 1.0


@dataclass(frozen=True)
class BenchmarkDataset:
    """A dataset folder: its whole database, the two official timestamps (int64 microseconds) and its tasks."""

    name: str
    path: Path
    database: Database
    val_timestamp: int
    test_timestamp: int

    @property
    def task_names(self) -> list[str]:
        return sorted(f.parent.name for f in (self.path / "tasks").glob("*/manifest.yaml"))

    def task(self, name: str) -> BenchmarkTask:
        """The task and its three splits; UsageError if there is none of that name or nothing here scores it."""
        folder = self.path / "tasks" / name
        if not (folder / "manifest.yaml").is_file():
            raise UsageError(f"dataset '{self.name}' has no task '{name}'", hint=suggestion(name, self.task_names))
        manifest = yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))
        task_type = manifest.get("task_type")
        metric = METRIC_OF.get(task_type)
        if metric is None:
            raise UsageError(
                f"task '{name}' is a {task_type} task, which RelBench does not score",
                hint=f"scored are: {', '.join(METRIC_OF)}",
            )
        task = task_from_manifest(manifest, self.database.schema)
        splits = {split: _read_split(self.database, folder, manifest, task, split) for split in Split}
        return BenchmarkTask(self, name, folder, manifest, task, metric, splits)


def load(dataset: str | Path) -> BenchmarkDataset:
    """A local dataset folder, or a name hosted on the Hub; ConnectionFailed if it is neither."""
    path = Path(dataset).expanduser()
    if not is_folder(path):
        if path.exists() or path.is_absolute() or str(dataset).startswith("."):
            raise ConnectionFailed(
                f"'{dataset}' is not a RelBench dataset folder", hint="name the folder that holds manifest.yaml and db/"
            )
        path = hub.download(str(dataset))
    val_timestamp, test_timestamp = dataset_timestamps(path)
    database = connect(path, cache=False)
    return BenchmarkDataset(str(read_manifest(path)["name"]), path, database, val_timestamp, test_timestamp)


def _read_split(database: Database, folder: Path, manifest: Mapping[str, Any], task: Task, split: Split) -> Examples:
    file = folder / f"{split}.parquet"
    try:
        stored = pq.read_table(file)
    except FileNotFoundError:
        raise ConnectionFailed(
            f"task '{folder.name}' has no stored {split} rows: {file} is missing",
            hint="the stored rows are the official ones; write them with relbench first",
        ) from None
    key = manifest.get("src_entity_col") or manifest.get("entity_col") or _primary_key(database, task.entity)
    rows = _entity_rows(database, task.entity, _column(stored, key, file), file)
    time_column = manifest.get("time_col") or database.schema.tables[task.entity].time_column
    cutoffs = to_microseconds(_column(stored, time_column, file).cast(pa.timestamp("us"), safe=False))
    if task.kind is TargetKind.RANKING:
        return Examples.of(
            rows, cutoffs, items=_items(database, task, _column(stored, manifest["dst_entity_col"], file))
        )
    return Examples.of(rows, cutoffs, _targets(_column(stored, manifest["target_col"], file), file))


def _column(stored: pa.Table, name: str, file: Path) -> pa.ChunkedArray:
    if name not in stored.column_names:
        raise SchemaError(f"{file} has no column '{name}'", hint=suggestion(name, stored.column_names))
    return stored.column(name)


def _targets(values: pa.ChunkedArray, file: Path) -> np.ndarray:
    """float64[n]; SchemaError if one is missing or they are not numbers."""
    try:
        targets = values.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise SchemaError(f"the targets of {file} are {values.type}, not numbers") from None
    if not np.isfinite(targets).all():
        raise SchemaError(f"{file} has rows without a target")
    return targets


def _primary_key(database: Database, table: str) -> str:
    return database.schema.tables[table].primary_key[0]


def _entity_rows(database: Database, table: str, keys: pa.ChunkedArray, file: Path) -> np.ndarray:
    """int64[n] rows of ``table`` by primary key; SchemaError if a key names none."""
    rows = match_keys([keys], [database.tables[table].column(_primary_key(database, table))])
    if (rows < 0).any():
        unknown = keys[int(np.flatnonzero(rows < 0)[0])].as_py()
        raise SchemaError(f"{file} names key {unknown!r}, which table '{table}' does not have")
    return rows


def _items(database: Database, task: Task, lists: pa.ChunkedArray) -> ItemLists:
    """The rows of the listed keys; keys that the item table does not have are left out, as RelBench does."""
    lists = lists.combine_chunks()
    values = pa.chunked_array([pc.list_flatten(lists)])
    rows = match_keys([values], [database.tables[task.item].column(_primary_key(database, task.item))])
    owner = pc.list_parent_indices(lists).to_numpy()[rows >= 0]
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(lists)))])
    return ItemLists(start, rows[rows >= 0])
