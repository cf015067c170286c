"""A schema file overrides every fact, changes no rows' content, and refuses what does not fit the database."""

import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from relfm.connectors import connect, to_toml
from relfm.database import Database
from relfm.errors import RelfmError, SchemaError, UsageError
from relfm.schema import ForeignKey
from relfm.stype import Stype

DAY = datetime.datetime(2024, 1, 1)


def frames() -> dict[str, pa.Table]:
    return {
        "customers": pa.table({"id": [1, 2, 3], "signup": [DAY] * 3, "lifetime_value": [1.5, 2.5, 3.5]}),
        "orders": pa.table(
            {
                "id": [10, 11, 12],
                "customer_id": [3, 1, 1],
                "created": [DAY + datetime.timedelta(days=d) for d in (2, 0, 1)],
                "entered": [1_700_000_200, 1_700_000_100, 1_700_000_300],
                "status": ["new", "old", "new"],
            }
        ),
        "lines": pa.table({"order_id": [10, 10, 12], "line_no": [1, 2, 1], "qty": [5, 6, 7]}),
    }


@pytest.fixture
def said(tmp_path: Path) -> "Said":
    return Said(tmp_path / "relfm.toml")


class Said:
    """Connects with the given text as the schema file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, text: str) -> Database:
        self.file.write_text(text)
        return connect(frames(), schema_file=self.file)


def test_nothing_said_is_what_is_inferred(said: Said) -> None:
    database, plain = said(""), connect(frames())
    assert database.schema == plain.schema
    assert plain.schema.table("orders").time_column == "created"
    assert plain.schema.table("lines").time_from == ForeignKey(("order_id",), "orders", ("id",))


def test_time_column_is_overridden_and_rows_follow_it(said: Said) -> None:
    database = said("[tables.orders]\ntime_column = 'entered'")
    assert database.schema.table("orders").time_column == "entered"
    assert database.tables["orders"]["id"].to_pylist() == [11, 10, 12]
    assert database.tables["orders"]["entered"].type == pa.timestamp("us")


def test_time_may_be_denied(said: Said) -> None:
    database = said("[tables.orders]\ntime_column = false")
    assert not database.is_timed("orders")
    assert not database.is_timed("lines")


def test_time_may_come_from_a_parent(said: Said) -> None:
    database = said("[tables.orders]\ntime_from = 'customer_id'")
    assert database.schema.table("orders").time_from == ForeignKey(("customer_id",), "customers", ("id",))


def test_keys_are_replaced(said: Said) -> None:
    text = "[tables.orders]\nprimary_key = ['id', 'status']\nforeign_keys = []"
    orders = said(text).schema.table("orders")
    assert orders.primary_key == ("id", "status")
    assert orders.foreign_keys == ()
    assert {d.source for d in orders.decisions if d.what == "primary_key"} == {"user"}


def test_stypes_and_exclusion(said: Said) -> None:
    text = """
        [tables.customers]
        exclude = ["lifetime_value"]
        [tables.orders.columns]
        status = "text_embedded"
        entered = "none"
    """
    database = said(text)
    assert database.is_hidden("customers", "lifetime_value")
    assert database.schema.table("customers").column("lifetime_value").stype is None
    assert database.schema.table("orders").column("status").stype is Stype.text_embedded
    assert database.schema.table("orders").column("entered").stype is None


def test_table_may_be_left_out(said: Said) -> None:
    database = said("[tables.customers]\nskip = true")
    assert set(database.tables) == {"orders", "lines"}
    assert database.schema.table("orders").foreign_keys == ()


def test_written_schema_gives_the_same_schema_again(said: Said) -> None:
    first = said("[tables.customers]\nexclude = ['lifetime_value']\n[tables.orders.columns]\nstatus = 'none'")
    again = said(to_toml(first.schema))
    assert to_toml(again.schema) == to_toml(first.schema)
    assert again.hidden == first.hidden
    assert all(again.tables[n].equals(rows) for n, rows in first.tables.items())


@pytest.mark.parametrize(
    ("text", "error", "message", "hint"),
    [
        ("[tables.order]", SchemaError, "unknown table 'order'", "did you mean orders?"),
        ("[tables.orders]\ntime_column = 'create'", SchemaError, "unknown column 'create' in table", "created"),
        ("[tables.orders]\nprimary_key = 'ids'", SchemaError, "unknown column 'ids'", "did you mean id?"),
        ("[tables.orders]\nprimary_key = 'status'", SchemaError, "repeats in 1 of 3 rows (such as new)", "apart"),
        (
            "[[tables.lines.foreign_keys]]\ncolumns = ['order_id']\ntable = 'orders'\nother_columns = ['customer_id']",
            SchemaError,
            "'lines.order_id' cannot point at 'orders.customer_id', which repeats in 1 of 3 rows (such as 1)",
            "tell the rows of that table apart",
        ),
        ("[tables.orders]\ntime = 'created'", UsageError, "unknown setting 'time'", "time_column"),
        ("[tables.orders]\ntime_column = 'status'", SchemaError, "holds string, not moments", "ISO"),
        ("[tables.orders]\ntime_from = 'status'", SchemaError, "which is no foreign key of it", "customer_id"),
        ("[tables.orders]\nprimary_key = 5", UsageError, "must be a column or a list of columns", None),
        ("[tables.orders]\nskip = 'yes'", UsageError, "must be true or false", None),
        (
            "[tables.orders]\ntime_unknown = true\ntime_column = 'created'",
            UsageError, "states both when its rows came and that it is unknown", "leave out time_unknown",
        ),
        ("[tables.orders]\nforeign_keys = 'x'", UsageError, "foreign_keys of 'orders' must be a list", "[["),
        (
            "[tables.orders]\nforeign_keys = ['customer_id']",
            UsageError, "must be a table of columns, table, other_columns, not 'customer_id'",
            '[[tables.orders.foreign_keys]]\n    columns = ["customer_id"]\n    table = "…"\n    other_columns = ["…"]',
        ),
        ("[tables.orders]\ncolumns = 'x'", UsageError, "columns of 'orders' must be a table", "categorical"),
        ("[tables]\norders = 1", UsageError, "must be a table of settings", None),
        ("tables = 1", UsageError, "'tables' must be a table of tables", "[tables.orders]"),
        ("[tables.orders.columns]\nstatus = 'category'", UsageError, "unknown stype 'category'", "categorical"),
        ("[tables.orders.columns]\nstate = 'categorical'", SchemaError, "unknown column 'state'", "status"),
        ("[[tables.orders.foreign_keys]]\ncolumns = ['id']", UsageError, "does not state table, other_columns", "[["),
        (
            "[[tables.orders.foreign_keys]]\ncolumns = 'id'\ntable = 'customer'\nother_columns = 'id'",
            SchemaError, "unknown table 'customer'", "customers",
        ),
        (
            "[[tables.orders.foreign_keys]]\ncolumns = ['id', 'status']\ntable = 'customers'\nother_columns = 'id'",
            UsageError, "has 2 columns on one side and 1 on the other", None,
        ),
        ("not toml", UsageError, "is not valid TOML", None),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    said: Said, text: str, error: type[RelfmError], message: str, hint: str | None
) -> None:
    with pytest.raises(error) as caught:
        said(text)
    assert message in caught.value.message
    assert hint is None or hint in str(caught.value.hint)


def test_missing_schema_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read schema file .* No such file"):
        connect(frames(), schema_file=tmp_path / "none.toml")


def test_times_taken_from_each_other_are_refused(said: Said) -> None:
    key = "[[tables.{0}.foreign_keys]]\ncolumns = 'id'\ntable = '{1}'\nother_columns = 'id'\n"
    times = "[tables.{0}]\ntime_from = 'id'\n"
    pairs = [("orders", "customers"), ("customers", "orders")]
    with pytest.raises(SchemaError, match="take their time from each other"):
        said("".join(times.format(child) + key.format(child, parent) for child, parent in pairs))
