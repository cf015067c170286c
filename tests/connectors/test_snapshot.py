"""An unchanged source is read once; a snapshot is whole or absent, and its name holds no secret."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from relfm import reading, schema
from relfm.connectors import connect, fingerprint, infer, text_types
from relfm.connectors.folder import FolderConnector
from relfm.connectors.snapshot import prune, read_snapshot, snapshots_folder
from relfm.connectors.sqlite import SqliteConnector
from relfm.errors import ConnectionFailed


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    change(file, "CREATE TABLE orders (id INTEGER PRIMARY KEY, created DATE, total REAL)")
    change(file, "INSERT INTO orders VALUES (1, '2024-01-02', 5.5), (2, '2024-01-01', 7)")
    return file


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were read from SQLite files, in order."""
    seen: list[str] = []
    original = SqliteConnector.read

    def counted(self: SqliteConnector, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        seen.append(table)
        return original(self, table, columns)

    monkeypatch.setattr(SqliteConnector, "read", counted)
    return seen


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_unchanged_database_is_read_once(shop: Path, reads: list[str], tmp_path: Path) -> None:
    first = connect(shop, cache_dir=tmp_path)
    second = connect(shop, cache_dir=tmp_path)
    assert reads == ["orders"]
    assert first.key == second.key is not None
    assert second.tables["orders"].equals(first.tables["orders"])


def test_changed_database_is_read_again(shop: Path, reads: list[str], tmp_path: Path) -> None:
    before = connect(shop, cache_dir=tmp_path)
    change(shop, "UPDATE orders SET total = 6 WHERE id = 1")
    after = connect(shop, cache_dir=tmp_path)
    assert reads == ["orders", "orders"]
    assert before.key != after.key
    assert after.tables["orders"]["total"].to_pylist() == [7, 6]


def test_change_in_the_write_ahead_log_counts(shop: Path, reads: list[str], tmp_path: Path) -> None:
    connect(shop, cache_dir=tmp_path)
    with closing(sqlite3.connect(shop)) as writer:
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("INSERT INTO orders VALUES (3, '2024-01-03', 1)")
        writer.commit()
        assert connect(shop, cache_dir=tmp_path).num_rows("orders") == 3


def test_schema_file_needs_no_second_reading(shop: Path, reads: list[str], tmp_path: Path) -> None:
    connect(shop, cache_dir=tmp_path)
    file = tmp_path / "relfm.toml"
    file.write_text("[tables.orders]\ntime_column = false")
    assert not connect(shop, cache_dir=tmp_path, schema_file=file).is_timed("orders")
    assert reads == ["orders"]


def test_without_a_cache_nothing_is_written(shop: Path, reads: list[str], tmp_path: Path) -> None:
    assert connect(shop, cache=False, cache_dir=tmp_path / "cache").key is None
    assert not (tmp_path / "cache").exists()


def test_selected_tables_have_their_own_snapshot(shop: Path, tmp_path: Path) -> None:
    change(shop, "CREATE TABLE other (id INTEGER PRIMARY KEY)")
    assert connect(shop, cache_dir=tmp_path).key != connect(shop, cache_dir=tmp_path, tables=["orders"]).key


@pytest.mark.parametrize("damage", ["truncated", "no schema", "nonsense", "other form"])
def test_damaged_snapshot_is_read_again(shop: Path, reads: list[str], tmp_path: Path, damage: str) -> None:
    expected = connect(shop, cache_dir=tmp_path)
    folder = snapshots_folder(tmp_path) / str(expected.key)
    if damage == "truncated":
        (folder / "0.arrow").write_bytes((folder / "0.arrow").read_bytes()[:-10])
    elif damage == "no schema":
        (folder / "schema.json").unlink()
    elif damage == "nonsense":
        (folder / "schema.json").write_text("[]")
    else:
        (folder / "schema.json").write_text('{"files": []}')
    again = connect(shop, cache_dir=tmp_path)
    assert reads == ["orders", "orders"]
    assert again.schema == expected.schema
    assert read_snapshot(folder) is not None


def test_cache_that_cannot_be_written_is_done_without(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert connect(shop, cache_dir=tmp_path / "file").num_rows("orders") == 2


def test_latest_used_snapshots_are_kept(tmp_path: Path) -> None:
    import os

    for number in range(5):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (number, number))
    (tmp_path / ".tmp-old").mkdir()
    os.utime(tmp_path / ".tmp-old", (0, 0))
    (tmp_path / ".tmp-new").mkdir()
    prune(tmp_path, kept=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".tmp-new", "3", "4"]


def test_no_partial_snapshot_is_left_behind(shop: Path, tmp_path: Path) -> None:
    key = connect(shop, cache_dir=tmp_path).key
    assert [p.name for p in snapshots_folder(tmp_path).iterdir()] == [key]


def test_progress_names_each_table(shop: Path, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    connect(shop, cache_dir=tmp_path, progress=lambda *step: steps.append(step))
    assert steps == [("orders", 0, 1), ("", 1, 1)]


def test_other_code_reads_again(shop: Path, reads: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = connect(shop, cache_dir=tmp_path)
    monkeypatch.setattr(fingerprint, "code_version", lambda: "another")
    again = connect(shop, cache_dir=tmp_path)
    assert reads == ["orders", "orders"]
    assert first.key != again.key


def test_the_version_is_that_of_the_code_that_reads() -> None:
    modules = {Path(m.__file__) for m in (text_types, infer, schema, reading)}
    hashed: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "hash_files", lambda files: hashed.extend(files) or "")
        fingerprint.code_version.__wrapped__()
    assert modules <= set(hashed)


def test_a_database_that_changes_while_it_is_read_is_read_as_it_was_and_not_kept(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A live database is written to all the time: its session goes on seeing one moment."""
    change(shop, "PRAGMA journal_mode = WAL")
    change(shop, "CREATE TABLE refunds (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id))")
    original, old = SqliteConnector.read, shop.read_bytes()

    def read(self: SqliteConnector, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from original(self, table, columns)
        if table == "orders":
            script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
            for row in ("orders VALUES (9, '2024-01-03', 1)", "refunds VALUES (1, 9)"):
                subprocess.run([sys.executable, "-c", script, str(shop), f"INSERT INTO {row}"], check=True)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteConnector, "read", read)
        first = connect(shop, cache_dir=tmp_path)
    assert (first.num_rows("orders"), first.num_rows("refunds")) == (2, 0)
    assert connect(shop, cache_dir=tmp_path).num_rows("refunds") == 1
    shop.with_name("shop.db-wal").unlink(missing_ok=True)
    shop.write_bytes(old)
    assert connect(shop, cache_dir=tmp_path).num_rows("orders") == 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    (made / "orders.csv").write_text("id,total\n1,5\n2,7\n")
    (made / "visits.csv").write_text("id\n1\n")
    return made


@pytest.fixture
def growing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Lets a file of the folder grow by a line each of the first so many times that a table is read."""

    def grow(name: str, times: int) -> None:
        left, original = list(range(times)), FolderConnector.read

        def read(self: FolderConnector, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
            yield from original(self, table, columns)
            if left:
                with (folder / name).open("a") as file:
                    file.write(f"{100 + left.pop()},1\n" if name == "orders.csv" else "5\n")

        monkeypatch.setattr(FolderConnector, "read", read)

    return grow


def test_files_that_change_while_they_are_read_are_read_again_and_not_kept(
    folder: Path, growing: Callable[[str, int], None], tmp_path: Path
) -> None:
    old = (folder / "orders.csv").read_bytes()
    growing("orders.csv", 1)
    assert connect(folder, cache_dir=tmp_path).num_rows("orders") == 3
    (folder / "orders.csv").write_bytes(old)
    assert connect(folder, cache_dir=tmp_path).num_rows("orders") == 2


def test_files_that_never_stand_still_are_refused_and_others_do_not_matter(
    folder: Path, growing: Callable[[str, int], None], tmp_path: Path
) -> None:
    growing("visits.csv", 99)
    assert connect(folder, tables=["orders"], cache_dir=tmp_path).num_rows("orders") == 2
    with pytest.raises(ConnectionFailed, match="changes while it is read, 3 times in a row"):
        connect(folder, cache_dir=tmp_path)
