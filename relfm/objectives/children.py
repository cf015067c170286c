"""How many rows had come by a moment: one binary search for each row asked about."""

import numpy as np

from relfm.objectives.objective import World
from relfm.tensors import LinkTensors


def visible_children(world: World, link: LinkTensors, rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """int64[n]: how many children of each of the parent ``rows`` int64[n] had come by ``seen`` int64[n]."""
    begin, high = link.start[rows], link.start[rows + 1]
    low, times = begin.copy(), world.database.tables[link.child].times
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) // 2
        come = times[link.children[middle]] <= seen[open_]
        low[open_[come]] = middle[come] + 1
        high[open_[~come]] = middle[~come]
        open_ = open_[low[open_] < high[open_]]
    return low - begin
