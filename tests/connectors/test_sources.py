"""What a user writes finds its connector, and what cannot be found or opened is one clear error without a secret."""

import datetime
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from backends import MARIADB_SERVER, POSTGRES_SERVER, why_absent
from sqlalchemy.engine import make_url

from relfm.connectors import connect
from relfm.connectors.connector import DeclaredColumn, DeclaredTable
from relfm.connectors.infer import infer
from relfm.connectors.sources import fill_in, open_source
from relfm.connectors.spool import canonical_table, collect
from relfm.connectors.sql import SqlConnector
from relfm.errors import ConnectionFailed, RelfmError, UsageError
from relfm.schema import ForeignKey

CANARY = "sekret-canary/42"


def failure(source: Any, **options: Any) -> RelfmError:
    with pytest.raises(RelfmError) as caught:
        connect(source, cache=False, **options)
    assert CANARY not in f"{caught.value} {caught.value.hint} {caught.value!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, created DATE)")
        connection.execute("INSERT INTO orders VALUES (1, '2024-01-01')")
        connection.execute("CREATE VIEW late AS SELECT * FROM orders")
    connection.close()
    return file


def test_file_folder_and_url_name_the_same_database(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.parent)
    monkeypatch.setenv("SHOP", f"sqlite:///{shop}")
    monkeypatch.setenv("WHERE", str(shop.parent))
    for source in (
        shop,
        str(shop),
        "shop.db",
        "sqlite:///shop.db",
        f"sqlite:///{shop}",
        "@env:SHOP",
        "${WHERE}/shop.db",
    ):
        assert connect(source, cache=False).num_rows("orders") == 1


def test_database_is_known_by_its_first_bytes(shop: Path) -> None:
    renamed = shop.rename(shop.with_name("shop.backup"))
    assert connect(renamed, cache=False).num_rows("orders") == 1


def test_one_table_file_is_a_database_of_one_table(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("id,at\n1,2024-01-01\n")
    assert list(connect(tmp_path / "visits.csv", cache=False).tables) == ["visits"]


def test_view_is_read_only_if_it_is_named(shop: Path) -> None:
    assert list(connect(shop, cache=False).tables) == ["orders"]
    assert list(connect(shop, tables=["late"], cache=False).tables) == ["late"]


def test_postgres_is_an_alias() -> None:
    connector = open_source(f"postgres://me:{CANARY.replace('/', '%2F')}@nowhere/shop")
    assert connector.label == "postgresql://me:***@nowhere/shop"
    assert CANARY not in repr(vars(connector)["label"])


def test_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageError, match="environment variable 'RELFM_NOT_SET' is not set"):
        fill_in("@env:RELFM_NOT_SET")


def test_missing_file_suggests_its_neighbour(shop: Path) -> None:
    error = failure(shop.with_name("shpo.db"))
    assert isinstance(error, ConnectionFailed)
    assert "there is no file or folder" in error.message
    assert error.hint == "did you mean shop.db?"
    assert not shop.with_name("shpo.db").exists()


def test_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "there is no folder" in str(failure(tmp_path / "none" / "shop.db").hint)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"hello", "is not a database that relfm can read"),
        ("broken.db", b"SQLite format 3\0" + b"x" * 200, "cannot read"),
        ("broken.duckdb", b"12345678DUCK" + b"x" * 9000, "cannot open"),
        ("broken.parquet", b"PAR1....", "cannot read"),
        ("empty.csv", b"", "is empty"),
        ("twice.csv", b"a,a\n1,2\n", "does not name each column once"),
        ("ragged.csv", b"a,b\n1,2,3\n", "cannot read"),
        ("latin.csv", "a\n\u00e9\n".encode("latin-1"), "cannot read"),
        ("empty.db", b"", "holds no tables"),
    ],
)
def test_file_that_is_no_database_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    error = failure(file)
    assert isinstance(error, ConnectionFailed)
    assert said in error.message


def test_folder_without_tables_is_refused(tmp_path: Path) -> None:
    assert "holds no Parquet or CSV files" in failure(tmp_path).message


def test_two_files_of_one_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "a.tsv").write_text("x\n1\n")
    assert "are both table 'a'" in failure(tmp_path).message


