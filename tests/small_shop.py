"""A shop of five tables, small enough to write its rows down in a test: users, items, orders, lines, returns.

Users and orders have times; lines happen when their order does; items are timeless. Days count from 2020-01-01.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.times import DAY, parse_time

START = parse_time("2020-01-01")

_ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string(), "timestamp": pa.timestamp("us")}
_TO_ORDER = ForeignKey(("order_id",), "orders", ("order_id",))


def _columns(*described: tuple[str, str, Stype | None]) -> tuple[Column, ...]:
    return tuple(Column(*d) for d in described)


SCHEMA = Schema.of(
    [
        Table(
            "users",
            _columns(
                ("user_id", "int64", None),
                ("age", "float64", Stype.numerical),
                ("segment", "string", Stype.categorical),
                ("country", "string", Stype.categorical),
                ("bio", "string", Stype.text_embedded),
                ("vip", "int64", Stype.categorical),
                ("signup", "timestamp", Stype.timestamp),
            ),
            primary_key=("user_id",),
            time_column="signup",
        ),
        Table(
            "items",
            _columns(("item_id", "int64", None), ("category", "string", Stype.categorical)),
            primary_key=("item_id",),
        ),
        Table(
            "orders",
            _columns(
                ("order_id", "int64", None),
                ("user_id", "int64", None),
                ("item_id", "int64", None),
                ("price", "float64", Stype.numerical),
                ("qty", "int64", Stype.numerical),
                ("status", "string", Stype.categorical),
                ("ordered", "timestamp", Stype.timestamp),
            ),
            primary_key=("order_id",),
            foreign_keys=(
                ForeignKey(("user_id",), "users", ("user_id",)),
                ForeignKey(("item_id",), "items", ("item_id",)),
            ),
            time_column="ordered",
        ),
        Table(
            "lines",
            _columns(
                ("order_id", "int64", None),
                ("line_no", "int64", None),
                ("amount", "float64", Stype.numerical),
                ("pieces", "int64", Stype.numerical),
            ),
            primary_key=("order_id", "line_no"),
            foreign_keys=(_TO_ORDER,),
            time_from=_TO_ORDER,
        ),
        Table(
            "returns",
            _columns(("return_id", "int64", None), ("order_id", "int64", None), ("returned", "timestamp", None)),
            primary_key=("return_id",),
            foreign_keys=(_TO_ORDER,),
            time_column="returned",
        ),
    ]
)


def day(count: float | None) -> int | None:
    """Microseconds of a day of the shop."""
    return None if count is None else START + int(count * DAY)


def days(*counts: float) -> np.ndarray:
    """int64[n] microseconds of days of the shop."""
    return np.array([day(c) for c in counts], dtype=np.int64)


def shop(schema: Schema = SCHEMA, **rows: Sequence[dict]) -> Database:
    """A Database with these rows by table; a cell that is not given is missing, a time is given as a day."""
    tables = {}
    for name, table in schema.tables.items():
        columns = {}
        for column in table.columns:
            cells = [row.get(column.name) for row in rows.get(name, ())]
            if column.type == "timestamp":
                cells = [day(c) for c in cells]
            columns[column.name] = pa.array(cells, _ARROW[column.type])
        tables[name] = pa.table(columns)
    return Database(schema, tables)
