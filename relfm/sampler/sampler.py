"""The temporal sampler: hop after hop, per relation the most recent visible rows."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from relfm.errors import UsageError
from relfm.sampler import vectorised
from relfm.sampler.index import LinkIndex
from relfm.sampler.neighbourhood import Neighbourhood
from relfm.tensors import DatabaseTensors
from relfm.times import TIMELESS

Backend = Literal["numba", "numpy"]


class Sampler:
    """Samples neighbourhoods in one database; deterministic, and the same arrays from either backend.

    A row is visible to a seed if its time is known and not after what the seed has seen, or if its table is timeless.
    The cost of a seed does not grow with the length of any history.
    """

    def __init__(self, database: DatabaseTensors, *, backend: Backend | None = None) -> None:
        if backend not in (None, "numba", "numpy"):
            raise UsageError(f"unknown sampler backend '{backend}'", hint="there are: numba, numpy")
        self.index = LinkIndex.of(database)
        self.backend = backend or ("numba" if _has_numba() else "numpy")

    def sample(
        self, tables: int | np.ndarray, rows: np.ndarray, seen: np.ndarray, fanout: Sequence[int]
    ) -> Neighbourhood:
        """Neighbourhoods of ``rows`` (int64[S]) of ``tables`` (one, or int[S]), each as of ``seen`` (int64[S]).

        At hop h every node gives its ``fanout[h]`` most recent child rows per relation (of rows at the same time, the
        later rows), and the row that each of its keys names; never the row that it came from by the way that it came.
        """
        rows, seen = np.asarray(rows, np.int64), np.asarray(seen, np.int64)
        nodes = [np.broadcast_to(np.asarray(tables, np.int32), rows.shape), rows]
        frontier = [*nodes, seen, np.full(len(rows), -1, np.int32), np.full(len(rows), -1)]
        parts = [(nodes[0], rows, np.full(len(rows), -1), frontier[3], seen, np.arange(len(rows)))]
        for most in fanout:
            node, relation, other = self._hop(*frontier, int(most))
            table = np.where(relation % 2 == 0, self.index.child[relation // 2], self.index.parent[relation // 2])
            before = sum(len(p[0]) for p in parts[:-1])
            moment = frontier[2][node]
            parts.append((table, other, node + before, relation, moment, parts[-1][5][node]))
            frontier = [table, other, moment, relation, frontier[1][node]]
        return self._gathered(parts)

    def _hop(self, *frontier: np.ndarray | int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.backend == "numpy":
            return vectorised.hop(self.index, *frontier)
        from relfm.sampler.kernel import hop, room

        i = self.index
        flat = (
            i.relation_start, i.relations, i.start, i.start_at, i.children, i.child_times, i.parents, i.parents_at,
            i.times, i.times_at, i.parent,
        )  # fmt: skip
        tables, rows, seen, came_by, came_from, most = frontier
        held = [np.ascontiguousarray(a) for a in (tables, rows, seen, came_by, came_from)]
        held[0], held[3] = held[0].astype(np.int32), held[3].astype(np.int32)
        most_rows = room(held[0], held[1], most, i.relation_start, i.relations, i.start, i.start_at)
        out = np.empty(most_rows, np.int64), np.empty(most_rows, np.int32), np.empty(most_rows, np.int64)
        count = hop(*held, most, *flat, *out)
        return tuple(part[:count] for part in out)

    def _gathered(self, parts: Sequence[tuple[np.ndarray, ...]]) -> Neighbourhood:
        tables, rows, parents, relations, seen, seeds = (np.concatenate(p) for p in zip(*parts, strict=True))
        times = self.index.times[self.index.times_at[tables] + rows]
        return Neighbourhood(
            offsets=np.concatenate([[0], np.cumsum([len(p[0]) for p in parts])]).astype(np.int64),
            tables=tables.astype(np.int32),
            rows=rows,
            parents=parents.astype(np.int64),
            relations=relations.astype(np.int32),
            ages=np.where(times <= TIMELESS, -1, np.maximum(seen - np.maximum(times, TIMELESS + 1), 0)),
            seeds=seeds.astype(np.int64),
        )


def _has_numba() -> bool:
    from importlib.util import find_spec

    return find_spec("numba") is not None
