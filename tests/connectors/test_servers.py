"""What only servers have: types of their own, partitions, sessions, and a slower route that reads the same."""

import datetime
import sys

import pytest

from relfm.connectors import connect
from relfm.connectors.postgres import PostgresConnector
from relfm.connectors.sources import open_source
from relfm.database import Database
from relfm.errors import UsageError

POSTGRES_STATEMENTS = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE t (
        id INT PRIMARY KEY, big NUMERIC(20, 0), money NUMERIC(10, 2), free NUMERIC, u UUID, j JSONB, span INTERVAL,
        whole INT[], texts TEXT[], day DATE, made TIMESTAMPTZ, clock TIME, m mood, fixed CHAR(5), single REAL,
        raw BYTEA, net INET, flag BOOLEAN, "odd "" % :name" TEXT);
    INSERT INTO t VALUES
        (1, 9007199254740993, 1.50, 0.1, '7e25c7bd-fa1f-4f89-aaa4-9e8541093d2c', '{"a": 1}', '1 day', '{1,2}', '{a,b}',
         '2020-01-01', '2020-01-01 10:00+02', '14:00', 'sad', 'ab', 0.1, '\\x00', '1.2.3.4', true, 'x'),
        (2, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, '{}', 'infinity', 'infinity', NULL, NULL, NULL, 'NaN', NULL,
         NULL, NULL, NULL);
    CREATE TABLE logs (id INT, made DATE, PRIMARY KEY (id, made)) PARTITION BY RANGE (made);
    CREATE TABLE logs_2020 PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    INSERT INTO logs VALUES (1, '2020-05-01');
    CREATE VIEW seen AS SELECT id, made FROM t;
    CREATE SCHEMA sales;
    CREATE TABLE sales.orders (id INT PRIMARY KEY);
