"""How long ``connect`` takes against the fastest reader of each kind of source, on the same made-up table.

``python -m relfm.benchmarks.ingestion --rows 1000000`` prints one line per source. Servers are named by URLs
(``--postgres``, ``--mariadb``); a scratch table is made there and dropped again, everything else is temporary files.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from relfm.connectors import connect

_TABLE = "relfm_ingestion"
_ROWS = """
    SELECT i AS id, (hash(i) % 100000)::BIGINT AS customer_id,
        TIMESTAMP '2020-01-01' + to_seconds(i * 30 + (hash(i + 1) % 30)::BIGINT) AS created,
        round((hash(i + 2) % 1000000) / 7.0, 4) AS amount, (hash(i + 3) % 50)::BIGINT AS quantity,
        'city ' || (hash(i + 4) % 500) AS city, 'order note number ' || hash(i + 5) AS note,
        CASE WHEN i % 10 > 0 THEN (hash(i + 6) % 1000) / 8.0 END AS discount
    FROM range({rows}) AS t(i)
"""


@dataclass(frozen=True)
class Case:
    """One source of the table and the fastest way to read it without relfm."""

    name: str
    source: Any
    read: Callable[[], Any]


def main(arguments: list[str] | None = None) -> None:
    """Prints name, seconds of the fastest reader, seconds of ``connect`` and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--postgres", metavar="URL")
    parser.add_argument("--mariadb", metavar="URL")
    options = parser.parse_args(arguments)
    rows = duckdb.sql(_ROWS.format(rows=options.rows)).to_arrow_table()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(rows, Path(folder), options.postgres, options.mariadb):
            raw = _best(case.read, options.repeats)
            ours = _best(lambda case=case: connect(case.source, tables=[_TABLE], cache=False), options.repeats)
            sys.stdout.write(f"{case.name:12}{raw:9.2f} s{ours:9.2f} s{ours / raw:8.2f} x\n")


def cases(rows: pa.Table, folder: Path, postgres: str | None, mariadb: str | None) -> Iterator[Case]:
    """Each source in turn, written just before it is read; a server's table is dropped after it was read."""
    yield _duckdb(rows, folder)
    yield _sqlite(rows, folder)
    yield _parquet(rows, folder)
    yield _csv(rows, folder)
    for name, url in (("postgresql", postgres), ("mariadb", mariadb)):
        if url is not None:
            with _on_server(rows, url):
                yield Case(name, url, _server_reader(name, url))


def _best(action: Callable[[], Any], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _duckdb(rows: pa.Table, folder: Path) -> Case:
    file = folder / "data.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("rows", rows)
        connection.execute(f"CREATE TABLE {_TABLE} AS SELECT * FROM rows")

    def read() -> pa.Table:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.sql(f"SELECT * FROM {_TABLE}").to_arrow_table()

    return Case("duckdb", file, read)


def _sqlite(rows: pa.Table, folder: Path) -> Case:
    import sqlite3

    from adbc_driver_sqlite import dbapi

    file = folder / "data.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute(
            f"CREATE TABLE {_TABLE} (id INTEGER, customer_id INTEGER, created TIMESTAMP, amount REAL, quantity INTEGER,"
            " city TEXT, note TEXT, discount REAL)"
        )
        text = rows.set_column(2, "created", rows["created"].cast(pa.string()))
        cells = (
            row for batch in text.to_batches() for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)
        )
        connection.executemany(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", cells)
    connection.close()

    def read() -> pa.Table:
        with dbapi.connect(str(file)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {_TABLE}")
            return cursor.fetch_arrow_table()

    return Case("sqlite", file, read)


def _parquet(rows: pa.Table, folder: Path) -> Case:
    import pyarrow.parquet as pq

    file = folder / "parquet" / f"{_TABLE}.parquet"
    file.parent.mkdir()
    pq.write_table(rows, file)
    return Case("parquet", file.parent, lambda: pq.read_table(file))


def _csv(rows: pa.Table, folder: Path) -> Case:
    from pyarrow import csv

    file = folder / "csv" / f"{_TABLE}.csv"
    file.parent.mkdir()
    csv.write_csv(rows, file)
    return Case("csv", file.parent, lambda: csv.read_csv(file))


@contextmanager
def _on_server(rows: pa.Table, url: str) -> Iterator[None]:
    import sqlalchemy

    from relfm.connectors.sources import open_source

    engine = sqlalchemy.create_engine(open_source(url).url)
    frame = rows.to_pandas()
    try:
        frame.to_sql(_TABLE, engine, index=False, if_exists="replace", chunksize=20_000)
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_TABLE}")
        engine.dispose()


def _server_reader(name: str, url: str) -> Callable[[], pa.Table]:
    def read_postgres() -> pa.Table:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {_TABLE}")
            return cursor.fetch_arrow_table()

    def read_mariadb() -> pa.Table:
        from connectorx import read_sql

        return read_sql(url.replace("mariadb://", "mysql://"), f"SELECT * FROM {_TABLE}", return_type="arrow")

    return read_postgres if name == "postgresql" else read_mariadb


if __name__ == "__main__":
    main()