def test_unknown_table_has_a_suggestion(shop: Path) -> None:
    error = failure(shop, tables=["order"])
    assert isinstance(error, UsageError)
    assert "no table 'order'" in error.message
    assert error.hint == "did you mean orders?"


def test_no_table_named_is_refused(shop: Path) -> None:
    assert "no table is named" in failure(shop, tables=[]).message


def test_views_alone_are_no_tables(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "v.duckdb")) as connection:
        connection.execute("CREATE VIEW v AS SELECT 1 AS id")
    error = failure(tmp_path / "v.duckdb")
    assert "holds no tables" in error.message
    assert "--tables v" in str(error.hint)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("sqlite://", "names no file"),
        ("duckdb:///:memory:", "names no file"),
        (f"nosuchdb://me:{CANARY}@host/x", "no driver for 'nosuchdb'"),
        (f"postgresql://me:{CANARY}@host:port/x", "the database URL cannot be read"),
        (f"mysql://me:p@{CANARY}:3@127.0.0.1:3306/x", "the database URL cannot be read"),
        (f"mysql://me:p@{CANARY.replace('/', '@')}@host/x", "the database URL cannot be read"),
        (f"mysql://me:p@s?{CANARY}@host/x", "the database URL cannot be read"),
        ("mysql://root@127.0.0.1:3306/", "the URL names no database"),
        ("mariadb://root@127.0.0.1", "the URL names no database"),
        (42, "cannot connect to a int"),
        ("", "no database is named: the text is ''"),
        ("  ", "no database is named"),
        ("y" * 300 + ".db", "names no file or folder: File name too long"),
        ("sqlite:///" + "y" * 300, "names no file or folder: File name too long"),
        ({"a": [1, 2]}, "is a list, not a DataFrame"),
        ({"a": Path("x")}, "is a pathlib."),
        ("s3://bucket/shop.parquet", "'s3' leads to no database"),
    ],
)
def test_source_that_cannot_be_one_is_refused(source: Any, said: str) -> None:
    assert said in failure(source).message


def test_user_and_options_may_hold_what_a_password_may_not() -> None:
    assert open_source("postgresql://me@host/x?application_name=a@b").label.startswith("postgresql://me@host/x")
    assert open_source("postgresql://me@server:secret@host/x").label == "postgresql://me%40server:***@host/x"


