"""The database as relfm holds it: a schema, Arrow columns, the time of every row and the row every key points at.

Rows of a table are in canonical order (time, then primary key), so row ids do not depend on where the data came
from. Nothing here mutates; ``hide`` returns another Database over the same memory.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.errors import DataCannotAnswer
from relfm.history import is_visible
from relfm.schema import ForeignKey, Schema
from relfm.times import MISSING_TIME, TIMELESS, to_datetime64


class Database:
    """``tables`` maps each table's name to an Arrow table with the schema's columns in canonical types.

    Canonical types: int64 (booleans too), float64 (decimals too), string, timestamp[us] without zone (UTC), list.
    """

    def __init__(
        self,
        schema: Schema,
        tables: Mapping[str, pa.Table],
        *,
        hidden: frozenset[tuple[str, str]] = frozenset(),
        key: str | None = None,
    ) -> None:
        self.schema = schema
        self.tables = dict(tables)
        self.hidden = hidden
        self.key = key
        """Content key of the snapshot, None for a database made in memory."""
        self._times: dict[str, np.ndarray] = {}
        self._links: dict[tuple[str, ForeignKey], np.ndarray] = {}

    def __repr__(self) -> str:
        rows = sum(t.num_rows for t in self.tables.values())
        links = sum(len(t.foreign_keys) for t in self.schema.tables.values())
        return f"Database({len(self.tables)} tables, {rows:,} rows, {links} foreign keys)"

    def num_rows(self, table: str) -> int:
        return self.tables[table].num_rows

    def times(self, table: str) -> np.ndarray:
        """int64[n] microseconds: each row's time, ``MISSING_TIME`` if unknown, ``TIMELESS`` if its table has none."""
        if table not in self._times:
            self._times[table] = _read_only(self._read_times(table))
        return self._times[table]

    def is_timed(self, table: str) -> bool:
        described = self.schema.tables[table]
        return described.time_column is not None or described.time_from is not None

    def links(self, table: str, key: ForeignKey) -> np.ndarray:
        """int64[n]: for each row of ``table`` the row of ``key.table`` that its key names, -1 for none."""
        if (table, key) not in self._links:
            child = [self.tables[table].column(c) for c in key.columns]
            parent = [self.tables[key.table].column(c) for c in key.other_columns]
            self._links[table, key] = _read_only(match_keys(child, parent))
        return self._links[table, key]

    def numbers(self, table: str, column: str) -> np.ndarray:
        """float64[n], NaN where missing; timestamps as microseconds."""
        values = self.tables[table].column(column)
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.timestamp("us")).cast(pa.int64())
        out = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.where(np.isfinite(out), out, np.nan)

    def codes(self, table: str, column: str) -> tuple[np.ndarray, pa.Array]:
        """int64[n] codes into the distinct values, -1 where missing, and those values (in no particular order)."""
        encoded = self.tables[table].column(column).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.unify_dictionaries().combine_chunks()
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return codes, encoded.dictionary

    def is_hidden(self, table: str, column: str) -> bool:
        return (table, column) in self.hidden

    def hide(self, columns: Iterable[tuple[str, str]]) -> "Database":
        """The same data with those (table, column) cells on no feature path. Labels still read them."""
        other = Database(self.schema, self.tables, hidden=self.hidden | frozenset(columns), key=self.key)
        other._times, other._links = self._times, self._links  # functions of the data alone
        return other

    def until(self, cutoff: int) -> "Database":
        """The rows with ``time <= cutoff`` (timeless ones stay): the database as it stood then."""
        kept = {}
        for name, rows in self.tables.items():
            visible = is_visible(self.times(name), cutoff)
            kept[name] = rows if visible.all() else rows.filter(pa.array(visible))
        return Database(self.schema, kept, hidden=self.hidden)

    @cached_property
    def span(self) -> tuple[int, int]:
        """First and last row time over all tables; DataCannotAnswer if no table has time."""
        first, last = [], []
        for name in self.tables:
            times = self.times(name)
            times = times[times > TIMELESS]
            if len(times):
                first.append(times.min())
                last.append(times.max())
        if not first:
            raise DataCannotAnswer(
                "no table has a time column, so there is no past and no future",
                hint="name one in relfm.toml: [tables.orders] time_column = 'created'",
            )
        return int(min(first)), int(max(last))

    def shown(self, cutoffs: np.ndarray) -> np.ndarray:
        """int64[n] cutoffs as datetime64[n] for people: 0 is NaT where no table has time, for no moment was meant."""
        timeless = not any(self.is_timed(name) for name in self.tables)
        return to_datetime64(np.where((cutoffs == 0) & timeless, MISSING_TIME, cutoffs))

    def _read_times(self, table: str) -> np.ndarray:
        described = self.schema.tables[table]
        if described.time_column is not None:
            values = self.tables[table].column(described.time_column)
            values = values.cast(pa.timestamp("us")).cast(pa.int64())
            return pc.fill_null(values, MISSING_TIME).to_numpy(zero_copy_only=False)
        if described.time_from is not None:
            parent_times = self.times(described.time_from.table)
            links = self.links(table, described.time_from)
            return (
                np.where(links >= 0, parent_times[links], MISSING_TIME)
                if len(parent_times)
                else np.full(len(links), MISSING_TIME)
            )
        return np.full(self.num_rows(table), TIMELESS)


