"""The Labeller of a question: its SQL over the snapshot, its answer as Examples.

A label depends on rows up to the end of its own window and on nothing else.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from relfm.database import Database
from relfm.distinct import distinct
from relfm.errors import DataCannotAnswer
from relfm.labels.answers import Answer, times_of
from relfm.labels.engine import ROW, engine_of
from relfm.labels.keys import rows_of_ids, rows_of_keys
from relfm.labels.statement import LabelSql, context_where, label_statement, population_statement
from relfm.query.binding import BoundQuery, bind
from relfm.query.checks import check, is_static
from relfm.query.nodes import Aggregate, Column, Function, Moment, PredictiveQuery
from relfm.query.walk import aggregates_of
from relfm.schema import Schema
from relfm.task import Examples
from relfm.times import DAY, MISSING_TIME, TIMELESS, Span, format_time, to_datetime64

_LONGEST_MONTH = 31 * DAY


@dataclass(frozen=True)
class QueryLabeller:
    """Labels for a checked question. ``classes`` turns values into class indices; others have no label."""

    bound: BoundQuery
    classes: tuple = field(default=())

    @classmethod
    def of(cls, query: PredictiveQuery | str, schema: Schema) -> "QueryLabeller":
        """The labeller of ``query``; QuestionError if it does not fit ``schema``."""
        bound = bind(query, schema)
        check(bound)
        return cls(bound)

    @cached_property
    def horizon(self) -> Span | None:
        """Until when a label can still change: the end of the last window of the target or of ASSUMING, of the last
        step of a forecast. None for a static question. Months and days together are bounded by months of 31 days."""
        query = self.bound.query
        ends = [
            a.window.shifted((query.forecast or 1) - 1).ends for a in aggregates_of(query.target) if a.window.end > 0
        ]
        ends += [a.window.ends for a in aggregates_of(query.assuming)]
        if not ends:
            return None
        if all(s.months == 0 for s in ends) or all(s.microseconds == 0 for s in ends):
            return max(ends, key=lambda s: (s.months, s.microseconds))
        return Span(0, max(s.months * _LONGEST_MONTH + s.microseconds for s in ends))

    @cached_property
    def item(self) -> tuple[str, str] | None:
        """The (table, key column) that a ranking ranks."""
        target = self.bound.query.target
        if not (isinstance(target, Aggregate) and target.function is Function.LIST_DISTINCT):
            return None
        if not isinstance(target.argument, Column):
            return None
        keys = self.bound.schema.tables[target.argument.table].foreign_keys
        key = next(fk for fk in keys if fk.columns == (target.argument.name,))
        return key.table, key.other_columns[0]

    @property
    def splits_where(self) -> bool:
        """Whether a part of WHERE is about the very cell that is predicted."""
        return context_where(self.bound) != self.bound.query.where

    def label(self, database: Database, cutoffs: np.ndarray, rows: np.ndarray | None = None) -> Examples:
        """Examples sorted by (cutoff, row). A static question has one for each row with a known cell up to the latest
        of ``cutoffs``, at the row's own time. A forecast is labelled with its first step."""
        return self.label_step(database, cutoffs, 0, rows)

    def label_step(
        self, database: Database, cutoffs: np.ndarray, step: int, rows: np.ndarray | None = None
    ) -> Examples:
        """The same for the window that begins ``step`` window lengths later."""
        return self._answer(database, cutoffs, step, rows).examples(database, self.classes, self.item)

    def values(self, database: Database, cutoffs: np.ndarray) -> list:
        """The distinct target values at ``cutoffs``, sorted: what classes are made of."""
        return self._answer(database, cutoffs, 0).values()

    def population(self, database: Database, cutoff: int) -> np.ndarray:
        """The rows with the ids asked for; without ids those that exist at ``cutoff`` and meet WHERE (for a missing
        cell: those that lack it). DataCannotAnswer names ids that no row has by then."""
        times = database.times(self.bound.entity.name)
        if self.bound.query.entity.ids is not None:
            return self._asked(database, times, cutoff)
        statement = self._population
        table = engine_of(database).run(statement.text, np.array([cutoff]), cutoff)
        rows = self._rows(database, statement, table)
        return distinct(rows[rows >= 0])

    def _asked(self, database: Database, times: np.ndarray, cutoff: int) -> np.ndarray:
        entity = self.bound.query.entity
        ids = [c.value for c in entity.ids]
        ids = [to_datetime64(i.microseconds).item() if isinstance(i, Moment) else i for i in ids]
        rows = rows_of_ids(database, entity.table, entity.key, ids)
        unborn = (times[rows] > cutoff) | (times[rows] == MISSING_TIME)
        if unborn.any():
            named = ", ".join(str(ids[i]) for i in np.flatnonzero(unborn)[:5])
            raise DataCannotAnswer(
                f"{entity.table} with {entity.key} {named} did not exist at {format_time(cutoff)}",
                hint="predict at a later time, or leave those ids out",
            )
        return distinct(rows)

    @cached_property
    def _population(self) -> LabelSql:
        return population_statement(self.bound)

    @cached_property
    def _statements(self) -> dict[tuple[int, bool], LabelSql]:
        """By step, and whether only some entities are asked about."""
        return {}

    def _answer(self, database: Database, cutoffs: np.ndarray, step: int, asked: np.ndarray | None = None) -> Answer:
        form = (step, asked is not None)
        if form not in self._statements:
            self._statements[form] = label_statement(self.bound, step, among_asked=asked is not None)
        statement = self._statements[form]
        cutoffs = distinct(np.asarray(cutoffs, dtype=np.int64))
        until = int(self.horizon.after(cutoffs).max()) if self.horizon is not None and len(cutoffs) else 0
        if is_static(self.bound):
            cutoffs, until = self._own_times(database, int(cutoffs.max())), int(cutoffs.max())
        keys = None if asked is None else self._keys(database, asked)
        table = engine_of(database).run(statement.text, cutoffs, until, keys)
        times = times_of(table.column(statement.time_column), statement.time_column)
        rows = self._rows(database, statement, table)
        return Answer(self.bound.entity.name, rows, times, table.column(statement.target_column))

    def _own_times(self, database: Database, at: int) -> np.ndarray:
        times = database.times(self.bound.entity.name)
        times = distinct(times[(times != MISSING_TIME) & (times <= at)])
        return np.array([at]) if len(times) and times[0] == TIMELESS else times

    def _keys(self, database: Database, rows: np.ndarray) -> pa.Table:
        keys = self.bound.entity.primary_key
        return database.tables[self.bound.entity.name].select(keys).take(rows) if keys else pa.table({ROW: rows})

    def _rows(self, database: Database, statement: LabelSql, table: pa.Table) -> np.ndarray:
        if not statement.key_columns:
            return table.column(ROW).to_numpy()
        values = [table.column(name) for name in statement.key_columns]
        return rows_of_keys(database, self.bound.entity.name, statement.key_columns, values)
