"""Any database that SQLAlchemy knows: its constraints by reflection, its rows in chunks through a server-side cursor.

The session is read-only where the dialect has a way to say so, and only SELECT is ever sent.
"""

import datetime
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

import pyarrow as pa
import sqlalchemy
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError, SAWarning, SQLAlchemyError
from sqlalchemy.pool import NullPool

from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable, ReadAgain
from relfm.connectors.dialects import Dialect, comes_as_text, select_expression, skip_reason, units
from relfm.connectors.failures import connection_failure, read_failure
from relfm.connectors.names import is_system_table
from relfm.connectors.selection import select_tables
from relfm.errors import ConnectionFailed, UsageError
from relfm.schema import Decision, ForeignKey, suggestion

_ROWS = 20_000
_ARROW = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    bytes: pa.binary(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us"),
}
_OTHER_SCHEMAS = sqlalchemy.text(
    "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema"
    " NOT IN (:schema, 'information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys') ORDER BY 1"
)
_NOT_PERMITTED = "no permission to read it"
_PACKAGES = {
    "bigquery": "sqlalchemy-bigquery",
    "clickhouse": "clickhouse-sqlalchemy",
    "databricks": "databricks-sqlalchemy",
    "mssql": "pyodbc",
    "oracle": "oracledb",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "trino": "'trino[sqlalchemy]'",
}


