"""From what the user wrote to the connector that reads it: a URL, a file, a folder, DataFrames.

Environment variables are filled in here; nothing that may hold a password is ever echoed.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from relfm.connectors.connector import Connector
from relfm.connectors.dialects import ALIASES, SQL_DIALECTS
from relfm.errors import ConnectionFailed, UsageError
from relfm.schema import suggestion

_NEED_A_NAME = ("mysql", "mariadb")
_FILE_SCHEMES = ("sqlite", "duckdb")
_REMOTE_FILES = ("http", "https", "ftp", "s3", "gs", "gcs", "az", "abfs", "abfss", "hf", "file")
_DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".db3", ".s3db", ".duckdb", ".ddb")


def open_source(source: Any, schema: str | None = None) -> Connector:
    """The connector for ``source``; nothing is read yet. UsageError if it is no source, ConnectionFailed if missing."""
    if isinstance(source, Mapping):
        from relfm.connectors.frames import FramesConnector

        _refuse_schema(schema, "DataFrames have")
        return FramesConnector(source)
    if not isinstance(source, str | os.PathLike):
        raise UsageError(
            f"cannot connect to a {type(source).__name__}",
            hint="give a URL, a path or DataFrames by name: connect({'orders': orders, 'customers': customers})",
        )
    text = fill_in(str(os.fspath(source)))
    if not text.strip():  # an unset variable of the shell, which as a path would be the current directory
        raise UsageError(f"no database is named: the text is {text!r}", hint="give a URL or a path; . is this folder")
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _open_path(Path(text), schema)
    scheme = ALIASES.get(scheme.lower(), scheme.lower())
    if scheme.partition("+")[0] in _FILE_SCHEMES:
        return _open_path(_path_of(scheme, rest), schema)
    return _open_url(scheme, rest, schema)


def fill_in(text: str) -> str:
    """``@env:NAME`` is the variable's value, ``${NAME}`` is replaced by it; UsageError if it is not set."""
    if text.startswith("@env:"):
        return _variable(text.removeprefix("@env:").strip())
    return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match.group(1)), text)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UsageError(f"environment variable '{name}' is not set", hint=f"export {name}='postgresql://…'")
    return value


def _path_of(scheme: str, rest: str) -> Path:
    """sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy writes them."""
    path = unquote(rest.partition("?")[0])
    if not path.startswith("/") or path in ("/", "/:memory:"):
        raise UsageError(f"'{scheme}://{path}' names no file", hint=f"write {scheme}:///shop.db")
    return Path(path[1:])


def _open_url(scheme: str, rest: str, schema: str | None) -> Connector:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    backend = scheme.partition("+")[0]
    if backend in _REMOTE_FILES:
        raise UsageError(f"'{scheme}' leads to no database", hint="copy the files to this machine and give their path")
    try:
        url = make_url(f"{scheme}://{rest}")
    except (ArgumentError, ValueError):
        raise _unreadable_url() from None
    # A password that holds an @ ends at it: what follows is its rest. Where there is none, a query may hold any @.
    options = "" if url.password is None else rest.partition("?")[2]
    if any("@" in part for part in (url.host or "", url.database or "", options)):
        raise _unreadable_url()
    if backend in _NEED_A_NAME and not url.database:
        raise UsageError("the URL names no database", hint=f"write {scheme}://user@host:3306/name")
    if backend == "postgresql":
        from relfm.connectors.postgres import PostgresConnector

        return PostgresConnector(url, schema)
    if backend in SQL_DIALECTS:
        from relfm.connectors.mariadb import MariadbConnector

        return MariadbConnector(url, schema)
    from relfm.connectors.sql import SqlConnector

    return SqlConnector(url, schema=schema)


def _unreadable_url() -> UsageError:
    """Says nothing of the URL, in which nobody can tell the password from the rest."""
    return UsageError(
        "the database URL cannot be read",
        hint="write postgresql://user@host:5432/name; escape @ and / in passwords, and @ after ?, as %40 and %2F",
    )


def _refuse_schema(schema: str | None, whose: str) -> None:
    if schema is not None:
        raise UsageError(f"there is no schema '{schema}': {whose} no schemas", hint="leave --schema out")


def _open_path(path: Path, schema: str | None) -> Connector:
    try:
        path = path.expanduser()
        is_there = path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, ~ of nobody
        raise ConnectionFailed(
            f"'{str(path)[:80]}' names no file or folder: {getattr(error, 'strerror', None) or error}",
            hint="give a URL or the path of a file or folder",
        ) from None
    if not is_there:
        raise ConnectionFailed(f"there is no file or folder '{path}'", hint=_nearby(path))
    from relfm.connectors import folder, rel_bench

    if path.is_dir():
        _refuse_schema(schema, f"the files of '{path}' have")
        return folder.RelBenchConnector(path) if rel_bench.is_folder(path) else folder.FolderConnector(path)
    kind = _kind_of_file(path)
    if kind == "sqlite":
        from relfm.connectors.sqlite import SqliteConnector

        _refuse_schema(schema, "an SQLite file has")
        return SqliteConnector(path)
    if kind == "duckdb":
        from relfm.connectors.duck import DuckConnector

        return DuckConnector(path, schema)
    if kind == "table":
        _refuse_schema(schema, f"'{path}' is one table and has")
        return folder.FolderConnector(path)
    raise ConnectionFailed(
        f"'{path}' is not a database that relfm can read", hint="SQLite, DuckDB, Parquet and CSV files are"
    )


def _kind_of_file(path: Path) -> str | None:
    """By the first bytes, and by the name where they say nothing (an empty database, a CSV file)."""
    try:
        with path.open("rb") as content:
            head = content.read(16)
    except OSError as error:
        raise ConnectionFailed(f"cannot read '{path}': {error.strerror}") from None
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    from relfm.connectors.folder import SUFFIXES

    if path.name.lower().endswith(SUFFIXES):
        return "table"
    return "sqlite" if not head and path.suffix.lower() in _DATABASE_SUFFIXES else None


def _nearby(path: Path) -> str:
    """Files beside the missing one that it could have meant."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder '{folder}' either"
    names = [
        p.name
        for p in sorted(folder.iterdir())
        if p.is_dir() or p.suffix.lower() in (*_DATABASE_SUFFIXES, ".parquet", ".csv")
    ]
    return suggestion(path.name, names[:50])
