"""A database's links as a few flat arrays, so that one kernel serves every table and relation."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from relfm.tensors import DatabaseTensors


@dataclass(frozen=True)
class LinkIndex:
    """The R relations of T tables. Rows and places are int32 where they fit, because memory is what sampling waits for.

    relation_start  int64[T + 1]  the relations that start from table t stand at relation_start[t]:relation_start[t + 1]
    relations       int32[R]      2 * link: to the child rows; 2 * link + 1: to the parent row; rising for each table
    reached         int32[R]      the table that it leads to
    bounds_at       int64[R]      where its bounds begin: those of row r stand at bounds_at + r
    bounds          int           to child rows: where those of r begin in ``children``, and at the next place where
                                  they end; to the parent row: that row, -1 for none
    children        int           child rows of all links, each parent's sorted by (time, row)
    child_times     int64         their times
    times           int64         the times of all rows; those of table t begin at times_at[t] (int64[T])
    """

    relation_start: np.ndarray
    relations: np.ndarray
    reached: np.ndarray
    bounds_at: np.ndarray
    bounds: np.ndarray
    children: np.ndarray
    child_times: np.ndarray
    times: np.ndarray
    times_at: np.ndarray

    @classmethod
    def of(cls, database: DatabaseTensors) -> "LinkIndex":
        links, tables = database.links, database.tables
        starts = [(link.parent, 2 * i) for i, link in enumerate(links)]
        starts += [(link.child, 2 * i + 1) for i, link in enumerate(links)]
        starts.sort()
        ends = [side for link in links for side in (link.child, link.parent)]
        bounds = [side for link in links for side in (link.start, link.parents)]
        lengths = [len(link.children) for link in links]
        begins = _begins(lengths)
        whole = np.int32 if max([sum(lengths), *map(len, tables)]) <= np.iinfo(np.int32).max else np.int64
        shifted = [b if i % 2 else b + begins[i // 2] for i, b in enumerate(bounds)]
        counts = np.bincount([table for table, _ in starts], minlength=len(tables))
        relations = np.array([relation for _, relation in starts], np.int32)
        return cls(
            relation_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            relations=relations,
            reached=np.array(ends, np.int32)[relations],
            bounds_at=_begins(map(len, bounds))[relations],
            bounds=_flat([*shifted, np.zeros(1, np.int64)], whole),  # the last parent row, too, has a next place
            children=_flat([link.children for link in links], whole),
            child_times=_flat([tables[link.child].times[link.children] for link in links], np.int64),
            times=_flat([table.times for table in tables], np.int64),
            times_at=_begins(map(len, tables)),
        )


def _flat(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype), *parts], dtype=dtype, casting="same_kind")


def _begins(lengths: Iterable[int]) -> np.ndarray:
    """Where each part begins when all are laid end to end."""
    return np.cumsum([0, *lengths], dtype=np.int64)[:-1]
