"""The canonical order of rows: by time (unknown last), then primary key, then everything else.

The order is a function of the rows' content, so it is the same wherever the rows came from and however they arrived;
what can be seen at a moment comes first, so later rows and rows of no known time never shift it.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.keys import is_unique
from relfm.database import Database
from relfm.schema import Schema
from relfm.times import MISSING_TIME


def in_order(schema: Schema, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """``tables`` with their rows in canonical order; a table that already is comes back as it is."""
    ordered = dict(tables)
    for name in _parents_first(schema):
        if ordered[name].num_rows > 1:
            times = Database(schema, ordered).times(name)
            ordered[name] = _sort(ordered[name], times, schema.tables[name].primary_key)
    return {name: ordered[name] for name in tables}


def _parents_first(schema: Schema) -> list[str]:
    """Tables that give others their time come before them."""
    done: list[str] = []

    def visit(name: str) -> None:
        origin = schema.tables[name].time_from
        if name not in done:
            if origin is not None and origin.table != name:
                visit(origin.table)
            done.append(name)

    for name in schema.tables:
        visit(name)
    return done


def _sort(rows: pa.Table, times: np.ndarray, primary_key: tuple[str, ...]) -> pa.Table:
    moments = np.where(times == MISSING_TIME, np.iinfo(np.int64).max, times)
    by_key = [moments, *(part for c in primary_key for part in _comparable(rows.column(c)))]
    if primary_key and is_unique(rows, primary_key):
        keys = by_key
    else:
        rest = [c for c in rows.column_names if c not in primary_key]
        keys = [*by_key, *(part for c in rest for part in _comparable(rows.column(c)))]
    if _is_sorted(keys):
        return rows
    return rows.take(pa.array(np.lexsort(keys[::-1])))


def _is_sorted(keys: list[np.ndarray]) -> bool:
    """Whether each row is at most the next, compared key by key."""
    undecided = np.ones(len(keys[0]) - 1, dtype=bool)
    for key in keys:
        before, after = key[:-1], key[1:]
        if (undecided & (before > after)).any():
            return False
        undecided &= before == after
        if not undecided.any():
            return True
    return True


def _comparable(values: pa.ChunkedArray) -> list[np.ndarray]:
    """Arrays that compare as the values do, missing ones first."""
    if pa.types.is_list(values.type):
        values = pa.chunked_array([pa.array([None if v is None else repr(v) for v in values.to_pylist()], pa.string())])
    if pa.types.is_string(values.type):
        return [_ranks(values)]
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    if values.null_count == 0:
        return [values.to_numpy()]
    known = pc.is_valid(values).to_numpy()
    return [known, pc.fill_null(values, 0).to_numpy()]


def _ranks(values: pa.ChunkedArray) -> np.ndarray:
    """The rank of each text among the distinct ones (by code points), -1 if missing."""
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    ranks = np.empty(len(encoded.dictionary) + 1, dtype=np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(encoded.dictionary))
    ranks[-1] = -1
    return ranks[pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)]
