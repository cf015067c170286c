"""What each window holds, one common table expression per aggregate: ``(cutoff + start, cutoff + end]``.

Sums of floats are taken in order of size: their last bit then depends on the rows alone, not on how they are read.
"""

from collections.abc import Sequence

from relfm.labels.engine import ASKED, ROW
from relfm.labels.expressions import Scope, condition_sql, expression_sql, identifier, interval
from relfm.labels.joins import Joins, Relations, fresh, named
from relfm.query.binding import BoundAggregate, BoundQuery
from relfm.query.nodes import (
    Aggregate,
    Arithmetic,
    Column,
    Comparison,
    Condition,
    Constant,
    Constants,
    Empty,
    Expression,
    Function,
    Logic,
    Not,
    Window,
)
from relfm.query.values import is_whole
from relfm.query.walk import aggregates_of
from relfm.schema import quoted
from relfm.times import Span

_CUTOFF = "timestamps.timestamp"
_ZERO_IF_EMPTY = {
    Function.COUNT: "0",
    Function.COUNT_DISTINCT: "0",
    Function.SUM: "0",
    Function.EXISTS: "0",
    Function.LIST_DISTINCT: "[]",
}


class Windows:
    """The windows that one statement needs. ``step`` moves those of the target that lie ahead."""

    def __init__(
        self, bound: BoundQuery, relations: Relations, step: int, timedelta: str | None, among_asked: bool
    ) -> None:
        self.bound, self.relations, self.timedelta, self.among_asked = bound, relations, timedelta, among_asked
        self.step = step
        self.of_target = frozenset(aggregates_of(bound.query.target))
        self._names: dict[Aggregate, str] = {}
        keys = {key.casefold() for key in bound.entity.primary_key}
        self._cutoff, self._value = fresh("cutoff", keys), fresh("value", keys)

    def value(self, aggregate: Aggregate) -> str:
        """What the window holds; NULL if it is empty."""
        if aggregate not in self._names:
            bound = self.bound.aggregates[aggregate]
            self._names[aggregate] = name = identifier(self.relations.fresh(bound.table))
            lines = self._select(bound)
            self.relations.expressions[name] = lines
        return f"{self._names[aggregate]}.{self._value}"

    def filled(self, aggregate: Aggregate) -> str:
        """What the window counts as: 0 or an empty list if it is empty and the function or EMPTY AS says so."""
        value = self.value(aggregate)
        empty = self.bound.query.empty if aggregate in self.of_target else None
        zero = _ZERO_IF_EMPTY.get(aggregate.function, "0" if empty is Empty.ZERO else None)
        if zero is not None and empty in (None, Empty.ZERO):
            value = f"coalesce({value}, {zero})"
        return f"{value} > 0" if aggregate.function is Function.EXISTS else value

    def joined_to(self, keys: list[str]) -> list[str]:
        """The joins of every window to the entity whose ``keys`` are these columns."""
        lines = []
        for name in self._names.values():
            on = [f"{name}.{self._cutoff} = {_CUTOFF}"]
            on += [
                f"{name}.{identifier(k)} = {key}" for k, key in zip(self.bound.entity.primary_key, keys, strict=True)
            ]
            lines.append(f"LEFT JOIN {name} ON {' AND '.join(on)}")
        return lines

    def _select(self, bound: BoundAggregate) -> list[str]:
        aggregate = bound.aggregate
        window = aggregate.window
        if aggregate in self.of_target and window.end > 0:
            window = window.shifted(self.step)
        until = self._moved(window.ends)
        known = until if window.end > 0 else _CUTOFF
        joins = Joins(self.relations, bound.table, until, reserved=["timestamps"])
        entity = joins.reach(bound.route, to_entity=True)

        def column(c: Column) -> str:
            if c.name == "*":
                return "*"
            return self.relations.cell(c, joins.reach(bound.parents.get(c.table, ())), known)

        scope = Scope(self.bound, column, self.value)
        value = self._aggregated(bound, joins, scope)
        keys = [f"{entity}.{identifier(key)}" for key in self.bound.entity.primary_key]
        wanted = [condition_sql(aggregate.where, scope)] if aggregate.where is not None else []
        if self.among_asked:
            wanted.append(is_asked(keys, self.bound.entity.primary_key))
        return [
            f"-- {_one_line(aggregate)}",
            f"SELECT {_CUTOFF} AS {self._cutoff}, {', '.join(keys)}, {value} AS {self._value}",
            "FROM timestamps",
            f"JOIN {named(self.relations.name(bound.table), joins.start)} ON {self._within(bound, joins, window)}",
            *joins.lines,
            *(["WHERE " + " AND ".join(wanted)] if wanted else []),
            f"GROUP BY {', '.join([_CUTOFF, *keys])}",
        ]

    def _within(self, bound: BoundAggregate, joins: Joins, window: Window) -> str:
        time = self.relations.time(bound.table, joins.start)
        after = f"{time} > {self._moved(window.starts)} AND " if window.starts is not None else ""
        return f"{after}{time} <= {self._moved(window.ends)}"

    def _moved(self, span: Span) -> str:
        if self.timedelta is not None and str(span) == self.timedelta:
            return f"{_CUTOFF} + INTERVAL '{{timedelta}}'"
        return _CUTOFF + interval(span)

    def _aggregated(self, bound: BoundAggregate, joins: Joins, scope: Scope) -> str:
        """The aggregate function; NULL over an empty window whenever emptiness is asked about."""
        aggregate = bound.aggregate
        x = expression_sql(aggregate.argument, scope)
        order = "" if x == "*" or is_whole(self.bound, aggregate.argument) else f" ORDER BY {x}"
        match aggregate.function:
            case Function.COUNT | Function.EXISTS:
                return f"nullif(count({x}), 0)" if x != "*" else "count(*)"
            case Function.COUNT_DISTINCT:
                return f"nullif(count(DISTINCT {x}), 0)"
            case Function.SUM | Function.AVG:
                return f"{aggregate.function.lower()}({x}{order})"
            case Function.MIN | Function.MAX:
                return f"{aggregate.function.lower()}({x})"
            case Function.LIST_DISTINCT:
                return f"list(DISTINCT {x} ORDER BY {x}) FILTER (WHERE {x} IS NOT NULL)"
            case Function.FIRST | Function.LAST:
                ties = [f"{joins.start}.{identifier(k)}" for k in self.bound.schema.tables[bound.table].primary_key]
                in_time = ", ".join([self.relations.time(bound.table, joins.start), *ties, x])
                return f"{aggregate.function.lower()}({x} ORDER BY {in_time}) FILTER (WHERE {x} IS NOT NULL)"