"""
MARIADB_STATEMENTS = """
    SET sql_mode = '';
    CREATE TABLE t (
        id INT PRIMARY KEY, huge BIGINT UNSIGNED, flag TINYINT(1), small TINYINT, money DECIMAL(10, 2),
        big DECIMAL(30, 0), single FLOAT, made TIMESTAMP NULL, at DATETIME(6), day DATE, clock TIME, y YEAR,
        bits BIT(3), kind ENUM('a', 'b'), kinds SET('a', 'b'), j JSON, raw BLOB, fixed CHAR(5), long_text LONGTEXT,
        u UUID, `odd " % :name` TEXT);
    INSERT INTO t VALUES
        (1, 18446744073709551615, 1, 3, 1.50, 9007199254740993, 0.1, '2020-01-01 10:00:00',
         '2020-01-01 10:00:00.123456', '2020-01-01', '14:00:00', 2020, b'101', 'a', 'a,b', '{"a":1}', 'x', 'ab', 'long',
         '7e25c7bd-fa1f-4f89-aaa4-9e8541093d2c', 'x'),
        (2, 5, 0, NULL, NULL, NULL, NULL, NULL, '0000-00-00', '2020-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         NULL, NULL, NULL, NULL);
    CREATE TABLE other (id INT PRIMARY KEY);
    CREATE VIEW seen AS SELECT id, made FROM t
"""


def first(database: Database) -> dict:
    return database.tables["t"].slice(0, 1).to_pylist()[0]


def test_postgres_types(postgres: str) -> None:
    database = connect(postgres)
    moment = datetime.datetime(2020, 1, 1, 8)
    expected = {
        "id": 1, "big": 9007199254740993, "money": 1.5, "free": 0.1, "u": "7e25c7bd-fa1f-4f89-aaa4-9e8541093d2c",
        "j": '{"a": 1}', "span": 86400, "whole": [1, 2], "texts": ["a", "b"], "day": datetime.datetime(2020, 1, 1),
        "made": moment, "clock": "14:00:00", "m": "sad", "fixed": "ab", "single": 0.1, "net": "1.2.3.4", "flag": 1,
        'odd " % :name': "x",
    }  # fmt: skip
    rows = {row["id"]: row for row in database.tables["t"].to_pylist()}
    assert rows[1] == expected
    assert {k: v for k, v in rows[2].items() if v is not None} == {"id": 2, "texts": []}
    said = [str(d) for d in database.schema.table("t").decisions]
    assert "exclude raw (inferred: binary data)" in said
    assert "unit span: seconds (inferred: a span of time, read as a number)" in said


def test_mariadb_types(mariadb: str) -> None:
    database = connect(mariadb)
    expected = {
        "id": 1, "huge": "18446744073709551615", "flag": 1, "small": 3, "money": 1.5, "big": 9007199254740993,
        "single": 0.1, "at": datetime.datetime(2020, 1, 1, 10, 0, 0, 123456), "day": datetime.datetime(2020, 1, 1),
        "clock": 50400, "y": 2020, "bits": 5, "kind": "a", "kinds": "a,b", "j": '{"a":1}', "fixed": "ab",
        "long_text": "long", "u": "7e25c7bd-fa1f-4f89-aaa4-9e8541093d2c", 'odd " % :name': "x",
    }  # fmt: skip
    rows = {row["id"]: row for row in database.tables["t"].to_pylist()}
    assert isinstance(rows[1].pop("made"), datetime.datetime)
    assert rows[1] == expected
    assert {k: v for k, v in rows[2].items() if v is not None} == {"id": 2, "huge": "5", "flag": 0}


@pytest.mark.parametrize(("backend", "driver"), [("postgres", "adbc_driver_postgresql"), ("mariadb", "connectorx")])
def test_slower_route_reads_the_same(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, backend: str, driver: str
) -> None:
    url = request.getfixturevalue(backend)
    fast = connect(url, cache=False)
    monkeypatch.setitem(sys.modules, driver, None)
    slow = connect(url, cache=False)
    for name, rows in fast.tables.items():
        columns = [c for c in rows.column_names if c not in ("whole", "texts")]  # lists come as text on this route
        assert slow.tables[name].select(columns).equals(rows.select(columns)), name


def test_connectorx_that_stumbles_is_done_without(mariadb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError("panicked")

    fast = connect(mariadb, cache=False)
    monkeypatch.setattr("connectorx.read_sql", stumble)
    assert connect(mariadb, cache=False).tables["t"].equals(fast.tables["t"])


@pytest.mark.parametrize("backend", ["postgres", "mariadb"])
def test_snapshot_is_known_by_the_servers_hash(request: pytest.FixtureRequest, backend: str) -> None:
    url = request.getfixturevalue(backend)
    keys = {connect(url).key for _ in range(2)}
    assert len(keys) == 1
    assert keys != {None}
    assert keys != {connect(url, tables=["t"]).key}


@pytest.mark.parametrize("backend", ["postgres", "mariadb"])
def test_view_of_a_server_is_read_if_named(request: pytest.FixtureRequest, backend: str) -> None:
    url = request.getfixturevalue(backend)
    assert "seen" not in connect(url).tables
    assert connect(url, tables=["seen"]).num_rows("seen") == 2


def test_partitions_are_read_once(postgres: str) -> None:
    database = connect(postgres)
    assert set(database.tables) == {"logs", "t"}
    assert database.num_rows("logs") == 1


def test_schema_of_postgres_is_chosen(postgres: str) -> None:
    assert set(connect(postgres, schema="sales").tables) == {"orders"}
    with pytest.raises(UsageError, match="no schema 'sale'"):
        connect(postgres, schema="sale")


def test_sessions_are_read_only(postgres: str, mariadb: str) -> None:
    for url in (postgres, mariadb):
        connector = open_source(url)
        with connector._connected() as connection, pytest.raises(Exception, match="(?i)read.only"):
            connection.exec_driver_sql("CREATE TABLE written (id INT)")
        connector.close()
    connector = open_source(postgres)
    assert isinstance(connector, PostgresConnector)
    with connector._snapshot_session().cursor() as cursor, pytest.raises(Exception, match="read-only transaction"):
        cursor.execute("CREATE TABLE written (id INT)")
    connector.close()
