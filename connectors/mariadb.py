"""MariaDB and MySQL: rows through connectorx as Arrow, in a read-only session whose clock is UTC.

Where connectorx is not installed, or stumbles over a value, the rows come through SQLAlchemy instead.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from relfm.connectors.connector import ReadAgain
from relfm.connectors.dialects import MARIADB
from relfm.connectors.failures import read_failure
from relfm.connectors.fingerprint import hash_facts
from relfm.connectors.sql import SqlConnector

_ROWS = 65_536


class MariadbConnector(SqlConnector):
    """One MariaDB or MySQL database."""

    def __init__(self, url: URL, schema: str | None = None) -> None:
        super().__init__(url.set(drivername=MARIADB.driver), MARIADB, schema)
        self._stumbled: set[str] = set()

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        reader = None if table in self._stumbled or self.url.query else _connectorx()
        if reader is None:
            yield from super().read(table, columns)
            return
        self._check(table, columns)
        floats = {c for c in columns if self.sql_type(table, c).startswith("FLOAT")}
        try:
            batches = reader(
                self.url.set(drivername="mysql").render_as_string(hide_password=False),
                self.select(table, columns),
                return_type="arrow_stream",
                batch_size=_ROWS,
                pre_execution_query=list(MARIADB.session),
            )
            for batch in batches:
                yield _single_precision(batch, floats)
        except GeneratorExit:
            raise
        except BaseException as error:  # a panic inside connectorx is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
                raise
            self._stumbled.add(table)
            raise ReadAgain from None

    def _check(self, table: str, columns: Sequence[str]) -> None:
        """Fails as SQLAlchemy does where the query cannot run; connectorx would print a stack trace of its own."""
        with self._connected() as connection:
            try:
                connection.exec_driver_sql(f"{self.select(table, columns)} LIMIT 0").close()
            except SQLAlchemyError as error:
                raise read_failure(self.label, self.url, error, table) from None

    def fingerprint(self, tables: Sequence[str]) -> str | None:
        """The server's checksum of each table's rows; None if a view has none."""
        listed = ", ".join(self.quoted_table(t) for t in tables)
        try:
            with self._connected() as connection:
                sums = [
                    (name.rpartition(".")[2], total)
                    for name, total in connection.exec_driver_sql(f"CHECKSUM TABLE {listed} EXTENDED")
                ]
        except SQLAlchemyError as error:
            raise read_failure(self.label, self.url, error) from None
        return None if any(total is None for _, total in sums) else hash_facts(sums)


def _connectorx() -> Any:
    try:
        from connectorx import read_sql
    except ImportError:
        return None
    return read_sql


def _single_precision(batch: pa.RecordBatch, floats: set[str]) -> pa.RecordBatch:
    """FLOAT columns as the four bytes they are, so that 0.1 is read as what it prints as."""
    for name in floats:
        index = batch.schema.get_field_index(name)
        batch = batch.set_column(index, name, batch.column(index).cast(pa.float32()))
    return batch
