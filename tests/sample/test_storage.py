"""The SQLite file: declared keys that hold, ISO times, the same bytes for the same seed, and nothing half-written."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from relfm.errors import ResourceExceeded, UsageError
from relfm.sample.__main__ import main
from relfm.sample.shop import generate, write_sqlite
from relfm.sample.storage import write_tables
from relfm.synth import generate as generate_any
from relfm.synth import write_sqlite as write_generated


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(write_sqlite(tmp_path_factory.mktemp("shop") / "shop.db", customers=200))
    yield opened
    opened.close()


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first, again = (write_sqlite(tmp_path / name, seed=1, customers=100).read_bytes() for name in ("a.db", "b.db"))
    assert first == again


def test_every_declared_foreign_key_holds(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("returns", {("order_lines", "order_id"), ("order_lines", "line_no")}),
        ("orders", {("customers", "customer_id"), ("employees", "handled_by")}),
        ("employees", {("employees", "manager_id")}),
        ("order_lines", {("orders", "order_id"), ("products", "product_id")}),
    ],
)
def test_foreign_keys_are_declared(connection: sqlite3.Connection, table: str, keys: set[tuple[str, str]]) -> None:
    assert {(row[2], row[3]) for row in connection.execute(f"PRAGMA foreign_key_list({table})")} == keys


def test_order_lines_have_a_composite_primary_key(connection: sqlite3.Connection) -> None:
    columns = connection.execute("PRAGMA table_info(order_lines)").fetchall()
    assert [row[1] for row in columns if row[5]] == ["order_id", "line_no"]


def test_file_holds_every_row_and_every_missing_cell(connection: sqlite3.Connection) -> None:
    for name, table in generate(customers=200).items():
        stored = pd.read_sql(f"SELECT * FROM {name}", connection)
        assert stored.columns.tolist() == table.columns.tolist()
        assert stored.isna().sum().tolist() == table.isna().sum().tolist()
        assert len(stored) == len(table)


def test_dates_and_times_are_iso_text(connection: sqlite3.Connection) -> None:
    signup, created = connection.execute(
        "SELECT signup, created FROM orders JOIN customers ON customers.id = customer_id LIMIT 1"
    ).fetchone()
    assert len(signup) == len("2021-01-01") and pd.Timestamp(signup)
    assert len(created) == len("2021-01-01 00:00:00") and pd.Timestamp(created) > pd.Timestamp(signup)


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"shop\.db' exists already"):
        write_sqlite(path, customers=10)
    assert path.read_text() == "mine"


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder '.*nowhere'"):
        write_sqlite(tmp_path / "nowhere" / "shop.db", customers=10)


def test_interrupted_write_leaves_nothing_behind(tmp_path: Path) -> None:
    incomplete = generate(customers=10)
    del incomplete["support_tickets"]
    with pytest.raises(KeyError):
        write_tables(tmp_path / "shop.db", incomplete)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(ResourceExceeded, match=r"cannot write '.*shop\.db': database or disk is full"):
        write_sqlite(tmp_path / "shop.db", customers=50)
    with pytest.raises(ResourceExceeded, match=r"cannot write '.*made\.db': database or disk is full"):
        write_generated(generate_any(1, rows=8000), tmp_path / "made.db")
    assert list(tmp_path.iterdir()) == []


def test_command_prints_the_path_and_refuses_a_second_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "shop.db")
    assert main([path]) == 0
    assert capsys.readouterr().out.strip() == path
    assert main([path]) == 2
    assert "exists already" in capsys.readouterr().err