def test_source_without_schemas_refuses_one(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("id,at\n1,2024-01-01\n")
    for source in (shop, tmp_path, tmp_path / "visits.csv", {"a": pd.DataFrame({"id": [1]})}):
        error = failure(source, schema="nope")
        assert isinstance(error, UsageError)
        assert "there is no schema 'nope'" in error.message
        assert error.hint == "leave --schema out"


def test_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relfm.connectors.sql.find_spec", lambda module: None)
    error = failure(f"postgresql://me:{CANARY}@127.0.0.1/x".replace("/42", "%2F42"))
    assert "driver for postgresql is not installed (no module psycopg)" in error.message
    assert error.hint == "pip install 'relfm[postgres]'"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_unreachable_server_is_said_to_be_unreachable(scheme: str) -> None:
    error = failure(f"{scheme}://me:sekret-canary%2F42@127.0.0.1:9/shop")
    assert isinstance(error, ConnectionFailed)
    assert "the server cannot be reached" in error.message
    assert ":***@127.0.0.1:9/shop" in error.message


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_unknown_host_is_said_to_be_unknown(scheme: str) -> None:
    assert "the host name is unknown" in failure(f"{scheme}://me:sekret-canary%2F42@no.such.host.invalid/shop").message


@pytest.mark.parametrize(("backend", "server"), [("postgresql", POSTGRES_SERVER), ("mariadb", MARIADB_SERVER)])
def test_unknown_database_is_said_to_be_unknown(backend: str, server: str) -> None:
    if reason := why_absent(backend):
        pytest.skip(reason)
    url = make_url(server).set(database="relfm_no_such").render_as_string(hide_password=False)
    assert "there is no such database" in failure(url).message


@pytest.mark.parametrize(("backend", "server"), [("postgresql", POSTGRES_SERVER), ("mariadb", MARIADB_SERVER)])
def test_wrong_user_or_password_is_said_without_it(backend: str, server: str) -> None:
    if reason := why_absent(backend):
        pytest.skip(reason)
    url = make_url(server).set(username="relfm_nobody", password=CANARY)
    error = failure(url.render_as_string(hide_password=False))
    assert "the server refused the user or the password" in error.message


def test_unknown_sql_schema_has_a_suggestion(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE SCHEMA sales; CREATE TABLE sales.orders AS SELECT 1 AS id")
    assert list(connect(tmp_path / "s.duckdb", schema="sales", cache=False).tables) == ["orders"]
    error = failure(tmp_path / "s.duckdb", schema="sale")
    assert "no schema 'sale'" in error.message
    assert error.hint == "did you mean sales?"


def test_any_other_dialect_is_read_through_sqlalchemy(tmp_path: Path) -> None:
    file = tmp_path / "plain.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, born DATE, rate NUMERIC(5, 2))")
        connection.execute('CREATE TABLE "odd %" (id INTEGER PRIMARY KEY, who INTEGER REFERENCES people (id))')
        connection.execute("INSERT INTO people VALUES (1, 'Ada', '1815-12-10', 1.5), (2, NULL, NULL, NULL)")
        connection.execute('INSERT INTO "odd %" VALUES (7, 1)')
        connection.commit()
    connector = SqlConnector(make_url(f"sqlite:///{file}"))
    declared = {t.name: t for t in connector.describe()}
    assert declared["odd %"].foreign_keys == (ForeignKey(("who",), "people", ("id",)),)
    people = declared["people"]
    rows, columns = canonical_table(collect(connector, people, None), people.columns)
    assert rows.to_pylist()[0] == {"id": 1, "name": "Ada", "born": datetime.datetime(1815, 12, 10), "rate": 1.5}
    assert columns == people.columns
    assert connector.fingerprint(["people"]) is None
    connector.close()


def test_keys_of_bytes_in_files_are_hexadecimal_text(tmp_path: Path) -> None:
    statements = (
        "CREATE TABLE users (id BLOB PRIMARY KEY, photo BLOB)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id BLOB REFERENCES USERS (ID))",
        "INSERT INTO users VALUES ({one}, {one}), ({two}, NULL)",
        "INSERT INTO visits VALUES (1, {two})",
    )
    with closing(sqlite3.connect(tmp_path / "keys.db")) as connection:
        for statement in statements:
            connection.execute(statement.format(one="x'10e0'", two="x'1E01'"))
        connection.commit()
    with duckdb.connect(str(tmp_path / "keys.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement.format(one=r"'\x10\xE0'::BLOB", two=r"'\x1E\x01'::BLOB"))
    for file in ("keys.db", "keys.duckdb"):
        database = connect(tmp_path / file)
        (key,) = database.schema.table("visits").foreign_keys
        assert key == ForeignKey(("user_id",), "users", ("id",))
        assert database.tables["users"]["id"].to_pylist() == ["10e0", "1e01"]
        assert database.tables["users"].column_names == ["id"]
        assert database.links("visits", key).tolist() == [1]


def test_spans_of_time_in_duckdb_are_seconds(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE TABLE laps AS SELECT 1 AS id, INTERVAL 90 SECOND AS took")
    database = connect(tmp_path / "s.duckdb")
    assert database.tables["laps"]["took"].to_pylist() == [90]
    assert "unit took: seconds" in " ".join(str(d) for d in database.schema.table("laps").decisions)


def test_tables_in_another_schema_are_told_of(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE SCHEMA sales; CREATE TABLE sales.orders AS SELECT 1 AS id")
    error = failure(tmp_path / "s.duckdb")
    assert error.hint == "other schemas hold tables: sales (--schema sales reads one)"


def test_key_whose_column_cannot_be_read_is_no_key() -> None:
    declared = DeclaredTable("t", (DeclaredColumn("id", "GEOMETRY", "binary data"),), ("id",))
    schema, _ = infer([declared], {"t": pa.table({"at": [1, 2]})}, {})
    assert schema.table("t").primary_key == ()
