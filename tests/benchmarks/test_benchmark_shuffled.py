"""Names dealt out anew change names alone: what a column is known to be goes with its cells."""

import pandas as pd
import pytest

from relfm.benchmarks.shuffled import Names
from relfm.connectors import connect
from relfm.schema import Decision, Table


def about_column(table: Table, place: int) -> list[Decision]:
    """What was decided about the column in that place, without its name."""
    name = table.columns[place].name
    return [d for d in table.decisions if d.column == name]


@pytest.mark.parametrize("seed", range(5))
def test_what_a_column_is_goes_with_its_cells(seed: int) -> None:
    days = pd.date_range("2024-01-01", periods=40, tz=None)
    users = pd.DataFrame({"user_id": range(40), "city": ["a", "b"] * 20, "visits": [float(n) / 3 for n in range(40)]})
    orders = pd.DataFrame({"order_id": range(40), "user_id": range(40), "day": days, "cancelled_at": days[::-1]})
    schema = connect({"users": users, "orders": orders}).schema
    assert any(c.is_written_later for c in schema.tables["orders"].columns)
    names = Names.dealt(schema, seed)
    for table in schema.tables.values():
        other = names.table(table)
        assert len({c.name for c in other.columns}) == len(table.columns)
        for place, (before, after) in enumerate(zip(table.columns, other.columns, strict=True)):
            assert (before.type, before.stype, before.is_written_later) == (
                after.type,
                after.stype,
                after.is_written_later,
            )
            told = [(d.what, d.value, d.source) for d in about_column(table, place)]
            assert told == [(d.what, d.value, d.source) for d in about_column(other, place)]
