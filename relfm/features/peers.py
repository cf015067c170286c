"""The entities that stand beside one's own in the rows of a child table: friends, opponents, who pays whom.

A table with two keys to the entity's own table links entities with each other. What holds of those at the other end of
the latest links (their cells, what happened to them, their past targets, all as seen at the example's own moment) is
averaged.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from relfm.distinct import distinct
from relfm.features.catalogue import role_of
from relfm.features.history import HistoryView
from relfm.features.matrix import Block, FeatureMatrix
from relfm.graph import TemporalGraph
from relfm.schema import Relation
from relfm.task import Examples

MOST_PEERS = 20
"""Links of each example that are followed, the latest."""

AT_ONCE = 16
"""Columns that are averaged together."""


def ends_of(graph: TemporalGraph, relation: Relation) -> list[Relation]:
    """The other keys of a child table that point at the same table as ``relation``."""
    others = graph.parents_of(relation.table)
    return [other for other in others if other.parent == relation.parent and other.key != relation.key]


def path_to(relation: Relation, other: Relation) -> str:
    """How the names of peers' features end."""
    return f" of the {role_of(other)} of its last {MOST_PEERS} {relation}"


def latest_ends(view: HistoryView, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a row of ``view`` (int64[P] positions) and what its latest visible children point at: those of ``ends``
    (int64[n], of each child row) that are not -1."""
    first = np.maximum(view.end - MOST_PEERS, view.begin)
    lengths = view.end - first
    owner = np.repeat(np.arange(len(lengths)), lengths)
    at = np.arange(len(owner)) + np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    found = ends[view.links.child[at]] if len(ends) else np.full(len(at), -1)
    return owner[found >= 0], found[found >= 0]


@dataclass(frozen=True)
class Peers:
    """The peers of N examples, each with what it is seen at: ``examples``, M different ones; the pairs ``place``
    (int64[P], which of the M) and ``owner`` (int64[P], which of the N)."""

    examples: Examples
    place: np.ndarray
    owner: np.ndarray
    num_owners: int

    @classmethod
    def of(cls, view: HistoryView, ends: np.ndarray) -> "Peers":
        """Those at ``ends`` (int64[n], the entity at the other end of each child row, -1 for none) of the latest
        visible links of ``view``; oneself is no peer."""
        owner, peer = latest_ends(view, ends)
        kept = peer != view.rows[owner]
        owner, peer = owner[kept], peer[kept]
        moments = distinct(view.seen)
        keys = peer * len(moments) + np.searchsorted(moments, view.seen[owner])
        found, place = np.unique(keys, return_inverse=True)
        return cls(Examples.of(found // len(moments), moments[found % len(moments)]), place, owner, len(view.rows))

    def block(self, hops: int, fact: str | None = None) -> "AverageBlock":
        return AverageBlock(self, hops, fact)


class AverageBlock(Block):
    """Columns of the peers, averaged over those of each owner."""

    def __init__(self, peers: Peers, hops: int, fact: str | None = None) -> None:
        super().__init__(peers.num_owners, hops, fact)
        shape = peers.num_owners, len(peers.examples)
        self._beside = csr_matrix((np.ones(len(peers.place)), (peers.owner, peers.place)), shape=shape)
        self._waiting: list[np.ndarray] = []

    def add(self, name: str, values: np.ndarray) -> None:
        """A column: float[M], of which the means over present values are kept, float[N]."""
        self.names.append(f"mean {name}")
        self.facts.append(self._about or name)
        self._waiting.append(np.asarray(values, np.float64))
        if len(self._waiting) == AT_ONCE:
            self._average()

    def to_matrix(self) -> FeatureMatrix:
        self._average()
        return super().to_matrix()

    def _average(self) -> None:
        """Many columns at a time: what a product of a sparse matrix costs is to walk along its entries."""
        if not self._waiting:
            return
        values = np.stack(self._waiting, axis=1)
        present = ~np.isnan(values)
        total, count = self._beside @ np.where(present, values, 0.0), self._beside @ present.astype(np.float64)
        means = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        self.columns += list(means.T.astype(np.float32))
        self._waiting = []
