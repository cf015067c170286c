"""A generated database as a RelBench 3 dataset folder: manifest.yaml and db/*.parquet (imports pyarrow and yaml)."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relfm.errors import unwritten
from relfm.files import check_is_free
from relfm.synth.database import Column, ColumnKind, SyntheticDatabase
from relfm.times import MISSING_TIME, format_time

if TYPE_CHECKING:
    import pyarrow as pa

_VALIDATION, _TEST = 0.7, 0.85
"""Where in the history the manifest's two timestamps stand."""


def write_folder(database: SyntheticDatabase, path: Path) -> Path:
    """Write the database to a new folder at ``path``, whole or not at all; UsageError if something is there."""
    check_is_free(path)
    import pyarrow.parquet as pq
    import yaml

    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "db").mkdir(parents=True)
        for index, table in enumerate(database.tables):
            pq.write_table(arrow_table(database, index), partial / "db" / f"{table.name}.parquet")
        text = yaml.safe_dump(manifest(database), sort_keys=False, allow_unicode=True)
        (partial / "manifest.yaml").write_text(text, encoding="utf-8")
        os.rename(partial, path)
    except OSError as error:
        raise unwritten(path, error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path


def manifest(database: SyntheticDatabase) -> dict:
    """Keys, time columns and foreign keys as RelBench 3 states them."""
    span = database.end - database.start
    tables = {
        table.name: {
            "pkey": table.key,
            "time_col": table.clock,
            "fkeys": {link.column: database.tables[link.parent].name for link in database.links_of(index)},
        }
        for index, table in enumerate(database.tables)
    }
    return {
        "name": database.name,
        "manifest_version": 1,
        "description": f"synthetic database, seed {database.seed}",
        "val_timestamp": _day(database.start + int(_VALIDATION * span)),
        "test_timestamp": _day(database.start + int(_TEST * span)),
        "tables": tables,
    }


def arrow_table(database: SyntheticDatabase, index: int) -> "pa.Table":
    """One table's rows: primary key, time, foreign keys, columns."""
    import pyarrow as pa

    table = database.tables[index]
    held = {table.key: pa.array(np.arange(len(table)))}
    if table.clock:
        held[table.clock] = _moments(table.times)
    held |= {link.column: pa.array(link.rows, mask=link.rows < 0) for link in database.links_of(index)}
    return pa.table(held | {column.name: _cells(column) for column in table.columns})


def _cells(column: Column) -> "pa.Array":
    import pyarrow as pa

    if column.kind.is_string:
        codes = pa.array(column.values, mask=column.values < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.strings, pa.string())).cast(pa.string())
    if column.kind is ColumnKind.DATE:
        return _moments(column.values)
    missing = np.isnan(column.values)
    if not column.is_whole:
        return pa.array(column.values, mask=missing)
    whole = np.where(missing, 0, column.values).astype(np.int64)
    return pa.array(whole.astype(bool) if column.kind is ColumnKind.FLAG else whole, mask=missing)


def _moments(times: np.ndarray) -> "pa.Array":
    import pyarrow as pa

    return pa.array(times, pa.timestamp("us"), mask=times == MISSING_TIME)


def _day(micros: int) -> str:
    return format_time(micros)[:10]
