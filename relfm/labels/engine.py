"""DuckDB over the Arrow tables of a Database: in memory, read-only, without copies and without the network or disk.

A statement sees the relation ``timestamps(timestamp)`` and every table under its own name, with only the rows
that have happened by ``until``. It runs on one thread: a sum of floats depends on the order of its terms.
"""

import threading
import weakref
from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.errors import QuestionError, ResourceExceeded
from relfm.times import MISSING_TIME, TIMELESS, to_datetime64

ROW = "relfm row"
"""The row number, in the relation ``numbered(table)`` only."""

_TIME = "relfm time"
_OPTIONS = {"threads": "1", "temp_directory": "", "python_enable_replacements": "false"}
_CUTOFFS = "timestamps"


class LabelEngine:
    """One connection for one Database, made at the first statement."""

    def __init__(self, database: Database) -> None:
        self._tables = {name: _with_row_and_time(database, name) for name in database.tables}
        self._timed = [name for name in database.tables if database.is_timed(name)]
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._until: int | None = None
        self._lock = threading.Lock()

    def run(self, sql: str, cutoffs: np.ndarray, until: int) -> pa.Table:
        """The result of one SELECT for ``cutoffs`` (int64[k] microseconds) with no row after ``until`` in sight.

        Raises QuestionError with the first line of DuckDB's message if the statement is wrong.
        """
        with self._lock:
            try:
                connection = self._connect()
                self._show(connection, cutoffs, until)
                kinds = [statement.type for statement in connection.extract_statements(sql)]
                if kinds != [duckdb.StatementType.SELECT]:
                    raise QuestionError("the label SQL must be one SELECT", hint="remove every other statement")
                return connection.sql(sql).to_arrow_table()
            except duckdb.OutOfMemoryException as error:
                raise ResourceExceeded(
                    f"computing labels ran out of memory: {_first_line(error)}",
                    hint="ask for fewer cutoffs or entities",
                ) from None
            except duckdb.Error as error:
                raise QuestionError(f"the label SQL failed: {_first_line(error)}", text=sql) from None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            _refuse_twins(self._tables)
            self._connection = duckdb.connect(":memory:", config=_OPTIONS)
            self._connection.execute("SET enable_external_access = false")
            for name, rows in self._tables.items():
                self._connection.register(numbered(name), rows)
                self._connection.execute(_view(name))
        return self._connection

    def _show(self, connection: duckdb.DuckDBPyConnection, cutoffs: np.ndarray, until: int) -> None:
        connection.register(_CUTOFFS, pa.table({"timestamp": pa.array(to_datetime64(cutoffs))}))
        if until == self._until:
            return
        for name in self._timed:
            connection.execute(f"{_view(name)} WHERE {quote(_TIME)} <= make_timestamp({until})")
        self._until = until


_engines: "weakref.WeakKeyDictionary[Database, LabelEngine]" = weakref.WeakKeyDictionary()


def engine_of(database: Database) -> LabelEngine:
    """The engine of ``database``, shared by everybody who asks for labels from it and gone when it is."""
    if database not in _engines:
        _engines[database] = LabelEngine(database)
    return _engines[database]


def quote(name: str) -> str:
    """``name`` as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def numbered(table: str) -> str:
    """The relation that holds all rows of ``table``, whenever they happened, with their numbers in column ``ROW``."""
    return f"{table} (numbered)"


def _refuse_twins(tables: Iterable[str]) -> None:
    by_folded: dict[str, str] = {}
    for name in tables:
        twin = by_folded.setdefault(name.casefold(), name)
        if twin != name:
            raise QuestionError(
                f"tables '{twin}' and '{name}' differ only in case, and label SQL cannot tell them apart",
                hint="leave one of them out",
            )


def _view(table: str) -> str:
    hidden = f"{quote(ROW)}, {quote(_TIME)}"
    return f"CREATE OR REPLACE TEMP VIEW {quote(table)} AS SELECT * EXCLUDE ({hidden}) FROM {quote(numbered(table))}"


def _with_row_and_time(database: Database, table: str) -> pa.Table:
    rows, times = database.tables[table], database.times(table)
    known = (times != MISSING_TIME) & (times != TIMELESS)
    stamps = pa.array(to_datetime64(np.where(known, times, MISSING_TIME)), pa.timestamp("us"))
    return rows.append_column(ROW, pa.array(np.arange(len(times)))).append_column(_TIME, stamps)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
