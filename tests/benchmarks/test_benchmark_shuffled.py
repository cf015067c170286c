"""Names dealt out anew change names alone: what a column is known to be goes with its cells."""

import numpy as np
import pandas as pd
import pytest

from relfm.benchmarks.shuffled import Names
from relfm.connectors import connect
from relfm.database import Database
from relfm.reading import stype_as_seen


@pytest.fixture(scope="module")
def database() -> Database:
    """``zip_code`` is a category because of its name: under another one its cells would be read as numbers."""
    days = pd.date_range("2024-01-01", periods=40, tz=None)
    users = pd.DataFrame({"user_id": range(40), "zip_code": [10_000 + 7 * n for n in range(40)], "visits": range(40)})
    orders = pd.DataFrame({"order_id": range(40), "user_id": range(40), "day": days, "cancelled_at": days[::-1]})
    return connect({"users": users, "orders": orders}, cache=False)


@pytest.mark.parametrize("seed", range(5))
def test_what_a_column_is_goes_with_its_cells(database: Database, seed: int) -> None:
    schema = database.schema
    assert any(c.is_written_later for c in schema.tables["orders"].columns)
    names = Names.dealt(schema, seed)
    for table in schema.tables.values():
        other = names.table(table)
        assert len({c.name for c in other.columns}) == len(table.columns)
        for before, after in zip(table.columns, other.columns, strict=True):
            assert (before.type, before.stype) == (after.type, after.stype)
            assert before.is_written_later == after.is_written_later


@pytest.mark.parametrize("seed", range(5))
def test_cells_are_read_alike_whatever_their_column_is_called(database: Database, seed: int) -> None:
    names = Names.dealt(database.schema, seed)
    seen = np.ones(40, bool)
    for table in database.schema.tables.values():
        other = names.table(table)
        for before, after in zip(table.columns, other.columns, strict=True):
            cells = database.tables[table.name].column(before.name)
            assert stype_as_seen(table, before, cells, seen) == stype_as_seen(other, after, cells, seen), before.name
