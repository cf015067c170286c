"""One suite for every kind of source: the same rows and keys give the same schema, values and order."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from backends import write_database, write_schema_file
from hostile import HUGE, hostile_frames, hostile_schema

from relfm.connectors import connect
from relfm.database import Database
from relfm.schema import Schema
from relfm.times import MISSING_TIME

DECLARING = ("postgresql", "mariadb", "sqlite", "duckdb")


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_schema_file(hostile_schema(), tmp_path_factory.mktemp("facts"))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, schema_file: Path) -> Database:
    source = write_database("frames", hostile_frames(), hostile_schema(), tmp_path_factory.mktemp("expected"))
    return connect(source, schema_file=schema_file)


@pytest.fixture(scope="module")
def read(hostile_source: Any, schema_file: Path) -> Database:
    return connect(hostile_source, schema_file=schema_file)


def keys_and_times(schema: Schema) -> dict[str, tuple]:
    return {t.name: (t.primary_key, t.foreign_keys) for t in schema.tables.values()}


def test_schema_is_the_same_everywhere(read: Database, expected: Database) -> None:
    assert read.schema == expected.schema


def test_rows_are_the_same_everywhere(read: Database, expected: Database) -> None:
    assert read.tables.keys() == expected.tables.keys()
    for name, rows in expected.tables.items():
        assert read.tables[name].schema == rows.schema, name
        assert read.tables[name].equals(rows), name


def test_snapshot_from_the_cache_is_the_same(hostile_source: Any, schema_file: Path, read: Database) -> None:
    again = connect(hostile_source, schema_file=schema_file)
    assert again.schema == read.schema
    assert all(again.tables[name].equals(rows) for name, rows in read.tables.items())
    assert again.key == read.key


def test_reading_without_a_cache_is_the_same(hostile_source: Any, schema_file: Path, read: Database) -> None:
    again = connect(hostile_source, schema_file=schema_file, cache=False)
    assert again.key is None
    assert again.schema == read.schema
    assert all(again.tables[name].equals(rows) for name, rows in read.tables.items())


def test_keys_beyond_floats_survive(read: Database) -> None:
    assert set(read.tables["people"]["id"].to_pylist()) == {1, 2, HUGE, HUGE + 2}
    assert set(read.tables["order"]["buyer"].to_pylist()) == {HUGE + 2, 1, None, HUGE}


def test_every_type_becomes_its_canonical_one(read: Database) -> None:
    def types(table: str) -> dict[str, pa.DataType]:
        return {f.name: f.type for f in read.tables[table].schema}

    whole, moment, text = pa.int64(), pa.timestamp("us"), pa.string()
    held = {"id": whole, "boss": whole, "select": whole, "big": whole, "born": moment, "seen": text}
    assert types("people") == held
    assert types("order")["sum"] == pa.float64()
    assert types("order")["made"] == moment
    assert types("order lines") == {"order": pa.int64(), "line": pa.int64(), "weight": pa.float64(), "gift": pa.int64()}


def test_rows_are_sorted_by_time_and_key(read: Database) -> None:
    assert read.tables["order"]["id"].to_pylist() == [5, 4, 7, 3]
    assert read.tables["order"]["made"].to_pylist()[0] == datetime.datetime(2021, 3, 28, 0, 59, 59, 123456)
    assert [tuple(r.values()) for r in read.tables["order lines"].select(["order", "line"]).to_pylist()] == [
        (5, 1), (4, 1), (7, 1), (7, 2), (3, 1)
    ]  # fmt: skip


def test_text_keeps_its_commas_quotes_and_lines(read: Database) -> None:
    notes = set(read.tables["order"]["note"].to_pylist())
    assert notes == {'said "no", twice', "two\nlines, one comma", None, "don't; 50 % \\ off: [x]"}


def test_links_resolve_through_every_kind_of_key(read: Database) -> None:
    links = {key: read.links(t.name, key) for t in read.schema.tables.values() for key in t.foreign_keys}
    by_columns = {key.columns: rows for key, rows in links.items()}
    people = read.tables["people"]["id"].to_pylist()
    boss = [None if r < 0 else people[r] for r in by_columns[("boss",)]]
    assert dict(zip(people, boss, strict=True)) == {1: 2, 2: HUGE, HUGE: None, HUGE + 2: HUGE}
    lines = read.tables["order lines"].select(["order", "line"]).to_pylist()
    shipped = {i: by_columns[("order", "line")][n] for n, i in enumerate(read.tables["shipments"]["id"].to_pylist())}
    assert lines[shipped[1]] == {"order": 7, "line": 1}
    assert lines[shipped[2]] == {"order": 5, "line": 1}
    assert shipped[3] == -1


def test_line_takes_its_time_from_its_order(read: Database) -> None:
    assert read.schema.table("order lines").time_from is not None
    *times, last = read.times("order lines")
    assert last == MISSING_TIME
    assert times == sorted(times)


def test_declared_keys_are_found_without_a_schema_file(backend: str, hostile_source: Any) -> None:
    if backend not in DECLARING:
        pytest.skip(f"{backend} declares no keys")
    found = connect(hostile_source).schema
    assert keys_and_times(found) == keys_and_times(hostile_schema())


def test_empty_table_is_kept_and_said_to_be_empty(read: Database) -> None:
    assert read.num_rows("nothing") == 0
    assert [d.what for d in read.schema.table("nothing").decisions].count("empty") == 1


def test_inference_agrees_between_sources_that_declare_nothing(tmp_path: Path) -> None:
    bare = Schema.of(replace(t, primary_key=(), foreign_keys=()) for t in hostile_schema().tables.values())
    sources = [write_database(b, hostile_frames(), bare, tmp_path) for b in ("sqlite", "duckdb", "parquet", "csv")]
    found = [connect(source, cache=False) for source in sources]
    for other in found[1:]:
        assert other.schema == found[0].schema
        assert all(other.tables[n].equals(rows) for n, rows in found[0].tables.items())
