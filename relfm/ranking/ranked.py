"""Ranked items of queries, and how they become an answer.

Equal scores are ordered by the plain ranking and then by the item's row, so a list never depends on storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.ranking.segments import place_within
from relfm.task import ItemLists


@dataclass(frozen=True)
class Ranked:
    """Items in order of query and place: counts int64[Q] per query, item int64[n], scores float64[n]."""

    counts: np.ndarray
    item: np.ndarray
    scores: np.ndarray

    @classmethod
    def best(
        cls,
        query: np.ndarray,
        item: np.ndarray,
        num_queries: int,
        costs: Sequence[np.ndarray],
        scores: np.ndarray,
        top: int,
    ) -> "Ranked":
        """The ``top`` pairs (query, item int64[P]) of each query that cost least by ``costs`` in turn, then by item."""
        place = place_within(query, *costs, item)
        kept = np.flatnonzero(place < top)
        kept = kept[np.lexsort((place[kept], query[kept]))]
        return cls(np.bincount(query[kept], minlength=num_queries), item[kept], scores[kept])

    @staticmethod
    def concatenate(parts: Sequence["Ranked"]) -> "Ranked":
        return Ranked(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("counts", "item", "scores")))

    def lists(self) -> ItemLists:
        return ItemLists(np.concatenate([[0], np.cumsum(self.counts)]), self.item)

    def take(self, index: np.ndarray) -> "Ranked":
        """The queries at ``index``."""
        start = np.concatenate([[0], np.cumsum(self.counts)])
        positions = ItemLists(start, np.arange(len(self.item))).take(index).rows
        return Ranked(self.counts[index], self.item[positions], self.scores[positions])

    def first(self) -> np.ndarray:
        """float64[Q]: the best item's score, 0 for an empty list."""
        start = np.cumsum(self.counts) - self.counts
        return np.where(self.counts > 0, np.append(self.scores, 0.0)[np.minimum(start, len(self.scores))], 0.0)


@dataclass(frozen=True)
class Answer:
    """The lists of some queries by the mixture and by the baseline, and the experts' weights."""

    ranked: Ranked
    baseline: Ranked
    weights: dict[str, float]

    @staticmethod
    def concatenate(parts: Sequence["Answer"]) -> "Answer":
        """All lists in order; the weights are averaged over the queries."""
        sizes = np.array([len(p.ranked.counts) for p in parts], dtype=np.float64)
        names = {name: None for p in parts for name in p.weights}
        told = np.array([[p.weights.get(name, 0.0) for name in names] for p in parts])
        return Answer(
            Ranked.concatenate([p.ranked for p in parts]),
            Ranked.concatenate([p.baseline for p in parts]),
            dict(zip(names, (sizes @ told / sizes.sum()).tolist(), strict=True)),
        )