def _read_only(values: np.ndarray) -> np.ndarray:
    """``values``, which every later question reads too, so nobody may write into them."""
    values.setflags(write=False)
    return values


def match_keys(child: list[pa.ChunkedArray], parent: list[pa.ChunkedArray]) -> np.ndarray:
    """int64[len(child)]: the first parent row with the same key, -1 if none or if any part of the key is missing."""
    if len(child) > 1:
        return _match_composite(child, parent)
    values, other = child[0], parent[0]
    if values.type != other.type:
        values, other = _same_type(values, other)
    if pa.types.is_int64(values.type) and len(other) and other.null_count == 0:
        ids = other.to_numpy()
        low, high = int(ids.min()), int(ids.max())
        if high - low < 4 * len(ids) + 1024:
            return _match_dense(values, ids, low, high)
    found = pc.index_in(values.combine_chunks(), value_set=other.combine_chunks(), skip_nulls=True)
    return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _match_dense(values: pa.ChunkedArray, ids: np.ndarray, low: int, high: int) -> np.ndarray:
    """Keys that nearly fill their range are looked up by position, ten times faster than by hash."""
    row_by_id = np.full(high - low + 1, -1, dtype=np.int64)
    row_by_id[ids[::-1] - low] = np.arange(len(ids))[::-1]
    wanted = pc.fill_null(values, low).to_numpy()  # no number below ``low`` need exist: it may be int64's minimum
    inside = (wanted >= low) & (wanted <= high)
    if values.null_count:
        inside &= pc.is_valid(values).to_numpy()
    return np.where(inside, row_by_id[np.where(inside, wanted - low, 0)], -1)


def _match_composite(child: list[pa.ChunkedArray], parent: list[pa.ChunkedArray]) -> np.ndarray:
    """Number each part's values jointly, fold the parts into one int64, match those."""
    child_ids = np.zeros(len(child[0]), dtype=np.int64)
    parent_ids = np.zeros(len(parent[0]), dtype=np.int64)
    missing = np.zeros(len(child[0]), dtype=bool)
    for values, other in zip(child, parent, strict=True):
        if values.type != other.type:
            values, other = _same_type(values, other)
        distinct = pc.unique(other.combine_chunks())
        part = pc.index_in(values.combine_chunks(), value_set=distinct, skip_nulls=True)
        missing |= pc.is_null(part).to_numpy(zero_copy_only=False)
        codes = pc.fill_null(part, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        child_ids = child_ids * (len(distinct) + 1) + codes
        other_codes = pc.fill_null(pc.index_in(other.combine_chunks(), value_set=distinct), len(distinct))
        parent_ids = parent_ids * (len(distinct) + 1) + other_codes.to_numpy(zero_copy_only=False).astype(np.int64)
    found = match_keys([pa.chunked_array([pa.array(child_ids)])], [pa.chunked_array([pa.array(parent_ids)])])
    return np.where(missing, -1, found)


def _same_type(values: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Keys are compared as values: 5 = 5.0; anything else as text."""
    numeric = all(pa.types.is_integer(a.type) or pa.types.is_floating(a.type) for a in (values, other))
    common = pa.float64() if numeric else pa.string()
    return values.cast(common, safe=False), other.cast(common, safe=False)