def is_asked(cells: Sequence[str], keys: Sequence[str]) -> str:
    """That the entity whose key stands in ``cells`` is in the relation ``ASKED``; a table without ``keys`` has its row
    numbers there."""
    names = [identifier(key) for key in keys] or [quoted(ROW)]
    return f"({', '.join(cells)}) IN (SELECT {', '.join(names)} FROM {quoted(ASKED)})"


def may_be_null(node: Expression | Condition | Constants, empty: Empty | None) -> bool:
    """Whether a label can be unknown although its window has closed."""
    match node:
        case Aggregate():
            return empty not in (None, Empty.ZERO) or (empty is None and node.function not in _ZERO_IF_EMPTY)
        case Column():
            return True
        case Constant():
            return node.value is None
        case Arithmetic():
            return node.operator == "/" or any(may_be_null(n, empty) for n in (node.left, node.right))
        case Comparison():
            return not node.operator.startswith("IS") and any(may_be_null(n, empty) for n in (node.left, node.right))
        case Not():
            return may_be_null(node.condition, empty)
        case Logic():
            return any(may_be_null(n, empty) for n in node.conditions)
        case Constants():
            return any(may_be_null(n, empty) for n in node.members)


def _one_line(aggregate: Aggregate) -> str:
    return " ".join(str(aggregate).splitlines())
