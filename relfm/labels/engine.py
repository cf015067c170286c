"""DuckDB over the Arrow tables of a Database: in memory, read-only, without copies and without the network or disk.

A statement sees the relation ``timestamps(timestamp)`` and every table under its own name, with only the rows
that have happened by ``until``. It runs on one thread: a sum of floats depends on the order of its terms.
"""

import re
import threading
import weakref
from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.errors import QuestionError, ResourceExceeded, first_line
from relfm.schema import quoted
from relfm.times import MISSING_TIME, TIMELESS, to_datetime64

ROW = "relfm row"
"""The row number, in the relation ``numbered(table)`` only."""

ASKED = "relfm asked"
"""The relation of the entities that are asked about, by key, where not all are."""

_TIME = "relfm time"
_OPTIONS = {"threads": "1", "temp_directory": "", "python_enable_replacements": "false"}
_CUTOFFS = "timestamps"
_TWIN_COLUMNS = "relfm twins:"


class LabelEngine:
    """One connection for one Database, made at the first statement."""

    def __init__(self, database: Database) -> None:
        self._twins = _twins(database.tables)
        taken = {*self._twins, *(n for n in database.tables if _folded(n) == _CUTOFFS)}  # nobody can ask about those
        held = [n for n, rows in database.tables.items() if rows.num_columns and n not in taken]
        self._twin_columns = {name: _twins(database.tables[name].column_names) for name in held}
        self._tables = {name: _with_row_and_time(database, name, self._twin_columns[name]) for name in held}
        self._timed = [name for name in held if database.is_timed(name)]
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._until: int | None = None
        self._lock = threading.Lock()

    def run(self, sql: str, cutoffs: np.ndarray, until: int, asked: pa.Table | None = None) -> pa.Table:
        """The result of one SELECT for ``cutoffs`` (int64[k] microseconds) with no row after ``until`` in sight.
        ``asked`` is what the relation ``ASKED`` holds.

        Raises QuestionError with the first line of DuckDB's message if the statement is wrong, or if it reads tables or
        columns whose names differ only in case, which DuckDB takes for one another.
        """
        with self._lock:
            try:
                connection = self._connect()
                self._show(connection, cutoffs, until)
                if asked is not None:
                    connection.register(ASKED, asked)
                kinds = [statement.type for statement in connection.extract_statements(sql)]
                if kinds != [duckdb.StatementType.SELECT]:
                    raise QuestionError("the label SQL must be one SELECT", hint="remove every other statement")
                return connection.sql(sql).to_arrow_table()
            except duckdb.OutOfMemoryException as error:
                raise ResourceExceeded(
                    f"computing labels ran out of memory: {first_line(error)}",
                    hint="ask for fewer cutoffs or entities",
                ) from None
            except duckdb.Error as error:
                raise self._refused_twin(error) or QuestionError(
                    f"the label SQL failed: {first_line(error)}", text=sql
                ) from None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = duckdb.connect(":memory:", config=_OPTIONS)
            self._connection.execute("SET enable_external_access = false")
            for name, rows in self._tables.items():
                self._connection.register(_cells(name), rows)
                self._connection.execute(_numbered_view(name, self._twin_columns[name]))
                self._connection.execute(_view(name))
        return self._connection

    def _refused_twin(self, error: duckdb.Error) -> QuestionError | None:
        """The refusal of a statement that failed because it reads one of two tables or columns that are twins."""
        if isinstance(error, duckdb.CatalogException):
            missing = re.search(r"with name \"?(relfm numbered )?(.+?)\"? does not exist", str(error))
            asked = _folded(missing[2]) if missing else None
            pair = next((pair for name, pair in self._twins.items() if _folded(name) == asked), None)
            what, remedy = "tables", "leave one of them out: 'skip = true' in the schema file, or --tables"
        else:
            said = re.search(rf"{_TWIN_COLUMNS} (.+)$", first_line(error))
            pair = said[1] if said else None
            what, remedy = "columns", "rename one of them, or ask about a view that does"
        message = f"{what} {pair} differ only in case, and label SQL cannot tell them apart"
        return QuestionError(message, hint=remedy) if pair else None

    def _show(self, connection: duckdb.DuckDBPyConnection, cutoffs: np.ndarray, until: int) -> None:
        connection.register(_CUTOFFS, pa.table({"timestamp": pa.array(to_datetime64(cutoffs))}))
        if until == self._until:
            return
        for name in self._timed:
            connection.execute(f"{_view(name)} WHERE {quoted(_TIME)} <= make_timestamp({until})")
        self._until = until


_engines: "weakref.WeakKeyDictionary[Database, LabelEngine]" = weakref.WeakKeyDictionary()


def engine_of(database: Database) -> LabelEngine:
    """The engine of ``database``, shared by everybody who asks for labels from it and gone when it is."""
    if database not in _engines:
        _engines[database] = LabelEngine(database)
    return _engines[database]


def numbered(table: str) -> str:
    """The relation that holds all rows of ``table``, whenever they happened, with their numbers in column ``ROW``."""
    return f"relfm numbered {table}"


def _cells(table: str) -> str:
    """The relation that holds the cells as Arrow has them, twins left out."""
    return f"relfm cells {table}"


def _folded(name: str) -> str:
    """The name as DuckDB compares it: without regard to the case of ASCII letters, and of no others."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def _twins(names: Iterable[str]) -> dict[str, str]:
    """Each name that another one equals without regard to case, with all of those that do, quoted for a message."""
    by_folded: dict[str, list[str]] = {}
    for name in names:
        by_folded.setdefault(_folded(name), []).append(name)
    groups = [group for group in by_folded.values() if len(group) > 1]
    return {name: " and ".join(f"'{n}'" for n in group) for group in groups for name in group}


def _numbered_view(table: str, twins: dict[str, str]) -> str:
    """All rows with their numbers; a column that has a twin is there, and fails whatever reads it."""
    refusals = {_folded(n): (n, f"{_TWIN_COLUMNS} {pair} of table '{table}'") for n, pair in twins.items()}
    listed = [f"error({_text(said)}) AS {quoted(name)}" for name, said in refusals.values()]
    columns = ", ".join(["*", *listed])
    return f"CREATE OR REPLACE TEMP VIEW {quoted(numbered(table))} AS SELECT {columns} FROM {quoted(_cells(table))}"


def _view(table: str) -> str:
    hidden = f"{quoted(ROW)}, {quoted(_TIME)}"
    return f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS SELECT * EXCLUDE ({hidden}) FROM {quoted(numbered(table))}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _with_row_and_time(database: Database, table: str, twins: Iterable[str]) -> pa.Table:
    rows, times = database.tables[table].drop_columns(list(twins)), database.times(table)
    known = (times != MISSING_TIME) & (times != TIMELESS)
    stamps = pa.array(to_datetime64(np.where(known, times, MISSING_TIME)), pa.timestamp("us"))
    return rows.append_column(ROW, pa.array(np.arange(len(times)))).append_column(_TIME, stamps)
