"""What differs between databases: drivers, how a column is asked for, and what their failures mean. Data, no logic.

A column's expression turns types that do not travel well into ones that do, without changing a value.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from relfm.connectors.connector import BINARY, DeclaredColumn
from relfm.schema import Decision


@dataclass(frozen=True)
class Dialect:
    """``expressions``: (pattern of the SQL type, SQL for the column ``{c}``); the first match counts, else ``other``,
    which gives text. ``binary`` matches the types whose cells are bytes, ``seconds`` those whose spans of time the
    expressions turn into numbers.

    ``session`` is executed on each new connection; it makes the session read-only and its clock UTC.
    """

    name: str
    expressions: tuple[tuple[str, str], ...]
    other: str
    binary: str
    seconds: str
    driver: str = ""
    modules: tuple[str, ...] = ()
    extra: str = ""
    session: tuple[str, ...] = ()
    timeout: tuple[str, int] | None = None


POSTGRES = Dialect(
    name="postgresql",
    driver="postgresql+psycopg",
    modules=("psycopg",),
    extra="postgres",
    timeout=("connect_timeout", 10),
    session=("SET default_transaction_read_only = on", "SET TIME ZONE 'UTC'", "SET extra_float_digits = 1"),
    expressions=(
        (r"NUMERIC\(\d+, ?[1-9]\d*\)$", "{c}::float8"),
        (r"MONEY$", "{c}::numeric::float8"),
        (r"INTERVAL[^\[]*$", "extract(epoch from {c})::float8"),
        (
            r"(INTEGER|BIGINT|SMALLINT|BOOLEAN|REAL|DOUBLE PRECISION|FLOAT|TEXT|VARCHAR.*)(\[\])?$",
            "{c}",
        ),
        (r"BYTEA$", "{c}"),
        (r"(DATE|TIMESTAMP[^\[]*)$", "CASE WHEN isfinite({c}) THEN {c} END"),
        (r"TIME( WITHOUT TIME ZONE)?$", "{c}"),
        (r"INET$", "nullif(format('%s', {c}), '')"),
        (r".*\[\]$", "{c}::text[]"),
    ),
    other="{c}::text",
    binary=r"BYTEA$",
    seconds=r"INTERVAL[^\[]*$",
)

MARIADB = Dialect(
    name="mysql",
    driver="mysql+pymysql",
    modules=("pymysql",),
    extra="mysql",
    timeout=("connect_timeout", 10),
    session=("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
    expressions=(
        (r"(TINY|SMALL|MEDIUM)?INT(EGER)?\b|BIGINT(?!.*UNSIGNED)", "{c}"),
        (r"(DOUBLE|FLOAT|REAL|YEAR)\b", "{c}"),
        (r"(DECIMAL|NUMERIC)\(\d+, ?[1-9]\d*\)", "({c} + 0e0)"),
        (r"(DATE|DATETIME|TIMESTAMP)\b", "IF(DAYOFMONTH({c}) = 0 OR MONTH({c}) = 0, NULL, {c})"),
        (r"BIT\b", "CAST({c} AS UNSIGNED)"),
        (r"TIME\b", "(TIME_TO_SEC({c}) + 0e0)"),
        (r"((TINY|MEDIUM|LONG)?BLOB|(VAR)?BINARY)\b", "{c}"),
        (r"((VAR)?CHAR|(TINY|MEDIUM|LONG)?TEXT)\b", "{c}"),
    ),
    other="CAST({c} AS CHAR)",
    binary=r"((TINY|MEDIUM|LONG)?BLOB|(VAR)?BINARY|GEOM.*|(MULTI)?POINT|(MULTI)?POLYGON|(MULTI)?LINESTRING|VECTOR)\b",
    seconds=r"TIME\b",
)

DUCKDB = Dialect(
    name="duckdb",
    expressions=(
        (r"DECIMAL\(([1-9]|1[0-5]),[1-9]\d*\)$", "{c}::DOUBLE"),
        (r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)$|BOOLEAN$|FLOAT$|DOUBLE$|VARCHAR$|DATE$|TIME$|TIMESTAMP", "{c}"),
        (r"(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|VARCHAR)\[\d*\]$", "{c}"),
        (r"INTERVAL$", "epoch({c})"),
        (r"BLOB$", "{c}"),
    ),
    other="{c}::VARCHAR",
    binary=r"BLOB$|GEOMETRY",
    seconds=r"INTERVAL$",
)

SQL_DIALECTS = {"postgresql": POSTGRES, "mysql": MARIADB, "mariadb": MARIADB}
ALIASES = {"postgres": "postgresql", "pg": "postgresql"}

FAILURES = (
    (
        r"password|access denied|authentication|role \".*\" does not exist|no pg_hba",
        "the server refused the user or the password",
        "check both; keep the password out of the command line with @env:NAME",
    ),
    (
        r"database .* does not exist|unknown database",
        "there is no such database",
        "check the name after the last slash",
    ),
    (
        r"translate host|name or service not known|getaddrinfo|nodename|resolve",
        "the host name is unknown",
        "check the host's spelling",
    ),
    (
        r"refused|can't connect|timed? ?out|timeout|unreachable|no such file|no route|server closed",
        "the server cannot be reached",
        "is it running, and are host and port right?",
    ),
)
"""(pattern of the driver's message, what happened, what to do)."""

READ_FAILURES = (
    (
        r"(permission|command|access) denied",
        "this user may not read it: ask for SELECT, or name only what it may read with --tables",
    ),
)
"""(pattern of the driver's message, what to do), for a query that failed on an open connection."""


def select_expression(dialect: Dialect, sql_type: str, quoted: str) -> str:
    """The SQL that selects a column of that type under its own name."""
    template = _template(dialect, sql_type)
    return quoted if template == "{c}" else f"{template.replace('{c}', quoted)} AS {quoted}"


def comes_as_text(dialect: Dialect, sql_type: str) -> bool:
    """Whether a column of that type is asked for as text."""
    return _template(dialect, sql_type) == dialect.other


def _template(dialect: Dialect, sql_type: str) -> str:
    return next((sql for pattern, sql in dialect.expressions if re.match(pattern, sql_type)), dialect.other)


def skip_reason(dialect: Dialect, sql_type: str) -> str | None:
    """Why a column of that type is not read."""
    if not sql_type:
        return "a type that relfm does not know"
    return BINARY if re.match(dialect.binary, sql_type) else None


def units(dialect: Dialect, columns: Iterable[DeclaredColumn]) -> tuple[Decision, ...]:
    """Which columns are spans of time, read as seconds."""
    spans = [c.name for c in columns if c.skipped is None and re.match(dialect.seconds, c.sql_type)]
    return tuple(Decision("unit", "seconds", "inferred", "a span of time, read as a number", c) for c in spans)
