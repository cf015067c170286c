"""From any source to a Database: read once, kept as a snapshot under the key of its content, described by a schema.

The source is only ever read. A schema file changes what is said about the rows, never which rows are read.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from relfm import arguments
from relfm.connectors.connector import Connector, DeclaredTable, key_columns, with_binary_keys
from relfm.connectors.fingerprint import snapshot_key, stamps
from relfm.connectors.infer import infer
from relfm.connectors.overrides import read_overrides
from relfm.connectors.snapshot import Snapshot, read_snapshot, snapshots_folder, write_snapshot
from relfm.connectors.sources import open_source
from relfm.connectors.spool import canonical_table, collect
from relfm.database import Database
from relfm.errors import ConnectionFailed

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]

_ATTEMPTS = 3


def connect(
    source: "arguments.Path | Mapping[str, pd.DataFrame | pa.Table]",
    *,
    schema_file: arguments.Path | None = None,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
    cache: bool = True,
    cache_dir: arguments.Path | None = None,
    progress: Progress | None = None,
) -> Database:
    """The database behind a URL, a file, a folder or DataFrames by name, read-only.

    ``schema`` is the SQL schema to read, ``tables`` the tables (or views) if not all. An unchanged source is read
    from its snapshot unless ``cache`` is False. ``progress`` is called with (table, tables read, tables in all).
    Raises ConnectionFailed, UsageError or SchemaError.
    """
    schema_file, folder = arguments.path("schema_file", schema_file), arguments.path("cache_dir", cache_dir)
    arguments.of_kind("schema", schema, (str, type(None)), "name one of the database's schemas, or leave it out")
    arguments.reporter(progress)
    tables = arguments.texts("tables", tables)
    with closing(open_source(source, schema)) as connector:
        snapshot, key = _snapshot(connector, tables, cache, None if folder is None else Path(folder), progress)
    if schema_file is None:
        return Database(snapshot.schema, snapshot.tables, hidden=snapshot.schema.excluded, key=key)
    overrides = read_overrides(schema_file, snapshot.declared)
    described, rows = infer(snapshot.declared, snapshot.tables, overrides)
    return Database(described, rows, hidden=described.excluded, key=key)


def _snapshot(
    connector: Connector,
    tables: Sequence[str] | None,
    cache: bool,
    cache_dir: Path | None,
    progress: Progress | None,
) -> tuple[Snapshot, str | None]:
    """The source's rows, from the cache if its content is known there, and the content's key."""
    declared = with_binary_keys(connector.describe(tables))
    names = [t.name for t in declared]
    before = stamps(connector.files(names))
    fingerprint = connector.fingerprint(names) if cache else None
    if fingerprint is None:
        return _read_whole(connector, declared, None, progress), None
    key = snapshot_key(fingerprint, declared)
    folder = snapshots_folder(cache_dir) / key
    found = read_snapshot(folder)
    if found is not None:
        return found, key
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder.parent) as spill:
            snapshot = _read_whole(connector, declared, Path(spill), progress)
            if stamps(connector.files(names)) != before:
                return snapshot, None  # perhaps other rows than those that the key names
            write_snapshot(folder, snapshot)
    except OSError:  # no room or no permission for a cache: do without
        snapshot = _read_whole(connector, declared, None, progress)
        return snapshot, key if stamps(connector.files(names)) == before else None
    return read_snapshot(folder) or snapshot, key


def _read_whole(
    connector: Connector, declared: Sequence[DeclaredTable], spill: Path | None, progress: Progress | None
) -> Snapshot:
    """The rows of one moment: what changes while it is read is read again, unless the source keeps to one moment."""
    names = [t.name for t in declared]
    for _ in range(_ATTEMPTS):
        before = stamps(connector.files(names))
        snapshot = _read(connector, declared, spill, progress)
        if connector.is_steady or stamps(connector.files(names)) == before:
            return snapshot
        connector.close()  # a session may go on seeing what it saw first
    raise ConnectionFailed(
        f"'{connector.label}' changes while it is read, {_ATTEMPTS} times in a row",
        hint="wait until nothing writes to it, or read a copy",
    )


def _read(
    connector: Connector, declared: Sequence[DeclaredTable], spill: Path | None, progress: Progress | None
) -> Snapshot:
    rows: dict[str, pa.Table] = {}
    described: list[DeclaredTable] = []
    keys = key_columns(declared)
    for done, table in enumerate(declared):
        if progress is not None:
            progress(table.name, done, len(declared))
        own_keys = [column for name, column in keys if name == table.name]
        rows[table.name], columns = canonical_table(collect(connector, table, spill), table.columns, own_keys)
        described.append(replace(table, columns=columns))
    if progress is not None:
        progress("", len(declared), len(declared))
    schema, ordered = infer(described, rows, {})
    return Snapshot(tuple(described), ordered, schema)
