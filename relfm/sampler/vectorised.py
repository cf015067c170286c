"""One hop for all nodes of a frontier in NumPy: what runs where numba is missing, and what the kernel is tested by."""

import numpy as np

from relfm.sampler.index import LinkIndex
from relfm.times import MISSING_TIME


def hop(
    index: LinkIndex,
    tables: np.ndarray,
    rows: np.ndarray,
    seen: np.ndarray,
    came_by: np.ndarray,
    came_from: np.ndarray,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(node int64[m], relation int32[m], row int64[m]), sorted by (node, relation, most recent first)."""
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for link in range(len(index.child)):
        down = np.flatnonzero(tables == index.parent[link])
        if len(down):
            found.append(_children(index, link, down, rows, seen, came_by, came_from, most))
        up = np.flatnonzero((tables == index.child[link]) & (came_by != 2 * link))
        if len(up):
            found.append(_parents(index, link, up, rows, seen))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64)
    nodes, relations, ranks, others = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((ranks, relations, nodes))
    return nodes[order], relations[order].astype(np.int32), others[order]


def _children(
    index: LinkIndex,
    link: int,
    nodes: np.ndarray,
    rows: np.ndarray,
    seen: np.ndarray,
    came_by: np.ndarray,
    came_from: np.ndarray,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first = index.start[index.start_at[link] + rows[nodes]]
    last = index.start[index.start_at[link] + rows[nodes] + 1]
    end = _ends(index.child_times, first, last, seen[nodes])
    size = np.minimum(end - first, most + 1)  # one more, for the row that it came from
    node = np.repeat(nodes, size)
    rank = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    child = index.children[np.repeat(end, size) - 1 - rank]
    is_back = (came_by[node] == 2 * link + 1) & (came_from[node] == child)
    passed = np.cumsum(is_back) - is_back
    before = passed - np.repeat(np.append(passed, 0)[np.cumsum(size) - size], size)
    kept = ~is_back & (rank - before < most)
    return node[kept], np.full(kept.sum(), 2 * link), rank[kept], child[kept]


def _parents(
    index: LinkIndex, link: int, nodes: np.ndarray, rows: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    other = index.parents[index.parents_at[link] + rows[nodes]]
    nodes, other = nodes[other >= 0], other[other >= 0]
    times = index.times[index.times_at[index.parent[link]] + other]
    kept = (times != MISSING_TIME) & (times <= seen[nodes])
    count = int(kept.sum())
    return nodes[kept], np.full(count, 2 * link + 1), np.zeros(count, np.int64), other[kept]


def _ends(times: np.ndarray, low: np.ndarray, high: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """int64[n]: the first place of each times[low:high] (rising) after ``seen``, all searched in step."""
    low, high = low.copy(), high.copy()
    while (open_ := low < high).any():
        middle = (low + high) // 2
        before = open_ & (times[np.where(open_, middle, 0)] <= seen)
        low = np.where(before, middle + 1, low)
        high = np.where(open_ & ~before, middle, high)
    return low
