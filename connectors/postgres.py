"""PostgreSQL: rows through ADBC as Arrow, all tables in one read-only transaction that sees one moment.

Without the ADBC driver the rows come through SQLAlchemy, more slowly and with the same values.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa
import sqlalchemy
from sqlalchemy.engine import URL

from relfm.connectors.dialects import POSTGRES
from relfm.connectors.failures import connection_failure, read_failure
from relfm.connectors.fingerprint import hash_facts
from relfm.connectors.sql import SqlConnector

_SNAPSHOT = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", *POSTGRES.session[1:])
_NOT_PARTITIONS = sqlalchemy.text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND n.nspname = :schema"
)
_CLOSED = sqlalchemy.text(
    "SELECT c.relname, a.attname, has_any_column_privilege(c.oid, 'SELECT')"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname = :schema"
    " AND NOT has_table_privilege(c.oid, 'SELECT')"
    " AND (a.attnum IS NULL OR NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))"
)


class PostgresConnector(SqlConnector):
    """One PostgreSQL database (or one that speaks its language)."""

    default_keys: ClassVar[Mapping[str, Any]] = {"postgresql_ignore_search_path": True}
    type_names: ClassVar[str] = (
        "SELECT c.relname, a.attname,"
        " CASE t.typnamespace WHEN 'pg_catalog'::regnamespace THEN format_type(t.oid, NULL) ELSE 'user-defined' END"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND n.nspname = :schema"
    )
    """Of materialized views too, which the information schema passes over."""

    def __init__(self, url: URL, schema: str | None = None) -> None:
        super().__init__(url.set(drivername=POSTGRES.driver), POSTGRES, schema)
        self._session: Any = None
        self._closed: dict[str, list[str] | None] = {}

    def base_tables(self, connection: sqlalchemy.Connection, inspector: sqlalchemy.Inspector) -> list[str]:
        """Partitions are read through the table that they are parts of."""
        schema = self.schema or inspector.default_schema_name
        return [name for (name,) in connection.execute(_NOT_PARTITIONS, {"schema": schema})]

    def views(self, inspector: sqlalchemy.Inspector) -> list[str]:
        return [*super().views(inspector), *inspector.get_materialized_view_names(schema=self.schema)]

    def closed_columns(
        self, connection: sqlalchemy.Connection, inspector: sqlalchemy.Inspector
    ) -> Mapping[str, Sequence[str] | None]:
        schema = self.schema or inspector.default_schema_name
        for table, column, is_open in connection.execute(_CLOSED, {"schema": schema}):
            if not is_open:
                self._closed[table] = None
            else:
                self._closed.setdefault(table, []).append(column)
        return self._closed

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        session = self._snapshot_session()
        if session is None:
            yield from super().read(table, columns)
            return
        try:
            with session.cursor() as cursor:
                cursor.execute(self.select(table, columns))
                yield from cursor.fetch_record_batch()
        except (OSError, session.Error) as error:
            raise read_failure(self.label, self.url, error, table) from None

    def fingerprint(self, tables: Sequence[str]) -> str | None:
        """Row counts and order-free sums of row hashes, computed by the server in the transaction that is read."""
        session = self._snapshot_session()
        if session is None:
            return None
        facts: list[object] = []
        try:
            with session.cursor() as cursor:
                for table in tables:
                    cursor.execute(
                        f"SELECT count(*), coalesce(sum(hashtextextended({self._whole_row(table)}, 0)), 0)::text"
                        f" FROM {self.quoted_table(table)} AS relfm_row"
                    )
                    facts += [table, *cursor.fetchone()]
        except (OSError, session.Error) as error:
            raise read_failure(self.label, self.url, error) from None
        return hash_facts(facts)

    def _whole_row(self, table: str) -> str:
        """The text of a row, of those of its columns that may be read."""
        closed = self._closed.get(table)
        if not closed:
            return "relfm_row::text"
        listed = [self._quote(c) for t, c in self._types if t == table and c not in closed]
        return f"ROW({', '.join(listed)})::text"

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        super().close()

    def _snapshot_session(self) -> Any:
        """The ADBC connection in its transaction; None where the driver is not installed."""
        if self._session is None:
            try:
                from adbc_driver_postgresql import dbapi
            except ImportError:
                return None
            uri = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            try:
                self._session = dbapi.connect(uri)
                with self._session.cursor() as cursor:
                    for statement in _SNAPSHOT:
                        cursor.execute(statement)
            except (OSError, dbapi.Error) as error:
                raise connection_failure(self.label, self.url, error) from None
        return self._session
