"""A database's links as a few flat arrays, so that one kernel serves every table and relation."""

from dataclasses import dataclass

import numpy as np

from relfm.tensors import DatabaseTensors


@dataclass(frozen=True)
class LinkIndex:
    """L links of T tables, laid end to end.

    relation_start  int64[T + 1]  the relations of table t stand at relation_start[t]:relation_start[t + 1] of
    relations       int32[R]      in rising order: 2 * link where t is the parent, 2 * link + 1 where it is the child
    child, parent   int32[L]      tables
    start           int64         CSR starts of all links; those of link l begin at start_at[l] (int64[L])
    children, child_times int64   child rows and their times, sorted by (parent, time, row)
    parents         int64         parent rows; those of link l begin at parents_at[l]
    times           int64         row times; those of table t begin at times_at[t]
    """

    relation_start: np.ndarray
    relations: np.ndarray
    child: np.ndarray
    parent: np.ndarray
    start: np.ndarray
    start_at: np.ndarray
    children: np.ndarray
    child_times: np.ndarray
    parents: np.ndarray
    parents_at: np.ndarray
    times: np.ndarray
    times_at: np.ndarray

    @classmethod
    def of(cls, database: DatabaseTensors) -> "LinkIndex":
        links, tables = database.links, database.tables
        by_table: list[list[int]] = [[] for _ in tables]
        for i, link in enumerate(links):
            by_table[link.parent].append(2 * i)
            by_table[link.child].append(2 * i + 1)
        before = np.concatenate([[0], np.cumsum([len(link.children) for link in links])]).astype(np.int64)
        child_times = [tables[link.child].times[link.children] for link in links]
        return cls(
            relation_start=np.concatenate([[0], np.cumsum([len(b) for b in by_table])]).astype(np.int64),
            relations=np.array([r for b in by_table for r in sorted(b)], np.int32),
            child=np.array([link.child for link in links], np.int32),
            parent=np.array([link.parent for link in links], np.int32),
            start=_flat([link.start + before[i] for i, link in enumerate(links)]),
            start_at=_starts([len(link.start) for link in links]),
            children=_flat([link.children for link in links]),
            child_times=_flat(child_times),
            parents=_flat([link.parents for link in links]),
            parents_at=_starts([len(link.parents) for link in links]),
            times=_flat([t.times for t in tables]),
            times_at=_starts([len(t) for t in tables]),
        )


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


def _starts(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)])[: len(lengths)].astype(np.int64)
