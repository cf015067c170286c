"""DuckDB files, straight to Arrow through DuckDB's own client.

The file is opened read-only and read in one transaction.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable, with_real_names
from relfm.connectors.dialects import DUCKDB, select_expression, skip_reason, units
from relfm.connectors.selection import select_tables
from relfm.errors import ConnectionFailed, UsageError, first_line
from relfm.schema import ForeignKey, quoted, suggestion

_ROWS = 131_072


class DuckConnector(Connector):
    """One DuckDB file."""

    def __init__(self, file: Path, schema: str | None = None) -> None:
        self.file = file
        self.label = str(file)
        self.schema = schema or "main"
        self._types: dict[tuple[str, str], str] = {}
        self._session: Any = None

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        schemas = [s for (s,) in self._rows("SELECT DISTINCT schema_name FROM duckdb_columns() WHERE NOT internal")]
        if self.schema not in schemas and self.schema != "main":
            raise UsageError(f"no schema '{self.schema}' in '{self.label}'", hint=suggestion(self.schema, schemas))
        base = self._names("duckdb_tables", "table_name")
        views = self._names("duckdb_views", "view_name")
        chosen = select_tables(tables, base, views, self.label, self._other_schemas)
        columns = self._rows(
            "SELECT table_name, column_name, data_type FROM duckdb_columns()"
            " WHERE schema_name = ? AND database_name = current_database() ORDER BY column_index",
            self.schema,
        )
        self._types = {(table, column): kind for table, column, kind in columns}
        constraints = self._rows(
            "SELECT table_name, constraint_type, constraint_column_names, referenced_table, referenced_column_names"
            " FROM duckdb_constraints() WHERE schema_name = ? AND database_name = current_database()"
            " ORDER BY constraint_index",
            self.schema,
        )
        return with_real_names(_describe(name, columns, constraints) for name in chosen)

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        listed = ", ".join(select_expression(DUCKDB, self._types[table, c], quoted(c)) for c in columns)
        sql = f"SELECT {listed} FROM {quoted(self.schema)}.{quoted(table)}"
        try:
            yield from self._connection().sql(sql).to_arrow_reader(_ROWS)
        except self._error() as error:
            raise ConnectionFailed(f"cannot read table '{table}' of '{self.label}': {first_line(error)}") from None

    def files(self, tables: Sequence[str]) -> Sequence[Path]:
        return [self.file, self.file.with_name(self.file.name + ".wal")]

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _connection(self) -> Any:
        if self._session is None:
            import duckdb

            try:
                self._session = duckdb.connect(str(self.file), read_only=True)
                self._session.execute("BEGIN TRANSACTION READ ONLY")
            except duckdb.Error as error:
                raise ConnectionFailed(
                    f"cannot open '{self.label}': {first_line(error)}",
                    hint="is it a DuckDB database, and does no other process write to it?",
                ) from None
        return self._session

    def _rows(self, sql: str, *values: str) -> list[tuple]:
        connection = self._connection()
        try:
            return connection.execute(sql, list(values)).fetchall()
        except self._error() as error:
            raise ConnectionFailed(f"cannot read '{self.label}': {first_line(error)}") from None

    def _names(self, function: str, column: str) -> list[str]:
        sql = (
            f"SELECT {column} FROM {function}() WHERE schema_name = ? AND NOT internal"
            " AND database_name = current_database()"
        )
        return [name for (name,) in self._rows(sql, self.schema)]

    def _other_schemas(self) -> list[str]:
        """The other schemas of the file that hold tables."""
        sql = (
            "SELECT DISTINCT schema_name FROM duckdb_tables() WHERE schema_name <> ? AND NOT internal"
            " AND database_name = current_database() ORDER BY 1"
        )
        return [name for (name,) in self._rows(sql, self.schema)]

    @staticmethod
    def _error() -> type[Exception]:
        import duckdb

        return duckdb.Error


def _describe(table: str, columns: list[tuple], constraints: list[tuple]) -> DeclaredTable:
    own = [c[1:] for c in constraints if c[0] == table]
    primary = next((tuple(c[1]) for c in own if c[0] == "PRIMARY KEY"), ())
    links = sorted({ForeignKey(tuple(c[1]), c[2], tuple(c[3] or ())) for c in own if c[0] == "FOREIGN KEY"})
    described = tuple(DeclaredColumn(c, kind, skip_reason(DUCKDB, kind)) for t, c, kind in columns if t == table)
    return DeclaredTable(table, described, primary, tuple(links), decisions=units(DUCKDB, described))
