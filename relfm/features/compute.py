"""Examples to named relational features, along the paths of DESIGN section 3, each from visible rows alone.

What is fitted is fitted on rows up to ``until``, which must not be later than what any query sees.
"""

from dataclasses import replace

import numpy as np

from relfm.database import Database
from relfm.features.ahead import add_ahead
from relfm.features.groups import add_group_targets, groups_by_category
from relfm.features.history import HistoryView, Window, add_recency, add_series
from relfm.features.labels import LabelTable
from relfm.features.matrix import Block, FeatureMatrix
from relfm.features.own import add_calendar, add_cells
from relfm.features.rounds import add_rounds
from relfm.features.season import add_targets_of_last_year
from relfm.features.series import DateSeries, Series, date_series, most_varied, table_series, widest
from relfm.features.still_open import add_followed, add_happened
from relfm.graph import TemporalGraph
from relfm.history import Links, is_visible
from relfm.schema import Relation
from relfm.task import Examples, Task
from relfm.times import DAY, MISSING_TIME, Span

NEAR_COORDINATES, FAR_COORDINATES = 24, 8
"""Coordinates of texts that are aggregated on the path to a child: of its own texts, and of those of another parent."""

MAX_SERIES = 60
"""Series of one table that are aggregated: its own first, and the most varied of them."""

NEAR_FEATURES, FAR_FEATURES = 2_400, 4_000
"""About how many features the entity's children make, and how many all longer paths: a schema of many tables has
thousands of paths, and each gets its even share of the budget, down to counts and recency alone."""

NEAR_COLUMNS, FAR_COLUMNS = 17, 5
"""About how many columns a series makes on a near path and on a far one."""


def compute(
    database: Database,
    task: Task,
    examples: Examples,
    labelled: Examples | None = None,
    *,
    until: int,
    own: Examples | None = None,
) -> FeatureMatrix:
    """float32[N, F] features of ``examples``.

    ``labelled`` are examples whose targets may be read once their windows have closed (the label history); those of
    ``own`` by examples of the same entity alone. ``until`` (microseconds) bounds every fitted statistic. Columns in
    ``task.hidden`` are on no path.
    """
    is_timeless = task.horizon is None and not database.is_timed(task.entity)
    graph = TemporalGraph.of(database, is_timeless=is_timeless).hide(task.hidden)
    labels = LabelTable.of(task, labelled, own) if labelled is not None and len(labelled) else None
    return _Builder(graph, task, examples, labels, until).build()


