"""The shop as an SQLite file, with the keys and types that a careful owner would declare.

The file is written whole or not at all.
"""

import sqlite3
from pathlib import Path

import pandas as pd

from relfm.files import new_sqlite_file

_DECLARATIONS = {
    "employees": """
        id INTEGER PRIMARY KEY,
        team TEXT NOT NULL,
        hired DATE NOT NULL,
        manager_id INTEGER REFERENCES employees (id)""",
    "customers": """
        id INTEGER PRIMARY KEY,
        city TEXT NOT NULL,
        segment TEXT,
        signup DATE NOT NULL,
        birth_date DATE,
        newsletter BOOLEAN NOT NULL""",
    "products": """
        id INTEGER PRIMARY KEY,
        category TEXT NOT NULL,
        brand TEXT NOT NULL,
        list_price NUMERIC(10, 2) NOT NULL,
        launched DATE NOT NULL,
        description TEXT NOT NULL""",
    "orders": """
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        created TIMESTAMP NOT NULL,
        channel TEXT NOT NULL,
        status TEXT NOT NULL,
        shipped TIMESTAMP,
        total NUMERIC(10, 2) NOT NULL,
        handled_by INTEGER REFERENCES employees (id)""",
    "order_lines": """
        order_id INTEGER NOT NULL REFERENCES orders (id),
        line_no INTEGER NOT NULL,
        product_id INTEGER NOT NULL REFERENCES products (id),
        quantity INTEGER NOT NULL,
        price NUMERIC(10, 2) NOT NULL,
        PRIMARY KEY (order_id, line_no)""",
    "returns": """
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL,
        line_no INTEGER NOT NULL,
        created TIMESTAMP NOT NULL,
        reason TEXT NOT NULL,
        FOREIGN KEY (order_id, line_no) REFERENCES order_lines (order_id, line_no)""",
    "support_tickets": """
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        opened TIMESTAMP NOT NULL,
        closed TIMESTAMP,
        priority INTEGER NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL""",
}


def write_tables(path: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """Write the shop's tables to a new file at ``path``; UsageError if it exists or its folder does not,
    ResourceExceeded if the disk is full."""
    with new_sqlite_file(path) as connection:
        _fill(connection, tables)
    return path


def _fill(connection: sqlite3.Connection, tables: dict[str, pd.DataFrame]) -> None:
    for name, columns in _DECLARATIONS.items():
        connection.execute(f"CREATE TABLE {name} ({columns}\n)")
        marks = ", ".join("?" * len(tables[name].columns))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", _records(tables[name], columns))


def _records(table: pd.DataFrame, declaration: str) -> list[tuple]:
    """Rows as SQLite takes them: times as ISO text, a missing cell as None."""
    return list(zip(*(_cells(table[c], f"{c} DATE" in declaration) for c in table.columns), strict=True))


def _cells(values: pd.Series, is_date: bool) -> list:
    if values.dtype.kind == "M":
        text = values.dt.strftime("%Y-%m-%d" if is_date else "%Y-%m-%d %H:%M:%S").astype(object)
        return text.where(values.notna(), None).tolist()
    if values.hasnans:
        return values.astype(object).where(values.notna(), None).tolist()
    return values.tolist()
