"""Between the user's keys and row numbers: which row of a table a key value names.

A key value that names no row gives -1; nothing is ever invented for it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from relfm.database import Database, match_keys
from relfm.errors import DataCannotAnswer


def rows_of_keys(
    database: Database, table: str, columns: Sequence[str], values: Sequence[pa.ChunkedArray]
) -> np.ndarray:
    """int64[n]: the row of ``table`` whose ``columns`` equal each of ``values`` (one array per column), -1 for none."""
    known = [database.tables[table].column(c) for c in columns]
    return match_keys([_canonical(v) for v in values], known)


def rows_of_ids(database: Database, table: str, column: str, ids: Sequence[Any]) -> np.ndarray:
    """int64[n] rows whose ``column`` equals each of ``ids``; DataCannotAnswer naming the ids that no row has."""
    try:
        values = pa.array(list(ids))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # numbers among words, or beyond 64 bits
        values = pa.array([str(i) for i in ids])
    rows = rows_of_keys(database, table, [column], [pa.chunked_array([values])])
    if (rows < 0).any():
        missing = ", ".join(str(ids[i]) for i in np.flatnonzero(rows < 0)[:5])
        raise DataCannotAnswer(f"no row of '{table}' has {column} = {missing}", hint="check the ids after FOR")
    return rows


def _canonical(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """SQL may answer in narrower or wider integers than the snapshot's int64."""
    if pa.types.is_integer(values.type) and not pa.types.is_int64(values.type):
        return values.cast(pa.int64())
    return values
