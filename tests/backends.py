"""The same tables written to every kind of source that relfm reads, for tests that compare them.

``write_database`` is idempotent: writing again to the same place replaces what was there.
"""

import csv
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from ddl import creatable, create, insert, links, plain, rows_of

from relfm.connectors import to_toml
from relfm.schema import Schema, Table

BACKENDS = ("postgresql", "mariadb", "sqlite", "duckdb", "parquet", "csv", "frames", "relbench")
POSTGRES_SERVER = os.environ.get("RELFM_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
MARIADB_SERVER = os.environ.get("RELFM_TEST_MARIADB", "mysql://root@127.0.0.1:3306/test")


def write_database(backend: str, frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> Any:
    """Writes ``frames`` with the keys of ``declared`` and returns what ``connect`` takes.

    Arrow types may be int64, double, bool, string, date32, timestamp[us] with or without UTC, decimal128. Files go
    under ``where``; servers get a database named after it. Keys that a backend cannot declare are left to
    ``write_schema_file``.
    """
    where.mkdir(parents=True, exist_ok=True)
    return _WRITERS[backend](frames, declared, where)


def write_schema_file(declared: Schema, where: Path) -> Path:
    """``declared`` as a schema file under ``where``."""
    where.mkdir(parents=True, exist_ok=True)
    file = where / "relfm.toml"
    file.write_text(to_toml(declared), encoding="utf-8")
    return file


def drop_database(backend: str, where: Path) -> None:
    """Removes the server's database that ``write_database`` made for ``where``; files are the test's own."""
    if backend in _SERVERS and why_absent(backend) is None:
        with server(backend) as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {database_name(where)}")


def database_name(where: Path) -> str:
    return "relfm_test_" + hashlib.blake2b(str(where).encode(), digest_size=6).hexdigest()


@cache
def why_absent(backend: str) -> str | None:
    """Why a backend cannot be tested here; None if it can."""
    if backend not in _SERVERS:
        return None
    try:
        with server(backend):
            return None
    except Exception as error:  # whatever its driver raises
        return f"no {backend} server: {type(error).__name__}"


@contextmanager
def server(backend: str, database: str | None = None) -> Iterator[Any]:
    with closing(_SERVERS[backend](database)) as connection, closing(connection.cursor()) as cursor:
        yield cursor
        connection.commit()


@contextmanager
def made_database(backend: str, statements: str, where: Path) -> Iterator[str]:
    """The URL of a server's database that ``statements`` (one a line or more, parted by ';') made, gone afterwards."""
    if reason := why_absent(backend):
        pytest.skip(reason)
    drop_database(backend, where)
    with server(backend) as cursor:
        cursor.execute(f"CREATE DATABASE {database_name(where)}")
    with server(backend, database_name(where)) as cursor:
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    url = {"postgresql": POSTGRES_SERVER, "mariadb": MARIADB_SERVER}[backend]
    try:
        yield f"{url.rpartition('/')[0]}/{database_name(where)}"
    finally:
        drop_database(backend, where)


def _postgres(database: str | None) -> Any:
    import psycopg

    return psycopg.connect(POSTGRES_SERVER, **({"dbname": database} if database else {"autocommit": True}))


def _mariadb(database: str | None) -> Any:
    import pymysql
    from sqlalchemy.engine import make_url

    url = make_url(MARIADB_SERVER)
    password = str(url.password or "")
    return pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        password=password,
        database=database,
        init_command="SET time_zone = '+00:00', sql_mode = 'NO_BACKSLASH_ESCAPES'",
    )


_SERVERS = {"postgresql": _postgres, "mariadb": _mariadb}


def _write_postgresql(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> str:
    name = database_name(where)
    with server("postgresql") as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {name}")
    with server("postgresql", name) as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        for table in creatable(declared):
            cursor.execute(create("postgresql", frames[table.name], table, '"'))
            with cursor.copy(f'COPY "{table.name}" FROM STDIN') as copy:
                for row in rows_of(frames[table.name]):
                    copy.write_row(row)
        for table in declared.tables.values():
            for statement in links(table, '"'):
                cursor.execute(statement)
    return f"{POSTGRES_SERVER.rpartition('/')[0]}/{name}"


def _write_mariadb(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> str:
    name = database_name(where)
    with server("mariadb") as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    with server("mariadb", name) as cursor:
        for table in creatable(declared):
            cursor.execute(create("mariadb", frames[table.name], table, "`"))
            insert(cursor, frames[table.name], table.name, "`", "%s")
        for table in declared.tables.values():
            for statement in links(table, "`"):
                cursor.execute(statement)
    return f"{MARIADB_SERVER.rpartition('/')[0]}/{name}"


def _write_sqlite(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> str:
    file = where / "data.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        for table in creatable(declared):
            connection.execute(create("sqlite", frames[table.name], table, '"', inline=True))
            insert(connection, frames[table.name], table.name, '"', "?", plain)
        connection.commit()
    return f"sqlite:///{file}"


def _write_duckdb(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> str:
    import duckdb

    file = where / "data.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for table in creatable(declared):
            connection.execute(create("duckdb", frames[table.name], table, '"', inline=True))
            for rows in _parents_first(frames[table.name], table):
                connection.register("given", rows)
                connection.execute(f'INSERT INTO "{table.name}" SELECT * FROM given')
    return f"duckdb:///{file}"


def _parents_first(rows: pa.Table, table: Table) -> Iterator[pa.Table]:
    """Parts such that a key of the table to itself names a row of an earlier part, which DuckDB insists on."""
    own = next((k for k in table.foreign_keys if k.table == table.name), None)
    while own is not None and rows.num_rows:
        child, parent = rows.column(own.columns[0]), rows.column(own.other_columns[0])
        waits = pc.fill_null(pc.is_in(child, value_set=parent.combine_chunks()), False)
        yield rows.filter(pc.invert(waits))
        rows = rows.filter(waits)
    yield rows


def _write_parquet(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> Path:
    return _write_files(frames, where / "parquet", lambda rows, file: pq.write_table(rows, f"{file}.parquet"))


def _write_csv(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> Path:
    def write(rows: pa.Table, file: Path) -> None:
        with open(f"{file}.csv", "w", encoding="utf-8", newline="") as sink:
            writer = csv.writer(sink)
            writer.writerow(rows.column_names)
            writer.writerows([plain(c, truth=("false", "true")) for c in row] for row in rows_of(rows))

    return _write_files(frames, where / "csv", write)


def _write_files(frames: Mapping[str, pa.Table], folder: Path, write: Any) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, rows in frames.items():
        write(rows, folder / name)
    return folder


def _write_frames(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> dict[str, Any]:
    import pandas as pd

    mapper = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
    return {name: rows.to_pandas(types_mapper=mapper) for name, rows in frames.items()}


def _write_relbench(frames: Mapping[str, pa.Table], declared: Schema, where: Path) -> Path:
    folder = where / "relbench"
    shutil.rmtree(folder, ignore_errors=True)
    _write_files(frames, _made(folder) / "db", lambda rows, file: pq.write_table(rows, f"{file}.parquet"))
    tables = {t.name: _relbench_table(t, declared) for t in declared.tables.values()}
    manifest = {"name": "written", "val_timestamp": "2021-01-01", "test_timestamp": "2022-01-01", "tables": tables}
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")
    return folder


def _relbench_table(table: Table, declared: Schema) -> dict[str, Any]:
    single = [
        k for k in table.foreign_keys if len(k.columns) == 1 and declared.tables[k.table].primary_key == k.other_columns
    ]
    return {
        "pkey": table.primary_key[0] if len(table.primary_key) == 1 else None,
        "time_col": table.time_column,
        "fkeys": {k.columns[0]: k.table for k in single},
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


_WRITERS = {
    "postgresql": _write_postgresql,
    "mariadb": _write_mariadb,
    "sqlite": _write_sqlite,
    "duckdb": _write_duckdb,
    "parquet": _write_parquet,
    "csv": _write_csv,
    "frames": _write_frames,
    "relbench": _write_relbench,
}
