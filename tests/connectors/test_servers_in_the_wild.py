"""Databases of servers as they are found: keys of bytes, several schemas, odd types, users who may not read it all."""

import sys
import warnings
from collections.abc import Iterator

import pytest
from backends import server

from relfm.connectors import connect
from relfm.connectors.dialects import MARIADB, skip_reason
from relfm.database import Database
from relfm.errors import ConnectionFailed, UsageError
from relfm.schema import ForeignKey

POSTGRES_STATEMENTS = """
    CREATE TABLE users (id BYTEA PRIMARY KEY, at TIMESTAMP, photo BYTEA);
    CREATE TABLE visits (id INT PRIMARY KEY, user_id BYTEA REFERENCES users (id), at TIMESTAMP, paid MONEY,
        took INTERVAL, place POINT, page XML);
    INSERT INTO users VALUES ('\\x10e0', '2024-01-01', '\\x00'), ('\\x1E01', '2024-01-02', NULL);
    INSERT INTO visits VALUES (1, '\\x1e01', '2024-02-01', 12.50, '1 hour 30 minutes', '(1,2)', '<a/>');
    CREATE TABLE bare ();
    CREATE MATERIALIZED VIEW daily AS
        SELECT at::date AS day, count(*) AS visits, max(page::text)::xml AS page FROM visits GROUP BY 1;
    CREATE SCHEMA crm;
    CREATE TABLE crm.owners (id INT PRIMARY KEY);
    CREATE TABLE owners (id INT PRIMARY KEY);
    CREATE TABLE deals (id INT PRIMARY KEY, owner_ref INT REFERENCES crm.owners (id));
    CREATE TABLE crm.calls (id INT PRIMARY KEY, owner_ref INT REFERENCES public.owners (id));
    CREATE TABLE "User" (id INT PRIMARY KEY);
    CREATE TABLE "user" (id INT PRIMARY KEY);
    CREATE TABLE posts (id INT PRIMARY KEY, writer INT REFERENCES "user" (id));
    INSERT INTO crm.owners VALUES (1);
    INSERT INTO owners VALUES (1);
    INSERT INTO deals VALUES (1, 1);
    INSERT INTO crm.calls VALUES (1, 1);
    INSERT INTO "User" VALUES (1);
    INSERT INTO "user" VALUES (1);
    INSERT INTO posts VALUES (1, 1);
    CREATE SCHEMA nothing
"""
MARIADB_STATEMENTS = """
    CREATE TABLE users (id BINARY(16) PRIMARY KEY, at DATETIME, place POINT, net INET6);
    CREATE TABLE visits (id INT PRIMARY KEY, user_id BINARY(16) REFERENCES users (id), took TIME(1));
    INSERT INTO users VALUES (UNHEX('000102030405060708090a0b0c0d0e0f'), '2024-01-01', POINT(1, 2), '::1');
    INSERT INTO users VALUES (UNHEX('100102030405060708090a0b0c0d0eff'), '2024-01-02', NULL, NULL);
    INSERT INTO visits VALUES (1, UNHEX('100102030405060708090A0B0C0D0EFF'), '100:00:01.5')
"""


def said(database: Database, table: str) -> list[str]:
    return [str(d) for d in database.schema.table(table).decisions]


def test_keys_of_bytes_are_read_as_hexadecimal_text(postgres: str, mariadb: str) -> None:
    wanted = {
        postgres: ["10e0", "1e01"],
        mariadb: ["000102030405060708090a0b0c0d0e0f", "100102030405060708090a0b0c0d0eff"],
    }
    for url, keys in wanted.items():
        database = connect(url)
        (key,) = database.schema.table("visits").foreign_keys
        assert database.schema.table("users").primary_key == ("id",)
        assert database.tables["users"]["id"].to_pylist() == keys
        assert key == ForeignKey(("user_id",), "users", ("id",))
        assert database.links("visits", key).tolist() == [1]


@pytest.mark.parametrize(("backend", "driver"), [("postgres", "adbc_driver_postgresql"), ("mariadb", "connectorx")])
def test_slower_route_reads_the_same(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, backend: str, driver: str
) -> None:
    url = request.getfixturevalue(backend)
    fast = connect(url, cache=False)
    monkeypatch.setitem(sys.modules, driver, None)
    slow = connect(url, cache=False)
    assert slow.tables == fast.tables


