"""All hops in NumPy: what runs where numba is missing, and what the kernel is tested by."""

import numpy as np

from relfm.history import is_visible
from relfm.sampler.index import LinkIndex
from relfm.times import TIMELESS


def trees(
    index: LinkIndex, tables: np.ndarray, rows: np.ndarray, seen: np.ndarray, fanout: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The fields of a ``Neighbourhood`` in order, from int32[S], int64[S], int64[S] and int64[H]."""
    none = np.full(len(rows), -1)
    hops = [(tables, rows, none, none.astype(np.int32), np.arange(len(rows)))]
    back, before = none, 0
    for most in fanout:
        tables, rows, _, came_by, seeds = hops[-1]
        node, place, row = _hop(index, tables, rows, came_by, back, seen[seeds], int(most))
        hops.append((index.reached[place], row, node + before, index.relations[place], seeds[node]))
        back, before = rows[node], before + len(rows)
    offsets = np.cumsum([0, *(len(hop[0]) for hop in hops)], dtype=np.int64)
    tables, rows, parents, relations, seeds = (np.concatenate(parts) for parts in zip(*hops, strict=True))
    times = index.times[index.times_at[tables] + rows]
    ages = np.where(times <= TIMELESS, -1, np.maximum(seen[seeds] - np.maximum(times, TIMELESS + 1), 0))
    return offsets, tables, rows, parents, relations, ages, seeds


def _hop(
    index: LinkIndex,
    tables: np.ndarray,
    rows: np.ndarray,
    came_by: np.ndarray,
    back: np.ndarray,
    seen: np.ndarray,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(node, place of the relation in the index, row) of each neighbour of the frontier, in order, int64 each.

    ``back`` are the rows that the nodes of the frontier came from.
    """
    size = index.relation_start[tables + 1] - index.relation_start[tables]
    node = np.repeat(np.arange(len(rows)), size)
    place = np.repeat(index.relation_start[tables], size) + _ranks(size)
    relation = index.relations[place]
    kept = (relation % 2 == 0) | (came_by[node] != relation - 1)
    node, place, relation = node[kept], place[kept], relation[kept]
    at = index.bounds_at[place] + rows[node]
    first, stop = index.bounds[at].astype(np.int64), index.bounds[at + 1].astype(np.int64)
    back, moment, counts = np.where(came_by[node] == relation + 1, back[node], -1), seen[node], np.zeros_like(first)
    up = np.flatnonzero((relation % 2 == 1) & (first >= 0))
    counts[up] = _visible(index, index.reached[place[up]], first[up], moment[up])
    down = np.flatnonzero((relation % 2 == 0) & (stop > first))
    stop[down] = _ends(index.child_times, first[down], stop[down], moment[down])
    counts[down] = stop[down] - first[down]
    came = down[(back[down] >= 0)]
    counts[came] -= _visible(index, index.reached[place[came]], back[came], moment[came])
    counts[down] = np.minimum(counts[down], most)
    return np.repeat(node, counts), np.repeat(place, counts), _rows(index, relation, first, stop, back, counts)


def _rows(
    index: LinkIndex, relation: np.ndarray, first: np.ndarray, stop: np.ndarray, back: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """int64: ``counts`` rows of each relation, the last children first; behind ``back`` they are one place further."""
    given = counts > 0
    relation, first, stop, back, counts = (a[given] for a in (relation, first, stop, back, counts))
    rows = np.repeat(first, counts)
    is_child = np.repeat(relation % 2 == 0, counts)
    at = (np.repeat(stop, counts) - 1 - _ranks(counts))[is_child]
    rows[is_child] = index.children[at]
    if (back >= 0).any():
        is_back = is_child & (rows == np.repeat(back, counts))
        passed = np.cumsum(is_back)
        before = (passed - is_back)[np.cumsum(counts) - counts]
        rows[is_child] = index.children[at - (passed - np.repeat(before, counts))[is_child]]
    return rows


def _ranks(sizes: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... for each size."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _visible(index: LinkIndex, tables: np.ndarray, rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return is_visible(index.times[index.times_at[tables] + rows], seen)


def _ends(times: np.ndarray, low: np.ndarray, high: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """int64[n]: the first place of each times[low:high] (rising, not empty) after ``seen``, all searched in step."""
    ends, active, size = low.copy(), np.arange(len(low)), high - low
    while len(active):
        half = (size + 1) >> 1
        at = ends[active]
        ends[active] = at + half * (times[at + half - 1] <= seen[active])
        size -= half
        active, size = active[size > 0], size[size > 0]
    return ends
