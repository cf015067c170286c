"""Which items go together: co-occurrence in the histories of entities, weighted as Adamic and Adar do.

A snapshot at a moment knows the events up to it alone, and memory grows with the events, not with items squared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relfm.distinct import distinct
from relfm.ranking.events import Events
from relfm.ranking.segments import expand, find, latest_distinct, place_within
from relfm.times import TIMELESS

MAX_EVENTS = 2_000_000
MAX_OWN = 50
"""Items of an entity that count, latest first."""
MAX_NEIGHBOURS = 100
ITEM_BLOCK = 2_000
LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class Likeness:
    """Items by items: ``cosine`` of their entities' weights; ``share`` of the row's entities that had the column."""

    cosine: sparse.csr_matrix
    share: sparse.csr_matrix

    @classmethod
    def of(cls, events: Events, moment: int) -> "Likeness":
        """Fitted on the latest ``MAX_EVENTS`` events up to ``moment``."""
        end = int(events.between(TIMELESS, moment)[1])
        part = slice(max(0, end - MAX_EVENTS), end)
        entity, item, times = events.entity[part], events.item[part], events.times[part]
        kept = latest_distinct(entity, item, times, MAX_OWN)
        entity, item = entity[kept], item[kept]
        _, row, degree = np.unique(entity, return_inverse=True, return_counts=True)
        weight = 1 / np.sqrt(np.log(1 + degree[row]))
        size = events.num_items
        met = sparse.csr_matrix((weight, (row, item)), shape=(len(degree), size))
        total = np.bincount(item, weight**2, minlength=size)
        parts = [cls._block(met, total, begin) for begin in range(0, size, ITEM_BLOCK)]
        at, other, together = (np.concatenate(p) for p in zip(*parts, strict=True)) if parts else ((), (), ())
        shape = (size, size)
        return cls(
            sparse.csr_matrix((together / np.sqrt(total[at] * total[other]), (at, other)), shape=shape),
            sparse.csr_matrix((together / total[at], (at, other)), shape=shape),
        )

    @staticmethod
    def _block(met: sparse.csr_matrix, total: np.ndarray, begin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(item, other, weight together) of the nearest other items of a block of items."""
        found = (met[:, begin : begin + ITEM_BLOCK].T @ met).tocoo()
        at, other, together = found.row.astype(np.int64) + begin, found.col.astype(np.int64), found.data
        apart = np.flatnonzero(at != other)
        at, other, together = at[apart], other[apart], together[apart]
        near = place_within(at, -together / np.sqrt(total[at] * total[other]), other) < MAX_NEIGHBOURS
        return at[near], other[near], together[near]


@dataclass(frozen=True)
class Scores:
    """Scores of (query, item) pairs: sorted keys query * num_items + item, and how alike each is to the own items."""

    keys: np.ndarray
    num_items: int
    cosine: np.ndarray
    share: np.ndarray

    def at(self, query: np.ndarray, item: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both scores float64[n], 0 for pairs without any."""
        found = find(self.keys, query * self.num_items + item)
        return np.append(self.cosine, 0.0)[found], np.append(self.share, 0.0)[found]


class Snapshots:
    """Likeness at a few moments; a query reads the latest that it had seen."""

    def __init__(self, events: Events, seen: np.ndarray, most: int, half_life: int) -> None:
        moments = distinct(seen)
        chosen = np.linspace(0, len(moments) - 1, min(most, len(moments))).astype(np.int64)
        self.events, self.half_life = events, half_life
        self.moments = moments[chosen]
        self._made: dict[int, Likeness] = {}

    def which(self, seen: np.ndarray) -> np.ndarray:
        """int64[n]: the snapshot of each moment, -1 if all are later."""
        return np.searchsorted(self.moments, seen, side="right") - 1

    def scores(self, rows: np.ndarray, seen: np.ndarray) -> Scores:
        """How alike items are to what the entities ``rows`` had had when they saw ``seen``, recent ones first."""
        size = self.events.num_items
        links = self.events.by_entity
        end = links.until(rows, seen)
        owner, at = expand(np.maximum(links.start[rows], end - 4 * MAX_OWN), end)
        event = links.child[at]
        item, times = self.events.item[event], self.events.times[event]
        kept = latest_distinct(owner, item, times, MAX_OWN)
        owner, item, times = owner[kept], item[kept], times[kept]
        age = seen[owner] - np.where(times == TIMELESS, seen[owner], times)
        weight = np.maximum(0.5 ** (age / self.half_life), LEAST_WEIGHT)
        own = sparse.csr_matrix((weight, (owner, item)), shape=(len(rows), size))
        parts = [self._product(own, np.flatnonzero(self.which(seen) == k), k) for k in distinct(self.which(seen))]
        return _joined([p for p in parts if p is not None], size)

    def _product(self, own: sparse.csr_matrix, queries: np.ndarray, snapshot: int) -> Scores | None:
        if snapshot < 0:
            return None
        if snapshot not in self._made:
            self._made[snapshot] = Likeness.of(self.events, int(self.moments[snapshot]))
        likeness = self._made[snapshot]
        cosine, share = (own[queries] @ m for m in (likeness.cosine, likeness.share))
        cosine.sort_indices()
        share.sort_indices()
        at = np.repeat(queries, np.diff(cosine.indptr))
        return Scores(at * own.shape[1] + cosine.indices, own.shape[1], cosine.data, share.data)


def _joined(parts: Sequence[Scores], num_items: int) -> Scores:
    if not parts:
        return Scores(np.zeros(0, np.int64), num_items, np.zeros(0), np.zeros(0))
    keys = np.concatenate([p.keys for p in parts])
    order = np.argsort(keys, kind="stable")
    both = [np.concatenate([getattr(p, name) for p in parts])[order] for name in ("cosine", "share")]
    return Scores(keys[order], num_items, *both)
