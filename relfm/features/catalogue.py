"""The series of every table on the paths, made once each, and which of them a path aggregates."""

from dataclasses import replace

import numpy as np

from relfm.features.series import DateSeries, Series, date_series, most_varied, table_series, widest
from relfm.graph import TemporalGraph
from relfm.history import is_visible
from relfm.schema import Relation
from relfm.times import MISSING_TIME

NEAR_COORDINATES, FAR_COORDINATES = 24, 8
"""Coordinates of texts that are aggregated on the path to a child: of its own texts, and of those of another parent."""


class SeriesCatalogue:
    """Series of the tables of a graph, fitted on rows visible at ``until``, for questions about ``entity``."""

    def __init__(self, graph: TemporalGraph, entity: str, until: int) -> None:
        self._graph, self._entity, self._until = graph, entity, until
        self._series: dict[str, list[Series]] = {}
        self._dates: dict[str, list[DateSeries]] = {}

    def own(self, table: str) -> list[Series]:
        """All series of a table."""
        if table not in self._series:
            self._series[table] = table_series(self._graph.database, table, self._until)
        return self._series[table]

    def dates(self, table: str) -> list[DateSeries]:
        """Its dates."""
        if table not in self._dates:
            self._dates[table] = date_series(self._graph.database, table, self._until)
        return self._dates[table]

    def other_dates(self, table: str) -> list[DateSeries]:
        """Its dates but the one that says when a row is there."""
        own = self._graph.database.schema.tables[table].time_column
        return [one for one in self.dates(table) if one.name != f"{table}.{own}"]

    def of_children(self, relation: Relation, most: int, *, enriched: bool) -> list[Series]:
        """At most so many of a child table's own series, and of those of its other parents that were there when it was
        (a line's product's price): the cells of a parent that came later are the child's future, whenever the child is
        looked at. The cut reads values alone, so that no name and no order of columns decides what is kept."""
        own = self._plain(relation.table)
        visible = np.flatnonzero(is_visible(self._graph.database.times(relation.table), self._until))
        if not enriched or len(own) >= most:
            return most_varied(own, most, visible)
        far: list[Series] = []
        for other in self._other_parents(relation):
            far += self._of_parent(other, self._plain(other.parent))
        return own + most_varied(far, most - len(own), visible)

    def texts_of_children(self, relation: Relation) -> list[Series]:
        """The widest coordinates of a child table's texts, and of those of its other parents."""
        found = widest(self._coordinates(relation.table), NEAR_COORDINATES)
        for other in self._other_parents(relation):
            found += self._of_parent(other, widest(self._coordinates(other.parent), FAR_COORDINATES))
        return found

    def _plain(self, table: str) -> list[Series]:
        return [one for one in self.own(table) if not one.is_coordinate]

    def _coordinates(self, table: str) -> list[Series]:
        return [one for one in self.own(table) if one.is_coordinate]

    def _other_parents(self, relation: Relation) -> list[Relation]:
        others = self._graph.parents_of(relation.table)
        return [other for other in others if other.key != relation.key and other.parent != self._entity]

    def _of_parent(self, relation: Relation, series: list[Series]) -> list[Series]:
        """A parent's series as its children's, where the parent was there when the child was."""
        parents, role = self._graph.parent_rows(relation), role_of(relation)
        times = np.append(self._graph.database.times(relation.parent), MISSING_TIME)[parents]
        there = is_visible(times, self._graph.database.times(relation.table))
        out = []
        for one in series:
            values = np.where(there, np.append(one.values, np.nan)[parents], np.nan)  # -1 is the appended one
            out.append(replace(one, name=f"{one.name} of {role}", values=values, column=f"{one.fact} of {role}"))
        return out


def role_of(relation: Relation) -> str:
    """What a parent is called from its children: its table, and the key that points at it."""
    return f"{relation.parent} ({'+'.join(relation.key.columns)})"
