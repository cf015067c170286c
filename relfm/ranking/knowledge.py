"""What ranking knows of a database and a task: events that tie entities to items, and groups that both fall into.

All of it is stored with its times and read only up to what a query saw; choices are made on rows up to ``until`` alone.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relfm.context import known_at
from relfm.database import Database
from relfm.distinct import distinct
from relfm.features.compute import windows_of
from relfm.features.history import HistoryView, Window
from relfm.features.series import DateSeries, Series, date_series, table_series
from relfm.graph import TemporalGraph
from relfm.history import Links, is_visible
from relfm.ranking.events import Events, PairLinks, closest, events_between, past_lists
from relfm.reading import stype_as_seen
from relfm.stype import Stype
from relfm.task import Examples, Task
from relfm.times import MISSING_TIME

MAX_GROUPINGS = 4
MOST_GROUPS = 500


@dataclass(frozen=True)
class Grouping:
    """A way in which entities or items fall into groups: the driver's team, the product's brand.

    of_row    int64[n]  group of each row of the entity or item table, None where it is that of the latest event
    of_event  int64[E]  group of each of the main events, -1 for none
    """

    name: str
    of_row: np.ndarray | None
    of_event: np.ndarray
    times: np.ndarray
    pairs: PairLinks
    links: Links

    def at(self, events: Events, rows: np.ndarray, row_times: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """int64[n]: each row's group as seen, -1 for none."""
        if self.of_row is not None:
            return np.where(is_visible(row_times[rows], seen), self.of_row[rows], -1)
        last = HistoryView(events.by_entity, rows, seen).last_child()
        return np.append(self.of_event, -1)[last]


@dataclass(frozen=True)
class Knowledge:
    """main: the events most like the lists; others: further relations; lists: the labelled ones as events.

    until  the earliest moment that any query saw: choices rest on rows up to it alone
    """

    task: Task
    graph: TemporalGraph
    until: int
    main: Events
    others: tuple[Events, ...]
    lists: Events
    list_links: Links
    windows: tuple[Window, ...]
    cohorts: tuple[Grouping, ...]
    kinds: tuple[Grouping, ...]
    item_series: tuple[Series, ...]
    item_dates: tuple[DateSeries, ...]

    @property
    def database(self) -> Database:
        return self.graph.database

    @property
    def num_items(self) -> int:
        return self.lists.num_items

    @cached_property
    def shown_from(self) -> np.ndarray:
        """int64[n]: since when each item can be ranked: it is there, or was met before its own row says that it is."""
        never = np.iinfo(np.int64).max
        since = np.where(self.item_times == MISSING_TIME, never, self.item_times)
        for events in (self.main, self.lists):
            links = events.by_item
            met = np.flatnonzero(np.diff(links.start))
            since[met] = np.minimum(since[met], links.times[links.start[met]])
        return since

    def num_shown_items(self, seen: np.ndarray) -> np.ndarray:
        """int64[N]: how many items can be ranked at each of ``seen``: later rows must not decide how a query's
        candidates are found."""
        return np.searchsorted(np.sort(self.shown_from), seen, side="right")

    @property
    def entity_times(self) -> np.ndarray:
        return self.database.times(self.task.entity)

    @property
    def item_times(self) -> np.ndarray:
        return self.database.times(self.task.item)

    @classmethod
    def of(cls, graph: TemporalGraph, task: Task, labelled: Examples, until: int) -> "Knowledge":
        """``labelled`` are all labelled examples; ``until`` is the earliest moment that any query saw."""
        database = graph.database
        lists = past_lists(task, labelled, database.num_rows(task.entity), database.num_rows(task.item))
        known = known_at(task, labelled.cutoffs)
        relations = events_between(graph, task.entity, task.item)
        main = closest(task, relations, lists, labelled.take(known <= until))
        return cls(
            task,
            graph,
            until,
            main,
            tuple(e for e in relations if e is not main),
            lists,
            Links.of(labelled.rows, known, lists.num_entities),
            windows_of(task.horizon),
            tuple(_cohorts(graph, task, main, until)),
            tuple(_kinds(graph, task, main, until)),
            tuple(table_series(database, task.item, until)),
            tuple(date_series(database, task.item, until)),
        )


def _cohorts(graph: TemporalGraph, task: Task, main: Events, until: int) -> list[Grouping]:
    """Groups of entities: what they point at, what they have in common, what their last event points at."""
    out = [
        _grouping(main, name, groups, groups[main.entity], graph.database.times(task.entity)[main.entity], cohort=True)
        for name, groups in _groups_of(graph, task.entity, task.item, until)
    ]
    if main.table is not None:
        for relation in graph.parents_of(main.table):
            if relation not in main.used and relation.parent not in (task.entity, task.item):
                groups = graph.parent_rows(relation)[main.rows]
                out.append(_grouping(main, f"{relation} of the last", None, groups, main.times, cohort=True))
    return out[:MAX_GROUPINGS]


def _kinds(graph: TemporalGraph, task: Task, main: Events, until: int) -> list[Grouping]:
    """Groups of items: what they point at and what they have in common."""
    times = graph.database.times(task.item)[main.item]
    found = _groups_of(graph, task.item, task.entity, until)
    return [_grouping(main, n, groups, groups[main.item], times, cohort=False) for n, groups in found][:MAX_GROUPINGS]


def _grouping(
    main: Events, name: str, of_row: np.ndarray | None, of_event: np.ndarray, known: np.ndarray, *, cohort: bool
) -> Grouping:
    """An event counts for a group once the row that tells the group is known too."""
    times = np.where(known == MISSING_TIME, MISSING_TIME, np.maximum(main.times, known))
    number = max(int(groups.max(initial=0)) for groups in (of_event, of_event if of_row is None else of_row)) + 1
    left, right = (of_event, main.item) if cohort else (main.entity, of_event)
    pairs = PairLinks.of(left, right, times, main.num_items if cohort else number)
    links = Links.of(left, times, number if cohort else main.num_entities)
    return Grouping(name, of_row, of_event, times, pairs, links)


def _groups_of(graph: TemporalGraph, table: str, apart: str, until: int) -> list[tuple[str, np.ndarray]]:
    """(name, group of each row) by what the table's rows point at and by its categories of few values."""
    database = graph.database
    parents = [r for r in graph.parents_of(table) if r.parent not in (table, apart)]
    out = [(str(r), graph.parent_rows(r)) for r in parents]
    visible = is_visible(database.times(table), until)
    described = database.schema.tables[table]
    for column in described.columns:
        cells = database.tables[table].column(column.name)
        hidden = database.is_hidden(table, column.name)
        if hidden or stype_as_seen(described, column, cells, visible) != Stype.categorical:
            continue
        codes, _ = database.codes(table, column.name)
        if 2 <= len(distinct(codes[visible & (codes >= 0)])) <= MOST_GROUPS:
            out.append((f"{table}.{column.name}", codes))
    return out[:MAX_GROUPINGS]