class _Builder:
    """Walks the paths from the entity; series are made once per table."""

    def __init__(
        self, graph: TemporalGraph, task: Task, examples: Examples, labels: LabelTable | None, until: int
    ) -> None:
        self.graph, self.task, self.examples, self.until = graph, task, examples, until
        self.database = graph.database
        self.windows = windows_of(task.horizon)
        self.labels = labels
        self._targets = [] if self.labels is None else self.labels.series(until)
        self._series: dict[str, list[Series]] = {}
        self._dates: dict[str, list[DateSeries]] = {}
        self._parts: list[FeatureMatrix] = []

    def build(self) -> FeatureMatrix:
        entity, rows = self.task.entity, self.examples.rows
        self._near, self._far = self._shares()
        calendar = Block(len(rows), 0, "the moment of the question")
        horizon = None if self.task.horizon is None else self.task.horizon.approximate()
        add_calendar(calendar, self.examples.cutoffs, self.examples.seen, horizon)
        self._keep(calendar)
        self._cells(entity, rows, 0, "")
        self._label_history()
        for relation in self.graph.children_of(entity):
            self._children(relation, rows, 1, full=True)
        for relation in self.graph.parents_of(entity):
            self._parent(relation, self._own_parents(relation), 1, f" of its {_role(relation)}")
        self._groups()
        for relation in self.graph.children_of(entity):
            self._through_last(relation)
            for deeper in self.graph.children_of(relation.table):
                if deeper.table != entity:
                    self._grandchildren(relation, deeper)
        return FeatureMatrix.concatenate(self._parts, len(rows))

    def _shares(self) -> tuple[int, int]:
        """How many series a near path and a far path may aggregate, so that all together keep to the budget."""
        children = self.graph.children_of(self.task.entity)
        far = sum(len(self.graph.children_of(r.parent)) for r in self.graph.parents_of(self.task.entity))
        for child in children:
            others = [r for r in self.graph.parents_of(child.table) if r.parent != self.task.entity]
            far += sum(1 + len(self.graph.children_of(r.parent)) for r in others)
            far += len(self.graph.children_of(child.table))
        near_share = max(6, NEAR_FEATURES // (NEAR_COLUMNS * max(1, len(children))))
        return min(MAX_SERIES, near_share), min(MAX_SERIES, FAR_FEATURES // (FAR_COLUMNS * max(1, far)))

    def _keep(self, block: Block) -> None:
        self._parts.append(block.to_matrix())

    def _cells(self, table: str, rows: np.ndarray, hops: int, path: str) -> None:
        block = Block(len(rows), hops)
        times, seen = self.database.times(table), self.examples.seen
        add_cells(block, self._own_series(table), self._own_dates(table), times, rows, seen, path)
        self._keep(block)

    def _label_history(self) -> None:
        if self.labels is None:
            return
        block = Block(len(self.examples), 1, "its past targets")
        links = self.labels.links_to_entity(self.database.num_rows(self.task.entity))
        view = HistoryView(links, self.examples.rows, self.examples.seen)
        add_recency(block, view, self.windows[1:], "its past targets", full=False)
        add_series(block, view, self._targets, self.windows, "its past targets", full=True)
        add_targets_of_last_year(block, self.labels.shared, self.examples)
        self._keep(block)

    def _children(self, relation: Relation, rows: np.ndarray, hops: int, *, full: bool, path: str = "") -> None:
        view = HistoryView(self.graph.links(relation), rows, self.examples.seen, self.until)
        name = f"{relation}{path}"
        block = Block(len(rows), hops, None if full else name)
        add_recency(block, view, self.windows, name, full=full)
        if full and self.task.horizon is not None:
            add_rounds(block, view, self.examples.cutoffs, self.windows[0], name)
        series = self._child_series(relation, self._near if full else self._far, enriched=full)
        series += self._child_texts(relation) if full else []
        add_series(block, view, series, self.windows, name, full=full)
        if full:
            dates = self._own_dates(relation.table)
            add_ahead(block, view, dates, self.examples.cutoffs, self.windows[:2], name)
            others = [d for d in dates if d.name != f"{relation.table}.{self._time_column(relation.table)}"]
            add_happened(block, view, others, self.windows[0], name)
            for deeper in self.graph.children_of(relation.table):
                follower = self.graph.links(deeper)
                is_seen = len(follower.moments) and follower.moments[0] <= self.until and not view.is_blank
                if is_seen and deeper.table != self.task.entity:
                    add_followed(block, view, follower, name, str(deeper))
        self._keep(block)

    def _grandchildren(self, relation: Relation, deeper: Relation) -> None:
        view = HistoryView(self.graph.links(relation, deeper), self.examples.rows, self.examples.seen, self.until)
        name = f"{deeper} of {relation}"
        block = Block(len(self.examples), 2, name)
        add_recency(block, view, self.windows, name, full=False)
        series = self._child_series(deeper, self._far, enriched=True)
        add_series(block, view, series, self.windows, name, full=False)
        add_ahead(block, view, self._own_dates(deeper.table), self.examples.cutoffs, self.windows[:2], name)
        self._keep(block)

    def _parent(self, relation: Relation, parents: np.ndarray, hops: int, path: str) -> None:
        """A parent's own row, and its other children up to what was seen."""
        self._cells(relation.parent, parents, hops, path)
        for sibling in self.graph.children_of(relation.parent):
            self._children(sibling, parents, hops + 1, full=False, path=path)

    def _through_last(self, relation: Relation) -> None:
        """The parents of the last visible child: the team that the driver last drove for, and its history."""
        entity_rows = self.examples.rows
        view = HistoryView(self.graph.links(relation), entity_rows, self.examples.seen)
        last = view.last_child()
        for other in self.graph.parents_of(relation.table):
            if other.key == relation.key or other.parent == self.task.entity:
                continue
            parents = self._parents_at(other, last)
            path = f" of the {_role(other)} of its last {relation}"
            self._parent(other, parents, 2, path)
            if self.labels is not None:
                self._relatives(relation, other, parents, path)

    def _relatives(self, relation: Relation, other: Relation, parents: np.ndarray, path: str) -> None:
        """Past targets of the entities that had the same parent when they were labelled."""
        labelled = self.labels.examples
        view = HistoryView(self.graph.links(relation), labelled.rows, labelled.seen)
        had = self._parents_at(other, view.last_child())
        links = self.labels.links_to_shared(had, self.database.num_rows(other.parent))
        self._shared_targets(links, parents, path)

    def _shared_targets(self, links: Links, parents: np.ndarray, path: str) -> None:
        name = f"past targets{path}"
        block = Block(len(self.examples), 2, name)
        view = HistoryView(links, parents, self.examples.seen)
        add_series(block, view, self._targets, self.windows[1:], name, full=False)
        self._keep(block)

    def _groups(self) -> None:
        """The past targets of the entities with the same parent, and of those with the same of many categories."""
        if self.labels is None:
            return
        entity, rows, seen = self.task.entity, self.examples.rows, self.examples.seen
        found = [
            (f"the same {entity}.{column}", codes, num, own)
            for column, codes, num, own in groups_by_category(self.database, entity, rows, seen, self.until)
        ]
        for relation in self.graph.parents_of(entity):
            num, own = self.database.num_rows(relation.parent), self._own_parents(relation)
            found.append((f"its {_role(relation)}", self.graph.parent_rows(relation), num, own))
        for who, groups, num, own in found:
            block = Block(len(rows), 1, f"past targets of {who}")
            add_group_targets(block, self.labels, self._targets, groups, num, own, seen, self.until)
            self._keep(block)

    def _own_parents(self, relation: Relation) -> np.ndarray:
        """The examples' parents (int64[N]), -1 too while an entity's row is not there: its keys are cells of it."""
        rows, times = self.examples.rows, self.database.times(self.task.entity)
        there = (rows >= 0) & is_visible(times[np.maximum(rows, 0)], self.examples.seen) if len(times) else rows >= 0
        return self._parents_at(relation, np.where(there, rows, -1))

    def _parents_at(self, relation: Relation, rows: np.ndarray) -> np.ndarray:
        parents = self.graph.parent_rows(relation)
        return np.where(rows >= 0, parents[np.maximum(rows, 0)], -1) if len(parents) else np.full(len(rows), -1)

    def _own_series(self, table: str) -> list[Series]:
        if table not in self._series:
            self._series[table] = table_series(self.database, table, self.until)
        return self._series[table]

    def _plain_series(self, table: str) -> list[Series]:
        return [one for one in self._own_series(table) if not one.is_coordinate]

    def _coordinates(self, table: str) -> list[Series]:
        return [one for one in self._own_series(table) if one.is_coordinate]

    def _own_dates(self, table: str) -> list[DateSeries]:
        if table not in self._dates:
            self._dates[table] = date_series(self.database, table, self.until)
        return self._dates[table]

    def _time_column(self, table: str) -> str | None:
        return self.database.schema.tables[table].time_column

    def _child_series(self, relation: Relation, most: int, *, enriched: bool) -> list[Series]:
        """At most so many of a child table's own series, and of those of its other parents that were there when it was
        (a line's product's price): the cells of a parent that came later are the child's future, whenever the child is
        looked at. The cut reads values alone, so that no name and no order of columns decides what is kept."""
        own = self._plain_series(relation.table)
        times = self.database.times(relation.table)
        visible = np.flatnonzero(is_visible(times, self.until))
        if not enriched or len(own) >= most:
            return most_varied(own, most, visible)
        far: list[Series] = []
        for other in self.graph.parents_of(relation.table):
            if other.key == relation.key or other.parent == self.task.entity:
                continue
            far += self._of_parent(other, self._plain_series(other.parent))
        return own + most_varied(far, most - len(own), visible)

    def _child_texts(self, relation: Relation) -> list[Series]:
        """The widest coordinates of a child table's texts, and of those of its other parents."""
        found = widest(self._coordinates(relation.table), NEAR_COORDINATES)
        for other in self.graph.parents_of(relation.table):
            if other.key != relation.key and other.parent != self.task.entity:
                found += self._of_parent(other, widest(self._coordinates(other.parent), FAR_COORDINATES))
        return found

    def _of_parent(self, relation: Relation, series: list[Series]) -> list[Series]:
        """A parent's series as its children's, where the parent was there when the child was."""
        parents, role = self.graph.parent_rows(relation), _role(relation)
        times = np.append(self.database.times(relation.parent), MISSING_TIME)[parents]
        there = is_visible(times, self.database.times(relation.table))
        out = []
        for one in series:
            values = np.where(there, np.append(one.values, np.nan)[parents], np.nan)  # -1 is the appended one
            out.append(replace(one, name=f"{one.name} of {role}", values=values, column=f"{one.fact} of {role}"))
        return out


def windows_of(horizon: Span | None) -> tuple[Window, ...]:
    """1, 3 and 12 horizons; a month, a quarter and a year for questions without one."""
    length = 30 * DAY if horizon is None else max(horizon.approximate(), 1)
    return tuple(Window(k * length, str(Span(0, k * length))) for k in (1, 3, 12))


def _role(relation: Relation) -> str:
    return f"{relation.parent} ({'+'.join(relation.key.columns)})"
