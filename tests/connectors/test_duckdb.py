"""What DuckDB alone does: names whose case means nothing."""

from pathlib import Path

import duckdb

from relfm.connectors import connect
from relfm.schema import ForeignKey


def test_duckdb_keys_may_be_typed_in_another_case(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE customers (code INTEGER, PRIMARY KEY (CODE))")
        connection.execute(
            "CREATE TABLE o (id INTEGER PRIMARY KEY, buyer INTEGER, FOREIGN KEY (Buyer) REFERENCES Customers (Code))"
        )
        connection.execute("INSERT INTO customers VALUES (1), (2)")
        connection.execute("INSERT INTO o VALUES (1, 2), (2, 2)")
    schema = connect(file, cache=False).schema
    assert schema.tables["customers"].primary_key == ("code",)
    assert schema.tables["o"].foreign_keys == (ForeignKey(("buyer",), "customers", ("code",)),)
