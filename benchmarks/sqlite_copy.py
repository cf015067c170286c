"""A database as an SQLite file with its keys declared: what a user would have had before RelBench made a folder of it.

Cells keep their values; times are ISO text, as SQLite has no type for them.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.schema import Table, quoted

_TYPE_OF = {"int64": "INTEGER", "float64": "REAL", "string": "TEXT", "timestamp": "TIMESTAMP", "list": "TEXT"}
_ROWS = 50_000


def write_sqlite(database: Database, path: Path) -> Path:
    """Every table of ``database`` in a new file at ``path``."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        for name, table in database.schema.tables.items():
            connection.execute(_declaration(table))
            marks = ", ".join("?" * len(table.columns))
            for batch in database.tables[name].to_batches(_ROWS):
                cells = zip(*(_cells(column) for column in batch.columns), strict=True)
                connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", cells)
    return path


def _declaration(table: Table) -> str:
    parts = [f"{quoted(c.name)} {_TYPE_OF[c.type]}" for c in table.columns]
    if table.primary_key:
        parts.append(f"PRIMARY KEY ({_names(table.primary_key)})")
    for key in table.foreign_keys:
        parts.append(
            f"FOREIGN KEY ({_names(key.columns)}) REFERENCES {quoted(key.table)} ({_names(key.other_columns)})"
        )
    return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)})"


def _cells(column: pa.Array) -> list:
    if pa.types.is_timestamp(column.type):
        column = pc.strftime(column, format="%Y-%m-%d %H:%M:%S")  # seconds carry their microseconds
    if pa.types.is_list(column.type):
        return [None if v is None else str(v) for v in column.to_pylist()]
    return column.to_pylist()


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(quoted(c) for c in columns)
