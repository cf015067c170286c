"""Candidates: the few items that each query may plausibly meet, from what it saw alone.

Sources are dealt in turn, best first (own items, popular ones, ones like the own, the cohort's, new ones), so that a
small number of candidates still holds the best of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from relfm.distinct import distinct
from relfm.features.history import YEAR
from relfm.history import is_visible
from relfm.ranking.events import Events
from relfm.ranking.knowledge import Knowledge
from relfm.ranking.likeness import Scores, Snapshots
from relfm.ranking.segments import expand, latest_distinct, place_within
from relfm.task import Examples
from relfm.times import MISSING_TIME, TIMELESS

OWN_EVENTS = 500
"""Latest events of an entity that are looked at."""

Source = tuple[np.ndarray, np.ndarray, np.ndarray]
"""query, item, place (0 is best), int64[n] each."""


@dataclass(frozen=True)
class Pairs:
    """Candidates of queries, sorted by query and item.

    query, item    int64[P]    positions of queries, rows of items
    cosine, share  float64[P]  how alike the item is to what the entity met (``Likeness``)
    """

    query: np.ndarray
    item: np.ndarray
    cosine: np.ndarray
    share: np.ndarray

    def __len__(self) -> int:
        return len(self.query)


class Candidates:
    """Finds at most ``most`` candidates per query."""

    def __init__(self, knowledge: Knowledge, snapshots: Snapshots, most: int) -> None:
        self.knowledge, self.snapshots, self.most = knowledge, snapshots, most
        self._made: dict[tuple[str, int | None], list[np.ndarray]] = {}
        self._cohort_tables: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    @property
    def per_query(self) -> int:
        """The most that a query has."""
        return min(self.most, self.knowledge.num_items)

    def of(self, asked: Examples) -> Pairs:
        """The candidates of ``asked``: all items for a query that saw few, chosen ones for one that saw many."""
        scores = self.snapshots.scores(asked.rows, asked.seen)
        few = self.knowledge.num_shown_items(asked.seen) <= self.most
        if few.any() and not few.all():
            return self._of_both(asked, np.flatnonzero(few), np.flatnonzero(~few))
        query, item = self._every(asked) if few.all() else self._chosen(asked, scores)
        return Pairs(query, item, *scores.at(query, item))

    def _of_both(self, asked: Examples, few: np.ndarray, many: np.ndarray) -> Pairs:
        parts = [(where, self.of(asked.take(where))) for where in (few, many)]
        query = np.concatenate([where[pairs.query] for where, pairs in parts])
        item, cosine, share = (
            np.concatenate([getattr(pairs, name) for _, pairs in parts]) for name in ("item", "cosine", "share")
        )
        order = np.lexsort((item, query))
        return Pairs(query[order], item[order], cosine[order], share[order])

    def _chosen(self, asked: Examples, scores: Scores) -> tuple[np.ndarray, np.ndarray]:
        sources = list(self._sources(asked, scores))
        query = np.concatenate([s[0] for s in sources])
        item = np.concatenate([s[1] for s in sources])
        # Ties between sources go to the earlier one, so the order of the list is the order of trust.
        priority = np.concatenate([s[2] * len(sources) + k for k, s in enumerate(sources)])
        order = np.lexsort((priority, item, query))
        query, item, priority = query[order], item[order], priority[order]
        first = np.ones(len(query), bool)
        first[1:] = (query[1:] != query[:-1]) | (item[1:] != item[:-1])
        query, item, priority = query[first], item[first], priority[first]
        kept = place_within(query, priority, item) < self.most
        return query[kept], item[kept]

    def _every(self, asked: Examples) -> tuple[np.ndarray, np.ndarray]:
        """All items that are shown to each query."""
        since = self.knowledge.shown_from
        items = np.flatnonzero(since <= asked.seen.max(initial=self.knowledge.until))
        query, item = np.repeat(np.arange(len(asked)), len(items)), np.tile(items, len(asked))
        shown = since[item] <= asked.seen[query]
        return query[shown], item[shown]

    def _sources(self, asked: Examples, scores: Scores) -> Iterator[Source]:
        known = self.knowledge
        for events in (known.main, known.lists, *known.others):
            if len(events.times):
                yield from self._own(events, asked)
        for window in (*[w.length for w in known.windows], None):
            yield self._popular(known.main, asked, window)
        if len(known.lists.times):
            yield self._popular(known.lists, asked, known.windows[1].length)
        yield self._season(asked)
        query = scores.keys // scores.num_items
        yield self._best(query, scores.keys % scores.num_items, -scores.cosine)
        yield self._best(query, scores.keys % scores.num_items, -scores.share)
        for number in range(len(known.cohorts)):
            yield self._of_cohort(number, asked)
        if known.database.is_timed(known.task.item):
            yield self._new(asked)

    def _best(self, query: np.ndarray, item: np.ndarray, cost: np.ndarray) -> Source:
        place = place_within(query, cost, item)
        kept = place < self.most
        return query[kept], item[kept], place[kept]

    def _own(self, events: Events, asked: Examples) -> Iterator[Source]:
        """The entity's items: the latest first, and the most frequent first."""
        links = events.by_entity
        end = links.until(asked.rows, asked.seen)
        query, at = expand(np.maximum(links.start[asked.rows], end - OWN_EVENTS), end)
        event = links.child[at]
        item, times = events.item[event], events.times[event]
        last = latest_distinct(query, item, times, self.most)
        yield self._best(query[last], item[last], -times[last])
        keys, counts = np.unique(query * events.num_items + item, return_counts=True)
        yield self._best(keys // events.num_items, keys % events.num_items, -counts)

    def _popular(self, events: Events, asked: Examples, window: int | None) -> Source:
        """The items met most often in the last ``window``, as of the query's snapshot."""
        moments = self.snapshots.moments
        after = np.full(len(moments), MISSING_TIME) if window is None else moments - window
        tables = self._tables((events.name, window), events, after, moments)
        return _dealt(tables, self.snapshots.which(asked.seen))

    def _season(self, asked: Examples) -> Source:
        """The items met most often a year before the label window."""
        moments = self.snapshots.moments
        until = np.minimum(moments, moments - YEAR + self.knowledge.windows[0].length)
        tables = self._tables(("season", None), self.knowledge.main, moments - YEAR, until)
        return _dealt(tables, self.snapshots.which(asked.seen))

    def _tables(
        self, key: tuple[str, int | None], events: Events, after: np.ndarray, until: np.ndarray
    ) -> list[np.ndarray]:
        """The most frequent items of each range of time, made once."""
        if key not in self._made:
            ranges = zip(*events.between(after, until), strict=True)
            self._made[key] = [_most_frequent(events.item[lo:hi], events.num_items, self.most) for lo, hi in ranges]
        return self._made[key]

    def _of_cohort(self, number: int, asked: Examples) -> Source:
        """The items that the query's group met most often in the last 3 horizons, by the cohort of that number."""
        known = self.knowledge
        group = known.cohorts[number].at(known.main, asked.rows, known.entity_times, asked.seen)
        snapshot = self.snapshots.which(asked.seen)
        parts = []
        for k in distinct(snapshot[snapshot >= 0]):
            of_group, items = self._cohort_table(number, int(k))
            mine = np.flatnonzero(snapshot == k)
            begin = np.searchsorted(of_group, group[mine], side="left")
            query, at = expand(begin, np.searchsorted(of_group, group[mine], side="right"))
            parts.append((mine[query], items[at], at - begin[query]))
        if not parts:
            return (np.zeros(0, np.int64),) * 3
        return tuple(np.concatenate(p) for p in zip(*parts, strict=True))

    def _cohort_table(self, number: int, snapshot: int) -> tuple[np.ndarray, np.ndarray]:
        """(group, item) sorted by group, the most frequent items first, of one cohort at one snapshot."""
        if (number, snapshot) not in self._cohort_tables:
            known, moment = self.knowledge, self.snapshots.moments[snapshot]
            cohort = known.cohorts[number]
            part = np.arange(*known.main.between(moment - known.windows[1].length, moment))
            part = part[is_visible(cohort.times[part], moment) & (cohort.of_event[part] >= 0)]
            pair = cohort.of_event[part] * known.num_items + known.main.item[part]
            pair, counts = np.unique(pair, return_counts=True)
            group, item, place = self._best(pair // known.num_items, pair % known.num_items, -counts)
            order = np.lexsort((place, group))
            self._cohort_tables[number, snapshot] = group[order], item[order]
        return self._cohort_tables[number, snapshot]

    def _new(self, asked: Examples) -> Source:
        """The newest items."""
        times = self.knowledge.item_times
        rows = np.argsort(times, kind="stable")
        rows = rows[times[rows] > TIMELESS]
        end = np.searchsorted(times[rows], asked.seen, side="right")
        query, at = expand(np.maximum(0, end - self.most // 4), end)
        return query, rows[at], end[query] - 1 - at


def _most_frequent(items: np.ndarray, num_items: int, most: int) -> np.ndarray:
    counts = np.bincount(items, minlength=num_items)
    met = np.flatnonzero(counts)
    return met[np.argsort(-counts[met], kind="stable")][:most]


def _dealt(tables: list[np.ndarray], which: np.ndarray) -> Source:
    """Each query gets the items of its table (-1: none)."""
    start = np.concatenate([[0], np.cumsum([len(t) for t in tables])]).astype(np.int64)
    safe = np.maximum(which, 0)
    query, at = expand(start[safe], np.where(which >= 0, start[safe + 1], start[safe]))
    return query, np.concatenate(tables)[at], at - start[safe[query]]
