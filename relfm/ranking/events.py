"""Meetings of entities and items: every short chain of foreign keys that joins them, as events in time.

An event has the latest time along its chains, so nothing that led to it lies after it; one without a time never shows.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from relfm.context import known_at
from relfm.distinct import distinct
from relfm.graph import TemporalGraph
from relfm.history import Links
from relfm.ranking.segments import expand, find
from relfm.schema import Relation
from relfm.task import Examples, Task
from relfm.times import MISSING_TIME

LONGEST_CHAIN = 2
MAX_RELATIONS = 5
MATCHED_EXAMPLES = 2_000
LEAST_AGREEMENT = 0.05


@dataclass(frozen=True)
class PairLinks:
    """Time-sorted links of (left, right) pairs: ``keys`` int64[P] are the sorted distinct left * num_right + right."""

    keys: np.ndarray
    num_right: int
    links: Links

    @classmethod
    def of(cls, left: np.ndarray, right: np.ndarray, times: np.ndarray, num_right: int) -> "PairLinks":
        """Links of rows 0..n-1; those with a left or right of -1 are left out."""
        known = (left >= 0) & (right >= 0)
        keys, pair = np.unique((left * num_right + right)[known], return_inverse=True)
        parents = np.full(len(left), -1)
        parents[known] = pair
        return cls(keys, num_right, Links.of(parents, times, len(keys)))

    def rows(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """int64[n]: the links' parent row of each pair, -1 if it never occurs."""
        found = find(self.keys, left * self.num_right + right)
        return np.where((left >= 0) & (right >= 0), found, -1)


@dataclass(frozen=True)
class Events:
    """n events in time order: entity, item, times and the row (of ``table``; of the labels for past lists) behind each.

    entity, item, times, rows  int64[n], times in microseconds, all known
    """

    name: str
    table: str | None
    entity: np.ndarray
    item: np.ndarray
    times: np.ndarray
    rows: np.ndarray
    num_entities: int
    num_items: int
    used: frozenset[Relation] = frozenset()

    @cached_property
    def by_entity(self) -> Links:
        return Links.of(self.entity, self.times, self.num_entities)

    @cached_property
    def by_item(self) -> Links:
        return Links.of(self.item, self.times, self.num_items)

    @cached_property
    def by_pair(self) -> PairLinks:
        return PairLinks.of(self.entity, self.item, self.times, self.num_items)

    @cached_property
    def all(self) -> Links:
        return Links.of(np.zeros(len(self.times), np.int64), self.times, 1)

    def between(self, after: np.ndarray | int, until: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Positions begin, end of the events with after < time <= until."""
        return np.searchsorted(self.times, after, side="right"), np.searchsorted(self.times, until, side="right")


def events_between(graph: TemporalGraph, entity: str, item: str) -> list[Events]:
    """Every way in which rows of some table point at both, shortest chains first, at most ``MAX_RELATIONS``."""
    ways = []
    for table in graph.database.schema.tables:
        for left in _chains(graph, table, entity):
            for right in _chains(graph, table, item):
                apart = (left[:1] != right[:1]) if left and right else bool(left or right)
                if apart:
                    ways.append((len(left) + len(right), str((table, *left, *right)), table, left, right))
    ways = sorted(ways, key=lambda way: way[:2])[:MAX_RELATIONS]
    tables = [table for _, _, table, _, _ in ways]
    return [
        replace(_read(graph, table, left, right, entity, item), name=_name(table, (*left, *right), tables))
        for _, _, table, left, right in ways
    ]


def past_lists(task: Task, labelled: Examples, num_entities: int, num_items: int) -> Events:
    """The labelled lists as events at the time from which each may be used."""
    owner, at = expand(labelled.items.start[:-1], labelled.items.start[1:])
    times = known_at(task, labelled.cutoffs)[owner]
    order = np.lexsort((labelled.items.rows[at], labelled.rows[owner], times))
    owner, item = owner[order], labelled.items.rows[at][order]
    return Events("past lists", None, labelled.rows[owner], item, times[order], owner, num_entities, num_items)


def closest(task: Task, relations: list[Events], lists: Events, labelled: Examples) -> Events:
    """The relation whose events in the label windows are most like the lists; the lists themselves if none is.

    ``labelled`` must have been known to all that is learned from this.
    """
    latest = np.argsort(labelled.cutoffs, kind="stable")[-MATCHED_EXAMPLES:]
    part = labelled.take(latest)
    owner, at = expand(part.items.start[:-1], part.items.start[1:])
    listed = distinct(owner * lists.num_items + part.items.rows[at])
    begin, end = task.gap.after(part.cutoffs), task.closes(part.cutoffs)
    best, agreement = lists, LEAST_AGREEMENT
    for events in relations:
        links = events.by_entity
        if not len(links.child):
            continue
        owner, at = expand(links.until(part.rows, begin), links.until(part.rows, end))
        happened = distinct(owner * events.num_items + events.item[links.child[at]])
        both = len(np.intersect1d(listed, happened, assume_unique=True))
        share = both / max(len(listed) + len(happened) - both, 1)
        if share > agreement:
            best, agreement = events, share
    return best


def _chains(graph: TemporalGraph, table: str, goal: str) -> list[tuple[Relation, ...]]:
    """Chains of foreign keys from ``table`` up to ``goal``, the empty one if they are the same."""
    found: list[tuple[Relation, ...]] = [()] if table == goal else []
    open_chains: list[tuple[Relation, ...]] = [()]
    for _ in range(LONGEST_CHAIN):
        grown = [(*c, r) for c in open_chains for r in graph.parents_of(c[-1].parent if c else table)]
        found += [c for c in grown if c[-1].parent == goal]
        open_chains = [c for c in grown if c[-1].parent != goal]
    return found


def _name(table: str, chain: tuple[Relation, ...], tables: list[str]) -> str:
    """The table, and the keys by which it joins both where it joins them in several ways."""
    return table if tables.count(table) == 1 else f"{table} through {', '.join(str(r) for r in chain)}"


def _read(
    graph: TemporalGraph, table: str, left: tuple[Relation, ...], right: tuple[Relation, ...], entity: str, item: str
) -> Events:
    times = graph.database.times(table).copy()
    ends = []
    for chain in (left, right):
        rows = np.arange(len(times))
        for relation in chain:
            parents = graph.parent_rows(relation)
            rows = np.where(rows >= 0, parents[np.maximum(rows, 0)], -1) if len(parents) else np.full(len(rows), -1)
            if relation is not chain[-1]:
                times = _later(times, graph.database.times(relation.parent), rows)
        ends.append(rows)
    kept = np.flatnonzero((ends[0] >= 0) & (ends[1] >= 0) & (times != MISSING_TIME))
    kept = kept[np.argsort(times[kept], kind="stable")]
    return Events(
        table,
        table,
        ends[0][kept],
        ends[1][kept],
        times[kept],
        kept,
        graph.database.num_rows(entity),
        graph.database.num_rows(item),
        frozenset((*left, *right)),
    )


def _later(times: np.ndarray, middle: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The later of the times and those of ``middle`` at ``rows``; unknown if either is."""
    other = np.append(middle, MISSING_TIME)[rows]  # -1 is the appended one
    return np.where((times == MISSING_TIME) | (other == MISSING_TIME), MISSING_TIME, np.maximum(times, other))
