"""What recognises a database under other names: sketches of its columns' contents, of which the least hashes are kept.

Bottom-k sketches (Broder 1997), one for each column: they outlive other names, other orders, a sample of the rows, a
join of the tables, and company in a larger database. Of a value only its hash is kept.
"""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.schema import Column, Table
from relfm.times import DAY

SIZE = 64
SHORTEST = 6
"""Shorter strings (flags, codes, first names) are found anywhere."""

FEWEST = 8
"""Columns of fewer telling values tell nothing."""

LEAST_DIGITS = 5
"""Numbers of fewer significant digits are found anywhere."""

CHUNK = 100_000


def fingerprints(database: Database) -> list[int]:
    """Sorted 63-bit hashes: of each column that is no numbered key, the ``SIZE`` least over its distinct telling values
    (longer strings, numbers of several digits, moments that are no dates). Linear in distinct values."""
    found: set[int] = set()
    for table in database.schema.tables.values():
        for column in table.columns:
            sketch = least(_telling(database, table, column))
            if len(sketch) >= FEWEST:
                found.update(sketch)
    return sorted(found)


def least(strings: Iterable[str]) -> list[int]:
    """The ``SIZE`` least hashes of strings without regard to case."""
    kept: list[int] = []
    fresh: set[int] = set()
    for string in strings:
        digest = hashlib.blake2b(string.casefold().encode("utf-8", "replace"), digest_size=8).digest()
        fresh.add(int.from_bytes(digest, "big") >> 1)
        if len(fresh) >= CHUNK:
            kept, fresh = sorted({*kept, *fresh})[:SIZE], set()
    return sorted({*kept, *fresh})[:SIZE]


def _telling(database: Database, table: Table, column: Column) -> Iterator[str]:
    values = database.tables[table.name].column(column.name)
    if pa.types.is_string(values.type):
        distinct = values.unique().drop_null()
        yield from _texts(distinct.filter(pc.greater_equal(pc.utf8_length(distinct), SHORTEST)))
    elif pa.types.is_timestamp(values.type):
        micros = np.unique(values.drop_null().cast(pa.timestamp("us")).cast(pa.int64()).to_numpy())
        yield from map(str, micros[micros % DAY != 0])
    elif column.name not in table.key_columns and (
        pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    ):
        numbers = np.unique(values.drop_null().to_numpy())
        for value in numbers[np.isfinite(numbers)]:
            text = f"{value:.9g}"
            if len(text.partition("e")[0].replace(".", "").replace("-", "").strip("0")) >= LEAST_DIGITS:
                yield text


def _texts(distinct: pa.Array) -> Iterator[str]:
    for begin in range(0, len(distinct), CHUNK):
        yield from distinct.slice(begin, CHUNK).to_pylist()
