"""Features of (query, candidate) pairs: their past, the item's and the entity's, what is alike, places among rivals.

Every value is read up to what the pair's query saw; the places compare a query's own candidates and nothing else.
"""

import numpy as np

from relfm.features.history import YEAR, HistoryView, add_recency
from relfm.features.matrix import Block, FeatureMatrix
from relfm.features.own import add_cells
from relfm.history import Links
from relfm.ranking.candidates import Pairs
from relfm.ranking.events import Events
from relfm.ranking.knowledge import Grouping, Knowledge
from relfm.ranking.segments import place_within
from relfm.task import Examples
from relfm.times import DAY, TIMELESS

LIST_SHARE = "share of the past lists with the item"
PLAIN_PLACE = "place by times met, then by popularity"
LAST_LISTS = (1, 3, 10)
MAX_CHILD_TABLES = 4


class PairFeatures:
    """Computes the features of one chunk of pairs."""

    def __init__(self, knowledge: Knowledge, asked: Examples, pairs: Pairs) -> None:
        self.knowledge, self.query, self.item = knowledge, pairs.query, pairs.item
        self.cosine, self.share = pairs.cosine, pairs.share
        self.rows, self.seen = asked.rows[pairs.query], asked.seen[pairs.query]
        self.cutoffs = asked.cutoffs[pairs.query]
        self.block = Block(len(pairs), 1)

    def build(self) -> FeatureMatrix:
        """float32[P, F]."""
        known = self.knowledge
        pair = self._pair(known.main, full=True)
        for events in known.others:
            self._pair(events, full=False)
        self._lists()
        item = self._item(known.main)
        entity = self._entity(known.main)
        self._shares(pair, item, entity)
        self._phase(pair, item)
        self._groups()
        self._likeness()
        self._places(pair, item)
        return self.block.to_matrix()

    def _view(self, links: Links, rows: np.ndarray) -> HistoryView:
        """The links of ``rows``, one for each pair, as its query saw them."""
        return HistoryView(links, rows, self.seen, self.knowledge.until)

    def _pair(self, events: Events, *, full: bool) -> HistoryView:
        pairs = events.by_pair
        view = self._view(pairs.links, pairs.rows(self.rows, self.item))
        add_recency(self.block, view, self.knowledge.windows, f"{events.name} with the item", full=full)
        return view

    def _lists(self) -> None:
        """In how many of the entity's past lists, and of its latest ones, the item was."""
        known = self.knowledge
        lists = self._view(known.list_links, self.rows)
        pairs = known.lists.by_pair
        view = self._view(pairs.links, pairs.rows(self.rows, self.item))
        number, named = lists.end - lists.begin, view.end - view.begin
        self.block.add("number of past lists", number)
        self.block.add("length of past lists", _ratio(self._list_total(), number))
        self.block.add(LIST_SHARE, _ratio(named, number))
        if lists.is_blank:
            return
        for last in LAST_LISTS:
            first = np.maximum(lists.end - last, lists.begin)
            since = known.list_links.times[np.minimum(first, len(known.list_links.times) - 1)]
            recent = view.end - self._from(view, since)
            self.block.add(f"{LIST_SHARE} (last {last})", _ratio(recent, lists.end - first))
        self._item_lists()

    def _item_lists(self) -> None:
        """How large a share of all lists named the item, of late."""
        known = self.knowledge
        every = self._view(known.lists.all, np.zeros(len(self.rows), np.int64))
        view = self._view(known.lists.by_item, self.item)
        for window in known.windows:
            total, named = every.end - every.since(window.length), view.end - view.since(window.length)
            self.block.add(f"share of all list entries of the last {window.text}", _ratio(named, total))

    def _list_total(self) -> np.ndarray:
        view = self._view(self.knowledge.lists.by_entity, self.rows)
        return view.end - view.begin

    def _from(self, view: HistoryView, since: np.ndarray) -> np.ndarray:
        """Where each row's links with time >= since begin."""
        if not len(view.links.keys):
            return view.begin
        start = view.links.until(np.maximum(view.rows, 0), since - 1)
        return np.where(view.rows >= 0, np.clip(start, view.begin, view.end), view.begin)

    def _item(self, events: Events) -> HistoryView:
        """The item's meetings with anybody, its rows in other tables, its own cells."""
        known = self.knowledge
        view = self._view(events.by_item, self.item)
        add_recency(self.block, view, known.windows, f"{events.name} of the item", full=True)
        relations = [r for r in known.graph.children_of(known.task.item) if r not in events.used]
        nearer = [r for r in known.graph.children_of(known.task.item) if r in events.used and r.table != events.table]
        for relation in [*nearer, *relations][:MAX_CHILD_TABLES]:
            other = self._view(known.graph.links(relation), self.item)
            add_recency(self.block, other, known.windows, f"{relation} of the item", full=False)
        series, dates = [*known.item_series], [*known.item_dates]
        add_cells(self.block, series, dates, known.item_times, self.item, self.seen, " of the item")
        return view

    def _entity(self, events: Events) -> HistoryView:
        view = self._view(events.by_entity, self.rows)
        add_recency(self.block, view, self.knowledge.windows, f"{events.name} of the entity", full=False)
        return view

    def _shares(self, pair: HistoryView, item: HistoryView, entity: HistoryView) -> None:
        """The pair's part of all that the entity did, and the item's part of all that happened."""
        every = self._view(self.knowledge.main.all, np.zeros(len(self.rows), np.int64))
        own = _ratio(pair.end - pair.begin, entity.end - entity.begin)
        self.block.add("share of the item in all that the entity met", own)
        for window in self.knowledge.windows:
            at = window.length
            own = _ratio(pair.end - pair.since(at), entity.end - entity.since(at))
            self.block.add(f"share of the item in what the entity met over the last {window.text}", own)
            whole = _ratio(item.end - item.since(at), every.end - every.since(at))
            self.block.add(f"share of the item in all that was met over the last {window.text}", whole)

    def _phase(self, pair: HistoryView, item: HistoryView) -> None:
        """When the item comes round again if it keeps its day of the year."""
        if item.is_blank:
            return
        for name, view in (("its last meeting", pair), ("the item's last meeting", item)):
            last = view.links.times[np.maximum(view.end - 1, 0)]
            some = (view.end > view.begin) & (last > TIMELESS)
            wait = (np.where(some, last, 0) - self.cutoffs) % YEAR
            self.block.add(f"days until the anniversary of {name}", np.where(some, wait / DAY, np.nan))

    def _groups(self) -> None:
        known = self.knowledge
        for cohort in known.cohorts:
            group = cohort.at(known.main, self.rows, known.entity_times, self.seen)
            self._group(cohort, cohort.pairs.rows(group, self.item), group, f"the {cohort.name} of the entity")
        for kind in known.kinds:
            group = kind.at(known.main, self.item, known.item_times, self.seen)
            self._group(kind, kind.pairs.rows(self.rows, group), self.rows, f"the {kind.name} of the item")

    def _group(self, grouping: Grouping, pair: np.ndarray, owner: np.ndarray, name: str) -> None:
        view = self._view(grouping.pairs.links, pair)
        whole = self._view(grouping.links, owner)
        self.block.add(f"share by {name}", _ratio(view.end - view.begin, whole.end - whole.begin))
        for window in self.knowledge.windows[:2]:
            at = window.length
            share = _ratio(view.end - view.since(at), whole.end - whole.since(at))
            self.block.add(f"share by {name} over the last {window.text}", share)

    def _likeness(self) -> None:
        self.block.add("likeness to what the entity met", self.cosine)
        self.block.add("share of those who met the same that met the item", self.share)

    def _places(self, pair: HistoryView, item: HistoryView) -> None:
        """Places among the query's candidates; ties share the best place, so they do not depend on the item's row."""
        window = self.knowledge.windows
        last = pair.links.times[np.maximum(pair.end - 1, 0)] if len(pair.links.times) else np.zeros(len(self.rows))
        met = pair.end > pair.begin
        popular = item.end - item.since(window[1].length)
        ranked = {
            PLAIN_PLACE: ((pair.end - pair.begin) << 32) + popular,
            "place of its last meeting": np.where(met, last, TIMELESS).astype(np.int64),
            "place by times met": pair.end - pair.begin,
            "place by popularity": item.end - item.begin,
            f"place by popularity over the last {window[0].text}": item.end - item.since(window[0].length),
            f"place by popularity over the last {window[1].text}": popular,
            "place by likeness": self.cosine,
        }
        for name, value in ranked.items():
            self.block.add(name, _tied_place(self.query, -value))


def _tied_place(owner: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """int64[n]: how many rows of the same owner cost less."""
    place = place_within(owner, cost)
    order = np.lexsort((place, owner))
    first = np.ones(len(order), bool)
    first[1:] = (owner[order][1:] != owner[order][:-1]) | (cost[order][1:] != cost[order][:-1])
    out = np.empty(len(order), np.int64)
    out[order] = place[order][np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    return out


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """float64[n], NaN where there is nothing to be a part of."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