class SqlConnector(Connector):
    """One database behind a URL. Subclasses read faster; everything else is the same for all of them."""

    default_keys: ClassVar[Mapping[str, Any]] = {}
    """What ``get_foreign_keys`` needs to be told to name the schemas that keys of the default schema lead to."""

    type_names: ClassVar[str] = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = :schema"
    )
    """Asks for the types of all columns, of which SQLAlchemy does not know every one."""

    def __init__(self, url: URL, dialect: Dialect | None = None, schema: str | None = None) -> None:
        self.url = url
        self.dialect = dialect
        self.schema = schema
        self.label = url.set(query={}).set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        self._types: dict[tuple[str, str], Any] = {}
        self._type_names: dict[tuple[str, str], str] = {}
        self._surprising: set[tuple[str, str]] = set()

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        try:
            with self._connected() as connection, warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of types that SQLAlchemy does not know
                inspector = sqlalchemy.inspect(connection)
                self._check_schema(inspector)
                base, closed = self.base_tables(connection, inspector), self.closed_columns(connection, inspector)
                readable = [name for name in base if tables is not None or closed.get(name, ()) is not None]
                if base and not readable:
                    raise ConnectionFailed(
                        f"cannot read {self.label}: permission denied for all of its tables",
                        hint="ask for SELECT on the tables that matter; a part of them is enough",
                    )
                chosen = select_tables(
                    tables, readable, self.views(inspector), self.label, lambda: self._other_schemas(connection)
                )
                self._reflect(connection, inspector, chosen)
                described = [self._describe(inspector, name, closed.get(name) or ()) for name in chosen]
        except SQLAlchemyError as error:
            raise read_failure(self.label, self.url, error) from None
        hidden = [name for name in base if name not in readable and not is_system_table(name)]
        left = [Decision("exclude", f"table {n}", "inferred", _NOT_PERMITTED) for n in hidden]
        described[0] = replace(described[0], decisions=(*described[0].decisions, *left))
        return tuple(described)

    def base_tables(self, connection: sqlalchemy.Connection, inspector: sqlalchemy.Inspector) -> list[str]:
        return inspector.get_table_names(schema=self.schema)

    def views(self, inspector: sqlalchemy.Inspector) -> list[str]:
        return inspector.get_view_names(schema=self.schema)

    def closed_columns(
        self, connection: sqlalchemy.Connection, inspector: sqlalchemy.Inspector
    ) -> Mapping[str, Sequence[str] | None]:
        """By table the columns that the user has no permission to read; None for a table that is closed altogether."""
        return {}

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        fields = [pa.field(c, self._arrow_type(table, c)) for c in columns]
        try:
            with self._connected() as connection:
                options = {"stream_results": True, "yield_per": _ROWS}
                result = connection.execution_options(**options).exec_driver_sql(self.select(table, columns))
                for rows in result.partitions(_ROWS):
                    cells = zip(*rows, strict=True)
                    arrays = [_to_arrow(c, f.type) for c, f in zip(cells, fields, strict=True)]
                    surprising = {(table, f.name) for f, a in zip(fields, arrays, strict=True) if a is None}
                    if surprising:
                        self._surprising |= surprising
                        raise ReadAgain
                    yield pa.record_batch(arrays, schema=pa.schema(fields))
        except SQLAlchemyError as error:
            raise read_failure(self.label, self.url, error, table) from None

    def close(self) -> None:
        if "_engine" in self.__dict__:
            self._engine.dispose()

    def select(self, table: str, columns: Sequence[str]) -> str:
        """SELECT of these columns, each in a form that travels well."""
        listed = [self._expression(table, c) for c in columns]
        return f"SELECT {', '.join(listed) or 'NULL'} FROM {self.quoted_table(table)}"

    def quoted_table(self, table: str) -> str:
        quoted = self._quote(table)
        return f"{self._quote(self.schema)}.{quoted}" if self.schema else quoted

    @cached_property
    def _engine(self) -> sqlalchemy.Engine:
        self._check_driver()
        arguments = {}
        if self.dialect is not None and self.dialect.timeout is not None:
            arguments = dict([self.dialect.timeout])
        try:
            return sqlalchemy.create_engine(self.url, poolclass=NullPool, connect_args=arguments)
        except (NoSuchModuleError, ImportError):
            name = self.url.get_backend_name()
            package = _PACKAGES.get(name)
            hint = f"pip install {package}" if package else f"install the SQLAlchemy dialect of {name}"
            raise ConnectionFailed(f"there is no driver for '{name}' databases here", hint=hint) from None

    def _check_driver(self) -> None:
        missing = [m for m in (self.dialect.modules if self.dialect else ()) if find_spec(m) is None]
        if missing:
            raise ConnectionFailed(
                f"the driver for {self.dialect.name} is not installed (no module {missing[0]})",
                hint=f"pip install 'relfm[{self.dialect.extra}]'",
            )

    def _connected(self) -> sqlalchemy.Connection:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise connection_failure(self.label, self.url, error) from None
        connection = connection.execution_options(no_parameters=True)
        for statement in self.dialect.session if self.dialect else ():
            connection.exec_driver_sql(statement)
        if self.dialect:
            connection.commit()
        return connection

    def _check_schema(self, inspector: sqlalchemy.Inspector) -> None:
        if self.schema is not None:
            known = inspector.get_schema_names()
            if self.schema not in known:
                raise UsageError(f"no schema '{self.schema}' in '{self.label}'", hint=suggestion(self.schema, known))

    def _reflect(
        self, connection: sqlalchemy.Connection, inspector: sqlalchemy.Inspector, tables: Sequence[str]
    ) -> None:
        """The types of all columns, and the names of those that SQLAlchemy does not know."""
        for table in tables:
            for column in inspector.get_columns(table, schema=self.schema):
                self._types[table, column["name"]] = column["type"]
        if self.dialect is not None and not all(self.sql_type(*column) for column in self._types):
            schema = {"schema": self.schema or inspector.default_schema_name}
            found = connection.execute(sqlalchemy.text(self.type_names), schema)
            self._type_names = {(table, column): kind.upper() for table, column, kind in found}

    def _describe(self, inspector: sqlalchemy.Inspector, table: str, closed: Sequence[str]) -> DeclaredTable:
        columns = [self._column(t, c, c in closed) for t, c in self._types if t == table]
        told = self.default_keys if self.schema is None else {}
        try:
            primary = inspector.get_pk_constraint(table, schema=self.schema)["constrained_columns"]
            links = inspector.get_foreign_keys(table, schema=self.schema, **told)
        except NotImplementedError:  # a warehouse without constraints
            primary, links = [], []
        here = {self.schema} if self.schema is not None else {None, inspector.default_schema_name}
        keys = {
            ForeignKey(tuple(k["constrained_columns"]), _parent(k, here), tuple(k["referred_columns"])) for k in links
        }
        spans = units(self.dialect, columns) if self.dialect else ()
        return DeclaredTable(table, tuple(columns), tuple(primary), tuple(sorted(keys)), decisions=spans)

    def _column(self, table: str, name: str, is_closed: bool) -> DeclaredColumn:
        declared = self.sql_type(table, name)
        unread = skip_reason(self.dialect, declared) if self.dialect else None
        return DeclaredColumn(name, declared, _NOT_PERMITTED if is_closed else unread)

    def _other_schemas(self, connection: sqlalchemy.Connection) -> list[str]:
        """The other schemas that hold tables."""
        if self.dialect is None:
            return []
        here = self.schema or sqlalchemy.inspect(connection).default_schema_name
        return [name for (name,) in connection.execute(_OTHER_SCHEMAS, {"schema": here})]

    def sql_type(self, table: str, column: str) -> str:
        """The column's type as the dialect writes it; empty if nobody knows it."""
        try:
            return self._types[table, column].compile(self._engine.dialect).upper()
        except SQLAlchemyError:
            return self._type_names.get((table, column), "")

    def _arrow_type(self, table: str, column: str) -> pa.DataType:
        if (table, column) in self._surprising:
            return pa.string()
        if self.dialect is not None and comes_as_text(self.dialect, self.sql_type(table, column)):
            return pa.string()
        try:
            return _ARROW.get(self._types[table, column].python_type, pa.string())
        except NotImplementedError:
            return pa.string()

    def _expression(self, table: str, column: str) -> str:
        quoted = self._quote(column)
        return select_expression(self.dialect, self.sql_type(table, column), quoted) if self.dialect else quoted

    def _quote(self, name: str) -> str:
        """The name in quotes. SQLAlchemy's own would double a percent sign, which only statements with values undo."""
        marks = self._engine.dialect.identifier_preparer
        return marks.initial_quote + name.replace(marks.escape_quote, marks.escape_to_quote) + marks.final_quote


def _parent(key: Mapping[str, Any], here: Collection[str | None]) -> str:
    """The name of the table that a reflected key points at, with its schema if that is another one."""
    table, schema = key["referred_table"], key["referred_schema"]
    return table if schema in here else f"{schema}.{table}"


def _to_arrow(cells: tuple, wanted: pa.DataType) -> pa.Array | None:
    """Python values as the wanted type; None if some of them are something else, which only text can hold."""
    if pa.types.is_string(wanted):
        return pa.array([None if c is None else str(c) for c in cells], pa.string())
    if pa.types.is_integer(wanted) and any(isinstance(c, float) for c in cells):
        return None  # Arrow would cut off the fraction
    try:
        return pa.array(cells, wanted)
    except (pa.ArrowException, TypeError, OverflowError):
        return None
