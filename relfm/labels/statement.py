"""A bound question as one SELECT: cutoffs times entities, with what each window holds joined on.

The statement reads the relation ``timestamps(timestamp)`` and the user's tables and columns, nothing else.
"""

from dataclasses import dataclass, replace

from relfm.labels.engine import ROW, numbered
from relfm.labels.expressions import Scope, condition_sql, expression_sql, identifier
from relfm.labels.joins import Joins, Relations, fresh, named
from relfm.labels.windows import Windows, is_asked, may_be_null
from relfm.query.binding import BoundQuery
from relfm.query.checks import is_static
from relfm.query.nodes import Aggregate, Column, Condition, Empty, Logic
from relfm.query.walk import aggregates_of, columns_of, columns_outside_aggregates, is_condition
from relfm.schema import quoted

_CUTOFF = "timestamps.timestamp"


@dataclass(frozen=True)
class LabelSql:
    """A statement and the names of its columns; ``key_columns`` is empty if rows are named by their number."""

    text: str
    time_column: str
    key_columns: tuple[str, ...]
    target_column: str


def label_statement(
    bound: BoundQuery,
    step: int = 0,
    *,
    timedelta: str | None = None,
    target_column: str | None = None,
    among_asked: bool = False,
) -> LabelSql:
    """One row per entity of the population, cutoff and known label. ``step`` moves the target's windows ahead by so
    many of their lengths. An interval of length ``timedelta`` is written as RelBench's ``{timedelta}``. With
    ``among_asked`` only entities of the relation ``ASKED`` are labelled."""
    return _Statement(bound, step, timedelta, target_column, among_asked).labels()


def population_statement(bound: BoundQuery) -> LabelSql:
    """One row per entity that the question is about, without a label: nothing after the cutoff is read."""
    return _Statement(bound).population()


def context_where(bound: BoundQuery) -> Condition | None:
    """What WHERE says about whom to learn from. Where a cell is predicted, what it says about that very cell says
    whom to predict: the rows that lack it could teach nothing."""
    where = bound.query.where
    if not is_static(bound) or where is None:
        return where
    target = set(columns_outside_aggregates(bound.query.target))
    parts = where.conditions if isinstance(where, Logic) and where.operator == "AND" else (where,)
    kept = tuple(p for p in parts if target.isdisjoint(columns_of(p)))
    if len(kept) > 1:
        return replace(where, conditions=kept)
    return kept[0] if kept else None


class _Statement:
    def __init__(
        self,
        bound: BoundQuery,
        step: int = 0,
        timedelta: str | None = None,
        target: str | None = None,
        among_asked: bool = False,
    ) -> None:
        self.bound, self.query, self.entity = bound, bound.query, bound.entity
        self.static = is_static(bound)
        self.relations = Relations(bound.schema)
        taken = {c.name.casefold() for t in bound.schema.tables.values() for c in t.columns}
        self.time_column = fresh("timestamp", {key.casefold() for key in self.entity.primary_key})
        self.target_column = target or fresh("label", taken)
        self.among_asked = among_asked
        self.windows = Windows(bound, self.relations, step, timedelta, among_asked)
        self.joins = Joins(self.relations, self.entity.name, _CUTOFF, reserved=["timestamps"])
        self.scope = Scope(bound, self._column, self._aggregate)

    def labels(self) -> LabelSql:
        target = self.query.target
        if is_condition(target):
            label = f"CAST({condition_sql(target, self.scope)} AS INTEGER)"
        else:
            label = expression_sql(target, self.scope)
        wanted = [
            condition_sql(c, self.scope) for c in (context_where(self.bound), self.query.assuming) if c is not None
        ]
        if self.query.empty is Empty.SKIP:
            wanted += [f"{self.windows.value(a)} IS NOT NULL" for a in aggregates_of(target)]
        if may_be_null(target, self.query.empty):
            wanted.append(f"{identifier(self.target_column)} IS NOT NULL")
        return self._written([f"{label} AS {identifier(self.target_column)}"], wanted, "=" if self.static else "<=")

    def population(self) -> LabelSql:
        wanted = [condition_sql(self.query.where, self.scope)] if self.query.where is not None else []
        if self.static:
            target = self.query.target
            compiled = condition_sql if is_condition(target) else expression_sql
            wanted.append(f"({compiled(target, self.scope)}) IS NULL")
        return self._written([], wanted, "<=")

    def _written(self, labels: list[str], wanted: list[str], visible: str) -> LabelSql:
        """The statement. By now every expression has been compiled, so all joins are known."""
        keys = self.entity.primary_key
        own = [f"{self.joins.start}.{identifier(key)}" for key in keys] or [f"{self.joins.start}.{quoted(ROW)}"]
        relation = self.relations.name(self.entity.name) if keys else quoted(numbered(self.entity.name))
        time = self.relations.time(self.entity.name, self.joins.start)
        population = named(relation, self.joins.start)
        cutoff = _CUTOFF if self.time_column == "timestamp" else f"{_CUTOFF} AS {self.time_column}"
        lines = [f"SELECT {', '.join([cutoff, *own, *labels])}", "FROM timestamps"]
        lines.append(f"CROSS JOIN {population}" if time is None else f"JOIN {population} ON {time} {visible} {_CUTOFF}")
        lines += self.joins.lines + self.windows.joined_to(own)
        if self.among_asked:
            wanted.append(is_asked(own, keys))
        if wanted:
            lines.append("WHERE " + "\n  AND ".join(wanted))
        lines.append(f"ORDER BY {', '.join(str(i) for i in range(1, len(own) + 2))}")
        return LabelSql(
            _with(self.relations.expressions) + "\n".join(lines), self.time_column, keys, self.target_column
        )

    def _column(self, column: Column) -> str:
        alias = self.joins.reach(self.bound.parents[column.table])
        if self.static:
            return f"{alias}.{identifier(column.name)}"
        return self.relations.cell(column, alias, _CUTOFF)

    def _aggregate(self, aggregate: Aggregate) -> str:
        return self.windows.filled(aggregate)


def _with(expressions: dict[str, list[str]]) -> str:
    """WITH and every common table expression, its lines indented; a text that holds a line break stays as it is."""
    if not expressions:
        return ""
    written = ["\n".join([f"{name} AS (", *(f"  {s}" for s in lines), ")"]) for name, lines in expressions.items()]
    return f"WITH {', '.join(written)}\n"
