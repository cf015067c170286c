"""Arithmetic on groups of rows: expanding ranges, ranking within a group, looking up and counting sorted keys.

Ties are always broken by a key that the caller names, so an order never depends on how rows are stored.
"""

import numpy as np


def expand(begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(owner, position) int64[total]: every position of begin[k]..end[k], for each k in turn."""
    lengths = np.maximum(end - begin, 0)
    owner = np.repeat(np.arange(len(begin)), lengths)
    first = np.cumsum(lengths) - lengths
    return owner, np.arange(len(owner)) - first[owner] + begin[owner]


def place_within(owner: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """int64[n]: each row's place (from 0) among the rows of its owner, smallest first by ``keys`` in turn."""
    order = np.lexsort((*keys[::-1], owner))
    sorted_owner = owner[order]
    first = np.searchsorted(sorted_owner, sorted_owner, side="left")
    place = np.empty(len(owner), np.int64)
    place[order] = np.arange(len(owner)) - first
    return place


def find(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """int64[n]: where each of ``wanted`` stands in the sorted distinct ``keys``, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def latest_distinct(owner: np.ndarray, what: np.ndarray, times: np.ndarray, most: int) -> np.ndarray:
    """Positions of the last row of each distinct (owner, what), the ``most`` latest of each owner, by owner."""
    order = np.lexsort((times, what, owner))
    owner, what, times = owner[order], what[order], times[order]
    is_last = np.ones(len(order), bool)
    is_last[:-1] = (owner[1:] != owner[:-1]) | (what[1:] != what[:-1])
    kept = np.flatnonzero(is_last)
    kept = kept[place_within(owner[kept], -times[kept], what[kept]) < most]
    return order[kept]
