"""All hops, compiled.

Reading memory out of order is what sampling takes its time for. So each hop goes over its slots (a node with one of its
relations) in several short loops, each of which reads in one place and guesses no branch from what it reads: then the
processor has many reads under way at once. One loop over everything is half as fast. What is counted first is filled
afterwards: no array ever grows by steps.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit

from relfm.sampler.index import LinkIndex
from relfm.times import MISSING_TIME, TIMELESS


class _Links(NamedTuple):
    """The fields of ``LinkIndex``; here, because what is compiled is kept on the disk until this file changes."""

    relation_start: np.ndarray
    relations: np.ndarray
    reached: np.ndarray
    bounds_at: np.ndarray
    bounds: np.ndarray
    children: np.ndarray
    child_times: np.ndarray
    times: np.ndarray
    times_at: np.ndarray


class _Nodes(NamedTuple):
    """As in ``Neighbourhood``."""

    tables: np.ndarray
    rows: np.ndarray
    parents: np.ndarray
    relations: np.ndarray
    ages: np.ndarray
    seeds: np.ndarray


class _Slots(NamedTuple):
    """int64[s] each: node; place of the relation in the index; the child row that the node came from by it, or -1;

    first and stop: where its children begin and end; of a relation to the parent row, first is that row, or -1.
    """

    nodes: np.ndarray
    places: np.ndarray
    back: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    seen: np.ndarray


def compiled(function: Callable) -> Callable:
    """``function`` compiled at its first call, and kept on the disk where there is a folder that can be written to."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


def trees(
    index: LinkIndex, tables: np.ndarray, rows: np.ndarray, seen: np.ndarray, fanout: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The fields of a ``Neighbourhood`` in order, from int32[S], int64[S], int64[S] and int64[H]."""
    links = _Links(*(getattr(index, name) for name in _Links._fields))
    none, offsets = np.full(len(rows), -1), np.zeros(len(fanout) + 2, np.int64)
    offsets[1] = len(rows)
    nodes = _Nodes(tables, rows, none, none.astype(np.int32), none.copy(), np.arange(len(rows)))
    return offsets, *_trees(links, nodes, seen, fanout, offsets)


@compiled
def _trees(links: _Links, nodes: _Nodes, seen: np.ndarray, fanout: np.ndarray, offsets: np.ndarray) -> _Nodes:
    """The seeds with all hops behind them; fills in the ages of the former and where the latter end."""
    for seed in range(len(nodes.rows)):
        nodes.ages[seed] = _age(links.times[links.times_at[nodes.tables[seed]] + nodes.rows[seed]], seen[seed])
    for hop in range(len(fanout)):
        slots = _slots(links, nodes, offsets[hop], seen)
        nodes = _filled(links, nodes, slots, _counts(links, slots, fanout[hop]))
        offsets[hop + 2] = len(nodes.rows)
    return nodes


@compiled
def _slots(links: _Links, nodes: _Nodes, begin: int, seen: np.ndarray) -> _Slots:
    """Of the nodes from ``begin`` on, without the way up that a node came down by."""
    size = 0
    for node in range(begin, len(nodes.rows)):
        size += links.relation_start[nodes.tables[node] + 1] - links.relation_start[nodes.tables[node]]
    node_of, places, back = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    count = 0
    for node in range(begin, len(nodes.rows)):
        table, came_by = nodes.tables[node], nodes.relations[node]
        for place in range(links.relation_start[table], links.relation_start[table + 1]):
            relation = links.relations[place]
            is_down = relation & 1 == 0
            if is_down or came_by != relation - 1:
                node_of[count], places[count], back[count] = node, place, -1
                if is_down and came_by == relation + 1:
                    back[count] = nodes.rows[nodes.parents[node]]
                count += 1
    first, stop, moments = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    for slot in range(count):
        at = links.bounds_at[places[slot]] + nodes.rows[node_of[slot]]
        first[slot], stop[slot] = links.bounds[at], links.bounds[at + 1]
    for slot in range(count):
        moments[slot] = seen[nodes.seeds[node_of[slot]]]
    return _Slots(node_of[:count], places[:count], back[:count], first, stop, moments)


@compiled
def _counts(links: _Links, slots: _Slots, most: int) -> np.ndarray:
    """int64[s]: how many rows each slot gives. Moves ``stop`` behind the last visible child."""
    counts = np.zeros(len(slots.nodes), np.int64)
    for slot in range(len(counts)):
        place, row = slots.places[slot], slots.first[slot]
        if links.relations[place] & 1 and row >= 0:
            time = links.times[links.times_at[links.reached[place]] + row]
            counts[slot] = (time != MISSING_TIME) & (time <= slots.seen[slot])
    _search(links, slots)
    for slot in range(len(counts)):
        place, back = slots.places[slot], slots.back[slot]
        if links.relations[place] & 1 == 0:
            count = slots.stop[slot] - slots.first[slot]
            if back >= 0:
                time = links.times[links.times_at[links.reached[place]] + back]
                count -= (time != MISSING_TIME) & (time <= slots.seen[slot])
            counts[slot] = min(count, most)
    return counts


@compiled
def _search(links: _Links, slots: _Slots) -> None:
    """Moves ``stop`` to the first child after ``seen``, by bisection, one step for all slots at a time."""
    active, sizes = np.empty(len(slots.nodes), np.int64), np.empty(len(slots.nodes), np.int64)
    count = 0
    for slot in range(len(slots.nodes)):
        if links.relations[slots.places[slot]] & 1 == 0:
            active[count], sizes[count] = slot, slots.stop[slot] - slots.first[slot]
            count += sizes[count] > 0
            slots.stop[slot] = slots.first[slot]
    while count > 0:
        kept = 0
        for i in range(count):
            slot, size = active[i], sizes[i]
            at, half = slots.stop[slot], (size + 1) >> 1
            slots.stop[slot] = at + half * (links.child_times[at + half - 1] <= slots.seen[slot])
            active[kept], sizes[kept] = slot, size - half
            kept += size > half
        count = kept


@compiled
def _filled(links: _Links, nodes: _Nodes, slots: _Slots, counts: np.ndarray) -> _Nodes:
    """The nodes and behind them what the slots give."""
    new = size = len(nodes.rows)
    for count in counts:
        size += count
    tables, rows, parents = _longer(nodes.tables, size), _longer(nodes.rows, size), _longer(nodes.parents, size)
    relations, ages, seeds = _longer(nodes.relations, size), _longer(nodes.ages, size), _longer(nodes.seeds, size)
    for slot in range(len(counts)):
        node, place, at, end = slots.nodes[slot], slots.places[slot], slots.stop[slot], new + counts[slot]
        table, relation, seed = links.reached[place], links.relations[place], nodes.seeds[node]
        while new < end:
            if relation & 1:
                row = slots.first[slot]
                time = links.times[links.times_at[table] + row]
            else:
                at -= 1
                row, time = links.children[at], links.child_times[at]
                if row == slots.back[slot]:
                    continue
            tables[new], rows[new], parents[new], relations[new] = table, row, node, relation
            ages[new], seeds[new] = _age(time, slots.seen[slot]), seed
            new += 1
    return _Nodes(tables, rows, parents, relations, ages, seeds)


@compiled
def _longer(values: np.ndarray, size: int) -> np.ndarray:
    made = np.empty(size, values.dtype)
    for i in range(len(values)):
        made[i] = values[i]
    return made


@compiled
def _age(time: int, seen: int) -> int:
    return -1 if time <= TIMELESS else max(seen - time, 0)
