"""SQLite's cells have types of their own; whichever reader is installed, none of them is lost or bent."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from relfm.connectors import connect
from relfm.errors import ConnectionFailed


@pytest.fixture(params=["adbc", "standard library"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "standard library":
        monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    else:
        pytest.importorskip("adbc_driver_sqlite")
    return tmp_path / "cells.db"


def write(file: Path, create: str, *rows: tuple) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(create)
        name = create.split()[2]
        for row in rows:
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()


def cells(file: Path, column: str) -> list:
    return connect(file, cache=False).tables["t"][column].to_pylist()


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("INTEGER", [1, None, 2**62 + 1], [1, None, 2**62 + 1]),
        ("INTEGER", [1, "n/k", 2.5], ["1", "n/k", "2.5"]),
        ("INTEGER", [1, 2.5, None], [1.0, 2.5, None]),
        ("REAL", [1, 2.5], [1.0, 2.5]),
        ("REAL", [0.1, "unknown"], ["0.1", "unknown"]),
        ("NUMERIC(20)", [2**53 + 1, 5], [2**53 + 1, 5]),
        ("DECIMAL(10,2)", [1, 2.25], [1.0, 2.25]),
        ("BOOLEAN", [0, 1], [0, 1]),
        ("", [1, "a", None], ["1", "a", None]),
        ("TEXT", ["", "x"], [None, "x"]),
        ("DATETIME", [None, None], [None, None]),
    ],
)
def test_cells_come_through(file: Path, declared: str, given: list, expected: list) -> None:
    write(file, f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared})", *enumerate(given))
    assert cells(file, "x") == expected


def test_late_surprise_is_not_lost(file: Path) -> None:
    rows = [(n, n) for n in range(70_000)]
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER)", *rows, (70_000, "surprise"))
    found = cells(file, "x")
    assert found[5] == "5"
    assert found[-1] == "surprise"


def test_binary_column_is_left_out_and_said_so(file: Path) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB, y TEXT)", (1, b"\0\1", "a"), (2, None, "b"))
    database = connect(file, cache=False)
    assert database.tables["t"].column_names == ["id", "y"]
    assert "exclude x (inferred: binary data)" in [str(d) for d in database.schema.table("t").decisions]


def test_text_in_another_encoding_is_kept_readable(file: Path) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)", (1, "caf\u00e9"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO t VALUES (2, CAST(x'636166e9' AS TEXT))")
        connection.commit()
    assert cells(file, "x") == ["caf\u00e9", "caf\ufffd"]


def test_generated_columns_and_virtual_tables(file: Path) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER AS (x * 2) STORED)")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO t (id, x) VALUES (1, 4)")
        connection.execute("CREATE VIRTUAL TABLE search USING fts5(body)")
        connection.commit()
    assert list(connect(file, cache=False).tables) == ["t"]
    assert cells(file, "y") == [8]


def test_file_is_never_written(file: Path) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY)", (1,))
    before = file.read_bytes()
    file.chmod(0o444)
    connect(file, cache=False)
    assert file.read_bytes() == before
    assert sorted(p.name for p in file.parent.iterdir()) == [file.name]


def test_foreign_key_without_columns_means_the_primary_key(file: Path) -> None:
    write(file, "CREATE TABLE parents (Key TEXT PRIMARY KEY)", ("a",))
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, up TEXT REFERENCES PARENTS)", (1, "a"))
    (key,) = connect(file, cache=False).schema.table("t").foreign_keys
    assert (key.columns, key.table, key.other_columns) == (("up",), "parents", ("Key",))


def test_locked_database_is_one_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY)", (1,))
    original = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: original(*a, **{**k, "timeout": 0.0}))
    with closing(original(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConnectionFailed, match="locked"):
            connect(file, cache=False)


def test_types_of_an_empty_table(file: Path) -> None:
    write(file, "CREATE TABLE t (id INTEGER PRIMARY KEY, x REAL)")
    assert connect(file, cache=False).tables["t"].schema.types == [pa.string(), pa.string()]
