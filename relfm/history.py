"""What a row could see at a cutoff: the rule of time lives here, and compiled in ``relfm.sampler.kernel``.

A row is visible at time t if and only if its own time is known and ``<= t``; timeless rows always are.
"""

from dataclasses import dataclass

import numpy as np

from relfm.distinct import distinct
from relfm.times import MISSING_TIME


def is_visible(times: np.ndarray, seen: np.ndarray | int) -> np.ndarray:
    """bool: whether rows with ``times`` (int64 microseconds) are visible at ``seen``."""
    return (times != MISSING_TIME) & (times <= seen)


@dataclass(frozen=True)
class Links:
    """Time-sorted links from n parent rows to child rows (CSR).

    start  int64[n + 1]  segment of each parent
    child  int64[E]      child rows, sorted by (parent, time, child)
    times  int64[E]      their times
    """

    start: np.ndarray
    child: np.ndarray
    times: np.ndarray
    keys: np.ndarray
    moments: np.ndarray

    @classmethod
    def of(cls, parents: np.ndarray, times: np.ndarray, num_parents: int) -> "Links":
        """Links of child rows 0..len(parents)-1 to ``parents`` (int64, -1 for none) at ``times``.

        Children without a parent or with an unknown time are left out: they are never visible.
        """
        child = np.flatnonzero((parents >= 0) & (times != MISSING_TIME))
        moments = distinct(times[child])
        rank = np.searchsorted(moments, times[child])
        keys = parents[child] * (len(moments) + 1) + rank
        if len(keys) > 1 and (np.diff(keys) < 0).any():
            order = np.argsort(keys, kind="stable")
            child, keys = child[order], keys[order]
        start = np.searchsorted(keys, np.arange(num_parents + 1) * (len(moments) + 1))
        return cls(start, child, times[child], keys, moments)

    def until(self, rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """int64[N]: end of each parent row's links with ``time <= seen``; its links begin at ``start[row]``."""
        # One binary search over (parent, time) answers all rows, so the cost does not grow with the history's length.
        rank = np.searchsorted(self.moments, seen, side="right")
        return np.searchsorted(self.keys, rows * (len(self.moments) + 1) + rank, side="left")

    def of_parents(self, start: np.ndarray, picked: np.ndarray) -> "Links":
        """The links at positions ``picked``, those of the k-th parent kept from ``start[k]`` on. They can be read, not
        searched: keys go on naming the parents of all."""
        return Links(start, self.child[picked], self.times[picked], self.keys[picked], self.moments)

    def segments(self) -> np.ndarray:
        """int64[E]: the parent row of each link."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