def test_types_that_reflection_does_not_know_are_read_or_left_out_without_a_warning(
    postgres: str, mariadb: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        visits = connect(postgres, cache=False).tables["visits"].to_pylist()
        users = connect(mariadb, cache=False)
    assert visits[0]["place"] == "(1,2)"
    assert visits[0]["page"] == "<a/>"
    assert users.tables["users"]["net"].to_pylist() == ["::1", None]
    assert "exclude place (inferred: binary data)" in said(users, "users")


def test_money_and_spans_of_time_are_numbers(postgres: str, mariadb: str) -> None:
    visits = connect(postgres).tables["visits"].to_pylist()[0]
    assert (visits["paid"], visits["took"]) == (12.5, 5400)
    database = connect(mariadb)
    assert database.tables["visits"]["took"].to_pylist() == [360001.5]
    assert "unit took: seconds (inferred: a span of time, read as a number)" in said(database, "visits")


def test_key_into_another_schema_is_told_and_not_followed(postgres: str) -> None:
    database, crm = connect(postgres), connect(postgres, schema="crm")
    assert database.schema.table("deals").foreign_keys == ()
    assert any(d.startswith("suspect owner_ref -> crm.owners") for d in said(database, "deals"))
    assert crm.schema.table("calls").foreign_keys == ()


def test_declared_names_are_matched_exactly(postgres: str) -> None:
    key = ForeignKey(("writer",), "user", ("id",))
    assert connect(postgres).schema.table("posts").foreign_keys == (key,)
    assert connect(postgres, tables=["posts", "User"]).schema.table("posts").foreign_keys == ()


def test_materialized_view_is_read_if_named(postgres: str) -> None:
    assert "daily" not in connect(postgres).tables
    rows = connect(postgres, tables=["daily"]).tables["daily"].to_pylist()
    assert (rows[0]["visits"], rows[0]["page"]) == (1, "<a/>")


def test_type_without_a_name_is_left_out() -> None:
    assert skip_reason(MARIADB, "") == "a type that relfm does not know"


def test_tables_in_other_schemas_are_told_of(postgres: str) -> None:
    with pytest.raises(ConnectionFailed, match="holds no tables") as caught:
        connect(postgres, schema="nothing")
    assert caught.value.hint == "other schemas hold tables: crm, public (--schema crm reads one)"
    with pytest.raises(UsageError, match="no table 'calls'") as refused:
        connect(postgres, tables=["calls"])
    assert "other schemas hold tables: crm" in str(refused.value.hint)


@pytest.fixture
def guest(postgres: str) -> Iterator[str]:
    """The same database for a user who may read nothing yet."""
    with server("postgresql", postgres.rpartition("/")[2]) as cursor:
        cursor.execute("DROP ROLE IF EXISTS relfm_guest")
        cursor.execute("CREATE ROLE relfm_guest LOGIN")
    yield postgres.replace("//root@", "//relfm_guest:sekret@")
    with server("postgresql", postgres.rpartition("/")[2]) as cursor:
        cursor.execute("DROP OWNED BY relfm_guest")
        cursor.execute("DROP ROLE relfm_guest")


def test_database_without_any_permission_is_one_error(guest: str) -> None:
    with pytest.raises(ConnectionFailed, match="cannot read .*permission denied for all of its tables") as caught:
        connect(guest)
    assert "ask for SELECT" in str(caught.value.hint)


def test_what_may_be_read_is_read_and_the_rest_is_told(postgres: str, guest: str) -> None:
    name = postgres.rpartition("/")[2]
    with server("postgresql", name) as cursor:
        cursor.execute("GRANT SELECT ON users TO relfm_guest")
        cursor.execute("GRANT SELECT (id, user_id) ON visits TO relfm_guest")
    database = connect(guest)
    assert set(database.tables) == {"users", "visits"}
    assert database.tables["visits"].column_names == ["id", "user_id"]
    assert "exclude table deals (inferred: no permission to read it)" in said(database, "users")
    assert "exclude paid (inferred: no permission to read it)" in said(database, "visits")
    with server("postgresql", name) as cursor:
        cursor.execute("UPDATE visits SET paid = 99")
    assert connect(guest).key == database.key
    with server("postgresql", name) as cursor:
        cursor.execute("INSERT INTO visits (id) VALUES (2)")
    assert connect(guest).key != database.key
    with server("postgresql", name) as cursor:
        cursor.execute("DELETE FROM visits WHERE id = 2")
        cursor.execute("UPDATE visits SET paid = 12.50")


def test_table_that_may_not_be_read_is_named(guest: str) -> None:
    with pytest.raises(ConnectionFailed, match="permission denied for table deals") as caught:
        connect(guest, tables=["deals"])
    assert "--tables" in str(caught.value.hint)


def test_mariadb_says_that_permission_is_missing(mariadb: str) -> None:
    name = mariadb.rpartition("/")[2]
    with server("mariadb", name) as cursor:
        cursor.execute("CREATE OR REPLACE USER relfm_guest@'127.0.0.1' IDENTIFIED BY 'sekret'")
        cursor.execute(f"GRANT INSERT ON {name}.users TO relfm_guest@'127.0.0.1'")
    try:
        with pytest.raises(ConnectionFailed, match="cannot read .*denied") as caught:
            connect(mariadb.replace("//root@", "//relfm_guest:sekret@"))
        assert "--tables" in str(caught.value.hint)
    finally:
        with server("mariadb") as cursor:
            cursor.execute("DROP USER relfm_guest@'127.0.0.1'")
