"""Examples to named relational features, along the paths of DESIGN section 3, each from visible rows alone.

What is fitted is fitted on rows up to ``until``, which must not be later than what any query sees.
"""

from collections.abc import Callable
from copy import copy
from functools import partial

import numpy as np

from relfm.database import Database
from relfm.features.ahead import add_ahead
from relfm.features.answers import KnownAnswers
from relfm.features.catalogue import SeriesCatalogue, role_of
from relfm.features.groups import add_group_targets, groups_by_category, roles_of_parent
from relfm.features.history import HistoryView, Window, add_recency, add_series
from relfm.features.labels import LabelTable
from relfm.features.matrix import Block, FeatureMatrix
from relfm.features.own import add_calendar, add_cells
from relfm.features.peers import Peers, ends_of, path_to
from relfm.features.related import related
from relfm.features.rounds import add_rounds
from relfm.features.season import add_targets_of_last_year
from relfm.features.still_open import add_followed, add_happened
from relfm.graph import TemporalGraph
from relfm.history import Links, is_visible
from relfm.schema import Relation
from relfm.task import Examples, Task
from relfm.times import DAY, Span

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
        self.series = SeriesCatalogue(graph, task.entity, until)
        self._targets = [] if self.labels is None else self.labels.series(until)
        self._near, self._far = self._shares()
        self._block: Callable[..., Block] = partial(Block, len(examples))
        self._parts: list[FeatureMatrix] = []

    def build(self) -> FeatureMatrix:
        entity, rows = self.task.entity, self.examples.rows
        calendar = self._block(0, "the moment of the question")
        horizon = None if self.task.horizon is None else self.task.horizon.approximate()
        add_calendar(calendar, self.examples.cutoffs, self.examples.seen, horizon)
        self._keep(calendar)
        self._cells(entity, rows, 0, "")
        self._label_history()
        for relation in self.graph.children_of(entity):
            self._children(relation, rows, 1, full=True)
        for relation in self.graph.parents_of(entity):
            self._parent(relation, self._own_parents(relation), 1, f" of its {role_of(relation)}")
        if self.graph.is_timeless:
            self._answers()
        else:
            self._groups()
        for relation in self.graph.children_of(entity):
            self._through_last(relation)
            self._beside(relation)
            for deeper in self.graph.children_of(relation.table):
                if deeper.table != entity:
                    self._grandchildren(relation, deeper)
        return FeatureMatrix.concatenate(self._parts, len(rows))

    def _shares(self) -> tuple[int, int]:
        """How many series a near path and a far path may aggregate, so that all together keep to the budget."""
        children = self.graph.children_of(self.task.entity)
        far = sum(len(self.graph.children_of(r.parent)) for r in self.graph.parents_of(self.task.entity))
        for child in children:
            others = [r for r in self.graph.parents_of(child.table) if r.key != child.key]
            far += sum(1 + len(self.graph.children_of(r.parent)) for r in others)
            far += len(self.graph.children_of(child.table))
        near_share = max(6, NEAR_FEATURES // (NEAR_COLUMNS * max(1, len(children))))
        return min(MAX_SERIES, near_share), min(MAX_SERIES, FAR_FEATURES // (FAR_COLUMNS * max(1, far)))

    def _keep(self, block: Block) -> None:
        self._parts.append(block.to_matrix())

    def _cells(self, table: str, rows: np.ndarray, hops: int, path: str) -> None:
        block = self._block(hops)
        times, seen = self.database.times(table), self.examples.seen
        add_cells(block, self.series.own(table), self.series.dates(table), times, rows, seen, path)
        self._keep(block)

    def _label_history(self) -> None:
        if self.labels is None:
            return
        block = self._block(1, "its past targets")
        links = self.labels.links_to_entity(self.database.num_rows(self.task.entity))
        view = HistoryView(links, self.examples.rows, self.examples.seen)
        add_recency(block, view, self.windows[1:], "its past targets", full=False)
        add_series(block, view, self._targets, self.windows, "its past targets", full=True)
        add_targets_of_last_year(block, self.labels.shared, self.examples)
        self._keep(block)

    def _children(self, relation: Relation, rows: np.ndarray, hops: int, *, full: bool, path: str = "") -> None:
        view = HistoryView(self.graph.links(relation), rows, self.examples.seen, self.until)
        name = f"{relation}{path}"
        block = self._block(hops, None if full else name)
        add_recency(block, view, self.windows, name, full=full)
        if full and self.task.horizon is not None:
            add_rounds(block, view, self.examples.cutoffs, self.windows[0], name)
        series = self.series.of_children(relation, self._near if full else self._far, enriched=full)
        series += self.series.texts_of_children(relation) if full else []
        add_series(block, view, series, self.windows, name, full=full)
        if full:
            dates = self.series.dates(relation.table)
            add_ahead(block, view, dates, self.examples.cutoffs, self.windows[:2], name)
            add_happened(block, view, self.series.other_dates(relation.table), self.windows[0], name)
            for deeper in self.graph.children_of(relation.table):
                follower = self.graph.links(deeper)
                is_seen = len(follower.moments) and follower.moments[0] <= self.until and not view.is_blank
                if is_seen and deeper.table != self.task.entity:
                    add_followed(block, view, follower, name, str(deeper))
        self._keep(block)

    def _grandchildren(self, relation: Relation, deeper: Relation) -> None:
        view = HistoryView(self.graph.links(relation, deeper), self.examples.rows, self.examples.seen, self.until)
        name = f"{deeper} of {relation}"
        block = self._block(2, name)
        add_recency(block, view, self.windows, name, full=False)
        series = self.series.of_children(deeper, self._far, enriched=True)
        add_series(block, view, series, self.windows, name, full=False)
        add_ahead(block, view, self.series.dates(deeper.table), self.examples.cutoffs, self.windows[:2], name)
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
            path = f" of the {role_of(other)} of its last {relation}"
            self._parent(other, parents, 2, path)
            if self.labels is not None:
                self._relatives(relation, other, parents, path)

    def _beside(self, relation: Relation) -> None:
        """The other entities that a child table's rows point at: their cells, their children, their past targets."""
        view = HistoryView(self.graph.links(relation), self.examples.rows, self.examples.seen, self.until)
        for other in ends_of(self.graph, relation):
            if view.is_blank:
                continue
            peers = Peers.of(view, self.graph.parent_rows(other))
            rows, path = peers.examples.rows, path_to(relation, other)
            walk = copy(self)
            walk.examples, walk._block = peers.examples, peers.block
            walk._parent(other, rows, 2, path)
            if self.labels is not None:
                links = self.labels.links_to_shared(self.labels.examples.rows, self.database.num_rows(other.parent))
                walk._shared_targets(links, rows, path)

    def _relatives(self, relation: Relation, other: Relation, parents: np.ndarray, path: str) -> None:
        """Past targets of the entities that had the same parent when they were labelled."""
        labelled = self.labels.examples
        view = HistoryView(self.graph.links(relation), labelled.rows, labelled.seen)
        had = self._parents_at(other, view.last_child())
        links = self.labels.links_to_shared(had, self.database.num_rows(other.parent))
        self._shared_targets(links, parents, path)

    def _shared_targets(self, links: Links, parents: np.ndarray, path: str) -> None:
        name = f"past targets{path}"
        block = self._block(2, name)
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
            for who, other in roles_of_parent(self.graph, relation):
                found.append((who, self.graph.parent_rows(other), num, own))
        for who, groups, num, own in found:
            block = self._block(1, f"past targets of {who}")
            links = self.labels.links_to_shared(groups[self.labels.examples.rows], num)
            view = HistoryView(links, own, seen, self.until)
            add_group_targets(block, view, self._targets, self.windows if self.task.horizon is None else ())
            self._keep(block)

    def _answers(self) -> None:
        """Known answers of the rows that are of the same group."""
        if self.labels is None:
            return
        rows = self.examples.rows
        known = KnownAnswers(self.labels, self._targets, self.database.num_rows(self.task.entity))
        for who, members, asked in related(self.graph, self.task.entity, self.examples, self.until):
            block = self._block(1, f"known answers of {who}")
            known.add(block, members, asked, rows)
            self._keep(block)

    def _own_parents(self, relation: Relation) -> np.ndarray:
        """The examples' parents (int64[N]), -1 too while an entity's row is not there: its keys are cells of it."""
        rows, times = self.examples.rows, self.database.times(self.task.entity)
        there = (rows >= 0) & is_visible(times[np.maximum(rows, 0)], self.examples.seen) if len(times) else rows >= 0
        return self._parents_at(relation, np.where(there, rows, -1))

    def _parents_at(self, relation: Relation, rows: np.ndarray) -> np.ndarray:
        parents = self.graph.parent_rows(relation)
        return np.where(rows >= 0, parents[np.maximum(rows, 0)], -1) if len(parents) else np.full(len(rows), -1)


def windows_of(horizon: Span | None) -> tuple[Window, ...]:
    """1, 3 and 12 horizons; a month, a quarter and a year for questions without one."""
    length = 30 * DAY if horizon is None else max(horizon.approximate(), 1)
    return tuple(Window(k * length, str(Span(0, k * length))) for k in (1, 3, 12))
