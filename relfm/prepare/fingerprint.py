"""What recognises a database under other names: a sketch of its content, of which the least hashes are kept.

Bottom-k sketches (Broder 1997): the share of a sketch found in another estimates how much of one is in the other.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from relfm.database import Database

SIZE = 64
SHORTEST = 6
"""Shorter strings (flags, codes, first names) are found anywhere."""


def fingerprints(database: Database) -> list[int]:
    """The ``SIZE`` least 63-bit hashes of the distinct longer strings of the database; of its rows of numbers, where
    there are too few strings. The same under any renaming or order of tables, columns and rows."""
    hashes: set[int] = set()
    for table in database.tables.values():
        for column in table.columns:
            if pa.types.is_string(column.type):
                hashes |= set(least(s for s in column.unique().to_pylist() if s is not None and len(s) >= SHORTEST))
    if len(hashes) < SIZE:
        for table in database.tables.values():
            numbers = [c for c in table.columns if pa.types.is_floating(c.type)]
            if numbers:
                rows = np.stack([c.to_numpy() for c in numbers], axis=1)
                hashes |= set(least(",".join(f"{v:.6g}" for v in sorted(r)) for r in rows if np.isfinite(r).all()))
    return sorted(hashes)[:SIZE]


def least(strings: Iterable[str], size: int = SIZE) -> list[int]:
    """The ``size`` least hashes of strings without regard to case."""
    found = {
        int.from_bytes(hashlib.blake2b(s.casefold().encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
        for s in strings
    }
    return sorted(found)[:size]
