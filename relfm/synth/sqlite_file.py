"""A generated database as an SQLite file that declares its keys and types."""

import sqlite3
from pathlib import Path

import numpy as np

from relfm.files import new_sqlite_file
from relfm.synth.database import Column, ColumnKind, SyntheticDatabase
from relfm.times import MISSING_TIME, SECOND


def write_sqlite(database: SyntheticDatabase, path: Path) -> Path:
    """Write the database to a new file at ``path``, whole or not at all; UsageError if something is there."""
    with new_sqlite_file(path) as connection:
        for index in range(len(database.tables)):
            _write_table(connection, database, index)
    return path


def _write_table(connection: sqlite3.Connection, database: SyntheticDatabase, index: int) -> None:
    table = database.tables[index]
    declared = [f"{_quoted(table.key)} INTEGER PRIMARY KEY"]
    cells: list[list] = [list(range(len(table)))]
    if table.clock:
        declared.append(f"{_quoted(table.clock)} TIMESTAMP NOT NULL")
        cells.append(_moments(table.times, " "))
    for link in database.links_of(index):
        parent = database.tables[link.parent]
        declared.append(f"{_quoted(link.column)} INTEGER REFERENCES {_quoted(parent.name)} ({_quoted(parent.key)})")
        cells.append([None if row < 0 else row for row in link.rows.tolist()])
    for column in table.columns:
        declared.append(f"{_quoted(column.name)} {_type(column)}")
        cells.append(_cells(column))
    connection.execute(f"CREATE TABLE {_quoted(table.name)} ({', '.join(declared)})")
    marks = ", ".join("?" * len(cells))
    connection.executemany(f"INSERT INTO {_quoted(table.name)} VALUES ({marks})", zip(*cells, strict=True))


def _type(column: Column) -> str:
    match column.kind:
        case ColumnKind.NUMBER:
            return "INTEGER" if column.is_whole else "REAL"
        case ColumnKind.FLAG:
            return "BOOLEAN"
        case ColumnKind.DATE:
            return "DATE"
    return "TEXT"


def _cells(column: Column) -> list:
    """Cells as SQLite takes them, a missing one as None."""
    if column.kind.is_string:
        return [None if code < 0 else column.strings[code] for code in column.values.tolist()]
    if column.kind is ColumnKind.DATE:
        return [moment and moment[:10] for moment in _moments(column.values, " ")]
    whole = column.is_whole
    return [None if v != v else int(v) if whole else v for v in column.values.tolist()]


def _moments(times: np.ndarray, separator: str) -> list[str | None]:
    """ISO text to the second."""
    known = times != MISSING_TIME
    texts = np.datetime_as_string((np.where(known, times, 0) // SECOND).astype("datetime64[s]")).tolist()
    return [text.replace("T", separator) if k else None for text, k in zip(texts, known.tolist(), strict=True)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
