"""Rows as they come from a source, collected into one Arrow table without holding much of them in memory.

Small tables stay in memory; beyond a limit the batches go to a file, which is then memory-mapped.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from relfm.connectors.canonical import canonical_column
from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable, ReadAgain
from relfm.connectors.date_text import forms_of

_IN_MEMORY = 256 * 2**20
_ATTEMPTS = 3


def collect(connector: Connector, table: DeclaredTable, spill: Path | None) -> pa.Table:
    """All rows of ``table`` as they are read; those beyond the memory limit under ``spill`` (None: all in memory)."""
    for attempt in range(_ATTEMPTS):
        try:
            rows = _collect(connector.read(table.name, table.read_columns), spill)
            return rows if rows is not None else pa.table({c: pa.nulls(0) for c in table.read_columns})
        except ReadAgain:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _collect(batches: Iterator[pa.RecordBatch], spill: Path | None) -> pa.Table | None:
    kept: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        kept.append(batch)
        size += batch.nbytes
        if spill is not None and size > _IN_MEMORY:
            return _spill(kept, batches, spill)
    return pa.Table.from_batches(kept) if kept else None


def _spill(kept: list[pa.RecordBatch], batches: Iterator[pa.RecordBatch], spill: Path) -> pa.Table:
    file = spill / "rows.arrow"
    file.unlink(missing_ok=True)  # the rows of a finished table; its memory map outlives the name
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, kept[0].schema) as writer:
        while kept:
            writer.write_batch(kept.pop(0))
        for batch in batches:
            writer.write_batch(batch)
    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()


def canonical_table(
    raw: pa.Table, described: Sequence[DeclaredColumn], keys: Collection[str] = ()
) -> tuple[pa.Table, tuple[DeclaredColumn, ...]]:
    """The columns in canonical types, and what reading them has shown: why one cannot be held, of which forms dates
    were; ``keys`` may hold bytes."""
    columns: dict[str, pa.ChunkedArray] = {}
    told = {column.name: column for column in described}
    for name in raw.column_names:
        cells = raw.column(name)
        column = canonical_column(name, cells, is_key=name in keys)
        if isinstance(column, str):
            told[name] = replace(told[name], skipped=column)
        else:
            columns[name] = column
            is_text = pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)
            if is_text and pa.types.is_timestamp(column.type):
                told[name] = replace(told[name], date_forms=forms_of(cells.cast(pa.string())))
        raw = raw.drop_columns([name])  # its memory can go
        del cells
    return pa.table(columns) if columns else raw, tuple(told.values())  # a table of no columns still has its rows
