"""Tables that are already in memory by name: pandas DataFrames, Arrow tables, and what Arrow reads as one.

The frames are never changed; what is kept is a copy in Arrow.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable
from relfm.connectors.selection import select_tables
from relfm.errors import UsageError, first_line

if TYPE_CHECKING:
    import pandas as pd


class FramesConnector(Connector):
    """DataFrames (or Arrow tables) by table name; the levels of a named index are columns like the others."""

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


def _to_arrow(name: Any, frame: Any) -> pa.Table:
    import pandas as pd

    if not isinstance(name, str) or not name:
        raise UsageError(f"the table name {name!r} is no text", hint="write connect({'orders': orders, ...})")
    if not isinstance(frame, pd.DataFrame | pa.Table) and hasattr(frame, "__arrow_c_stream__"):
        frame = pa.table(frame)  # of polars, DuckDB and others
    if not isinstance(frame, pd.DataFrame | pa.Table):
        kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}".removeprefix("builtins.")
        raise UsageError(f"table '{name}' is a {kind}, not a DataFrame of pandas", hint="pandas.DataFrame(…) makes one")
    if isinstance(frame, pa.Table):
        _refuse_twins(name, frame.column_names)
        return frame
    _refuse_twins(name, [str(column) for column in frame.columns])
    frame = _with_index(name, frame)
    return pa.table({str(c): _column(f"{name}.{c}", frame.iloc[:, place]) for place, c in enumerate(frame.columns)})


def _refuse_twins(name: str, columns: Sequence[str]) -> None:
    twins = sorted({c for c, times in Counter(columns).items() if times > 1})
    if twins:
        raise UsageError(f"table '{name}' has several columns named '{twins[0]}'", hint="rename or drop all but one")


def _with_index(name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """``frame`` with every level of a named index as a column; one that repeats a column of its name is left out."""
    for level in {level for level in frame.index.names if level is not None and level in frame.columns}:
        if frame.index.get_level_values(level).tolist() != frame[level].tolist():
            raise UsageError(
                f"table '{name}' has an index and a column named '{level}' that differ", hint="rename one of them"
            )
        frame = frame.drop(columns=level)
    if all(level is None for level in frame.index.names):
        return frame
    levels = [f"level_{n}" if level is None else str(level) for n, level in enumerate(frame.index.names)]
    _refuse_twins(name, [*levels, *(str(column) for column in frame.columns)])
    return frame.reset_index(names=levels)


def _column(name: str, values: "pd.Series") -> pa.Array | pa.ChunkedArray:
    if values.dtype.kind == "c":
        raise UsageError(f"column '{name}' holds complex numbers", hint="split it into two columns, or leave it out")
    try:
        return _exactly(values)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):  # cells of several kinds, or beyond 64 bits
        pass
    try:
        return pa.Array.from_pandas(values.map(str, na_action="ignore").astype(object), type=pa.string())
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise UsageError(
            f"column '{name}' of type {values.dtype} cannot be read: {first_line(error)}", hint="leave it out"
        ) from None


def _exactly(values: "pd.Series") -> pa.Array | pa.ChunkedArray:
    """The column in Arrow's own type; periods begin when they begin, and moments among dates keep their hours."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        kind = values.cat.categories.dtype
        values = values.astype(kind) if isinstance(kind, pd.PeriodDtype) else values
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    found = pa.Array.from_pandas(values)
    if pa.types.is_date(found.type) and values.map(lambda cell: isinstance(cell, datetime)).any():
        return pa.Array.from_pandas(pd.to_datetime(values, utc=True))
    return found
