"""The statements that create a test's tables in SQL, with their keys, for each kind of database."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from relfm.schema import Schema, Table

_TYPES = {
    "postgresql": {
        "bool": "BOOLEAN",
        "timestamp[us]": "TIMESTAMP",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
        "string": "TEXT",
    },
    "mariadb": {
        "bool": "BOOLEAN",
        "timestamp[us]": "DATETIME(6)",
        "timestamp[us, tz=UTC]": "TIMESTAMP(6) NULL",
        "string": "LONGTEXT",
    },
    "sqlite": {"bool": "BOOLEAN", "timestamp[us]": "TIMESTAMP", "timestamp[us, tz=UTC]": "TIMESTAMP", "string": "TEXT"},
    "duckdb": {
        "bool": "BOOLEAN",
        "timestamp[us]": "TIMESTAMP",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
        "string": "VARCHAR",
    },
}


def creatable(declared: Schema) -> list[Table]:
    """Parents before children, as inline references need it."""
    done: list[Table] = []

    def visit(table: Table) -> None:
        if table not in done:
            for key in table.foreign_keys:
                if key.table != table.name:
                    visit(declared.tables[key.table])
            done.append(table)

    for table in declared.tables.values():
        visit(table)
    return done


def create(backend: str, rows: pa.Table, table: Table, quote: str, inline: bool = False) -> str:
    keys = table.key_columns
    columns = [f"{quote}{f.name}{quote} {_sql_type(backend, f.type, f.name in keys)}" for f in rows.schema]
    if table.primary_key:
        columns.append(f"PRIMARY KEY ({_listed(table.primary_key, quote)})")
    if inline:
        columns += [_reference(k, quote) for k in table.foreign_keys]
    return f"CREATE TABLE {quote}{table.name}{quote} ({', '.join(columns)})"


def _sql_type(backend: str, kind: pa.DataType, is_key: bool) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if backend == "mariadb" and pa.types.is_string(kind) and is_key:
        return "VARCHAR(190)"
    plain = {"int64": "BIGINT", "double": "DOUBLE PRECISION", "date32[day]": "DATE"}
    return (plain | _TYPES[backend])[str(kind)]


def links(table: Table, quote: str) -> list[str]:
    return [f"ALTER TABLE {quote}{table.name}{quote} ADD {_reference(k, quote)}" for k in table.foreign_keys]


def _reference(key: Any, quote: str) -> str:
    others = _listed(key.other_columns, quote)
    return f"FOREIGN KEY ({_listed(key.columns, quote)}) REFERENCES {quote}{key.table}{quote} ({others})"


def _listed(names: Iterable[str], quote: str) -> str:
    return ", ".join(f"{quote}{n}{quote}" for n in names)


def rows_of(rows: pa.Table) -> list[tuple]:
    return list(zip(*(c.to_pylist() for c in rows.columns), strict=True))


def insert(cursor: Any, rows: pa.Table, table: str, quote: str, mark: str, convert: Any = lambda cell: cell) -> None:
    marks = ", ".join([mark] * rows.num_columns)
    cells = [tuple(convert(c) for c in row) for row in rows_of(rows)]
    if cells:
        cursor.executemany(f"INSERT INTO {quote}{table}{quote} VALUES ({marks})", cells)


def plain(cell: Any, truth: tuple = (0, 1)) -> Any:
    """A cell as SQLite and CSV files hold it."""
    if isinstance(cell, bool):
        return truth[cell]
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else cell
