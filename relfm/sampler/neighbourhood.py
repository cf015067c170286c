"""What the sampler returns: disjoint trees around seed rows."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Neighbourhood:
    """S seeds and what was visible around each, hop by hop; n nodes in all, H hops.

    offsets    int64[H + 2]  nodes of hop h stand at offsets[h]:offsets[h + 1]; hop 0 are the seeds in order
    tables     int32[n]
    rows       int64[n]
    parents    int64[n]      position of the node that it was reached from, -1 for seeds; the nodes of a hop are sorted
                             by (parent, relation, most recent first)
    relations  int32[n]      2 * link: a row that points at its parent node; 2 * link + 1: the row that its parent node
                             points at; -1 for seeds
    ages       int64[n]      microseconds: the seed's ``seen`` less the row's time; -1 for a timeless row
    seeds      int64[n]      whose tree it is in
    """

    offsets: np.ndarray
    tables: np.ndarray
    rows: np.ndarray
    parents: np.ndarray
    relations: np.ndarray
    ages: np.ndarray
    seeds: np.ndarray

    @property
    def num_seeds(self) -> int:
        return int(self.offsets[1])

    @property
    def num_nodes(self) -> int:
        return len(self.rows)

    def equals(self, other: "Neighbourhood") -> bool:
        """Whether all arrays are the same."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
