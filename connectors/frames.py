"""Tables that are already in memory: pandas DataFrames by name.

The frames are never changed; what is kept is a copy in Arrow.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from relfm.connectors.connector import DeclaredColumn, DeclaredTable
from relfm.connectors.selection import select_tables
from relfm.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


class FramesConnector:
    """DataFrames (or Arrow tables) by table name; a named index is a column like the others."""

    def __init__(self, frames: Mapping[str, "pd.DataFrame | pa.Table"]) -> None:
        self.label = "the given DataFrames"
        self._tables = {name: _to_arrow(name, frame) for name, frame in frames.items()}

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        chosen = select_tables(tables, list(self._tables), [], self.label)
        return tuple(
            DeclaredTable(name, tuple(DeclaredColumn(f.name, str(f.type)) for f in self._tables[name].schema))
            for name in chosen
        )

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        chosen = self._tables[table].select(list(columns))
        yield from chosen.to_batches() or [pa.RecordBatch.from_pylist([], schema=chosen.schema)]

    def fingerprint(self, tables: Sequence[str]) -> str | None:
        return None

    def files(self) -> Sequence[Path]:
        return []

    def close(self) -> None:
        pass


def _to_arrow(name: str, frame: "pd.DataFrame | pa.Table") -> pa.Table:
    import pandas as pd

    if isinstance(frame, pa.Table):
        return frame
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"table '{name}' is a {type(frame).__name__}, not a DataFrame")
    if frame.index.name is not None:
        frame = frame.reset_index()
    return pa.table({str(column): _column(frame[column]) for column in frame.columns})


def _column(values: "pd.Series") -> pa.Array | pa.ChunkedArray:
    try:
        return pa.Array.from_pandas(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # cells of several kinds in one column
        return pa.Array.from_pandas(values.map(str, na_action="ignore"), type=pa.string())
