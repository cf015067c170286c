"""One hop for all nodes of a frontier, compiled. Room is made for the most there can be, so no array ever grows."""

import numpy as np
from numba import njit

from relfm.times import MISSING_TIME


@njit(cache=True, boundscheck=False)
def _end(times: np.ndarray, low: int, high: int, seen: int) -> int:
    """The first place in times[low:high] (rising) that lies after ``seen``."""
    while low < high:
        middle = (low + high) // 2
        if times[middle] <= seen:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, boundscheck=False)
def room(
    tables: np.ndarray,
    rows: np.ndarray,
    most: int,
    relation_start: np.ndarray,
    relations: np.ndarray,
    start: np.ndarray,
    start_at: np.ndarray,
) -> int:
    """At most how many neighbours the frontier has, without looking at any time."""
    total = 0
    for node in range(len(rows)):
        for place in range(relation_start[tables[node]], relation_start[tables[node] + 1]):
            relation = relations[place]
            if relation & 1:
                total += 1
            else:
                at = start_at[relation >> 1] + rows[node]
                total += min(most, start[at + 1] - start[at])
    return total


@njit(cache=True, boundscheck=False)
def hop(
    tables: np.ndarray,
    rows: np.ndarray,
    seen: np.ndarray,
    came_by: np.ndarray,
    came_from: np.ndarray,
    most: int,
    relation_start: np.ndarray,
    relations: np.ndarray,
    start: np.ndarray,
    start_at: np.ndarray,
    children: np.ndarray,
    child_times: np.ndarray,
    parents: np.ndarray,
    parents_at: np.ndarray,
    times: np.ndarray,
    times_at: np.ndarray,
    parent_table: np.ndarray,
    out_node: np.ndarray,
    out_relation: np.ndarray,
    out_row: np.ndarray,
) -> int:
    """Writes node, relation and row of each neighbour of the frontier; returns how many there are."""
    total = 0
    for node in range(len(rows)):
        table, row, moment = tables[node], rows[node], seen[node]
        for place in range(relation_start[table], relation_start[table + 1]):
            relation = relations[place]
            link = relation >> 1
            if relation & 1 == 0:
                first = start[start_at[link] + row]
                at = _end(child_times, first, start[start_at[link] + row + 1], moment) - 1
                taken = 0
                back = came_from[node] if came_by[node] == relation + 1 else -1
                while at >= first and taken < most:
                    child = children[at]
                    if child != back:
                        out_node[total], out_relation[total], out_row[total] = node, relation, child
                        total += 1
                        taken += 1
                    at -= 1
            elif came_by[node] != relation - 1:
                other = parents[parents_at[link] + row]
                if other >= 0:
                    moment_of = times[times_at[parent_table[link]] + other]
                    if moment_of != MISSING_TIME and moment_of <= moment:
                        out_node[total], out_relation[total], out_row[total] = node, relation, other
                        total += 1
    return total
