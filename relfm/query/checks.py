"""What makes a bound question unanswerable: types that do not fit, windows on the wrong side of the cutoff.

``check`` raises QuestionError with a fix at the first such part, in the order of the text.
"""

from typing import Any

from relfm.errors import QuestionError
from relfm.query.binding import BoundQuery
from relfm.query.nodes import Aggregate, Column, Constant, Empty, Function, Window
from relfm.query.values import ValueType, check_types, type_of
from relfm.query.walk import aggregates_of, columns_of, columns_outside_aggregates, walk
from relfm.times import Span

_LEAST = -(2**63)
_LONGEST = Span.of(1000, "years").approximate()
_NEEDS_COLUMN = frozenset(Function) - {Function.COUNT, Function.EXISTS}


def check(bound: BoundQuery) -> None:
    """QuestionError unless the question makes sense."""
    for aggregate in bound.aggregates:
        _check_aggregate(bound, aggregate)
    for node in walk((bound.query.target, bound.query.where, bound.query.assuming)):
        check_types(bound, node)
        _check_number(bound, node)
    _check_target(bound)
    _check_where(bound)
    _check_assuming(bound)
    _check_clauses(bound)


def is_static(bound: BoundQuery) -> bool:
    """Whether the question is about a cell of the database instead of the future."""
    return not aggregates_of(bound.query.target)


def _check_aggregate(bound: BoundQuery, aggregate: Aggregate) -> None:
    function, argument = aggregate.function, aggregate.argument
    table = bound.schema.tables[bound.aggregates[aggregate].table]
    if isinstance(argument, Column) and argument.name == "*" and function in _NEEDS_COLUMN:
        raise bound.fault(
            f"{function} needs a column, not all of {table.name}", _numbers_hint(bound, table.name), argument
        )
    if not columns_of(argument):
        raise bound.fault(f"{function} reads no column", f"write {function}({table.name}.column, …)", argument)
    window = aggregate.window
    if window is None:
        bare = str(aggregate).removesuffix(")")
        raise bound.fault(f"{function} needs a window of time", f"write {bare}, 0, 30, days)", aggregate)
    if window.start is not None and window.start >= window.end:
        start, end = sorted((window.start, window.end))
        hint = f"write {start}, {end}, {window.unit}" if start < end else "a window ends after it starts: 0, 30, days"
        raise bound.fault(f"the window {window.start}, {window.end} ends before it starts", hint, aggregate)
    _check_length(bound, window, aggregate)
    if table.time_column is None and table.time_from is None:
        raise bound.fault(
            f"{table.name} has no time column, so nobody knows which of its rows fall into a window",
            f"name one in relfm.toml: [tables.{table.name}] time_column = …",
            aggregate,
        )


def _check_number(bound: BoundQuery, node: Any) -> None:
    """QuestionError for a whole number that SQL would take for none, or for one of a type that no column has."""
    if isinstance(node, Constant) and isinstance(node.value, int) and not _LEAST <= node.value < -_LEAST:
        message = f"{node} is too large for a whole number, which has 64 bits"
        raise bound.fault(message, f"write it with a point or an exponent: {float(node.value)!r}", node)


def _check_length(bound: BoundQuery, window: Window, node: Aggregate) -> None:
    bounds = [span for span in (window.starts, window.ends) if span is not None]
    if max(abs(span.approximate()) for span in bounds) > _LONGEST:
        raise bound.fault("the window reaches more than 1,000 years away", "use -INF for all of the past", node)


def _check_target(bound: BoundQuery) -> None:
    target = bound.query.target
    aggregates = aggregates_of(target)
    if not aggregates:
        _check_static_target(bound)
        return
    for aggregate in aggregates:
        window = aggregate.window
        if window.end > 0 and (window.start is None or window.start < 0):
            raise bound.fault(
                "the target's window starts in the past", f"write 0, {window.end}, {window.unit}", aggregate
            )
    if not any(a.window.end > 0 for a in aggregates):
        raise bound.fault(
            "the target lies in the past: its windows end at the cutoff or before",
            "windows ahead are positive: 0, 30, days",
            aggregates[0],
        )
    for aggregate in aggregates:
        if aggregate.function is Function.LIST_DISTINCT and aggregate is not target:
            raise bound.fault("LIST_DISTINCT can only be the whole target", "use COUNT_DISTINCT to compare", aggregate)


def _check_static_target(bound: BoundQuery) -> None:
    columns = columns_outside_aggregates(bound.query.target)
    if not columns:
        raise bound.fault(
            "the target reads nothing from the database", "name a column or an aggregate", bound.query.target
        )
    for column in columns:
        if column.name in bound.schema.tables[column.table].key_columns:
            raise bound.fault(f"{column} is a key, not a value to predict", "name another column", column)


def _check_where(bound: BoundQuery) -> None:
    for aggregate in aggregates_of(bound.query.where):
        if aggregate.window.end > 0:
            raise bound.fault(
                "WHERE looks into the future",
                f"end its window at 0: -{aggregate.window.end}, 0, {aggregate.window.unit}; or write ASSUMING",
                aggregate,
            )
        _forbid_list(bound, aggregate)


def _check_assuming(bound: BoundQuery) -> None:
    assuming = bound.query.assuming
    if assuming is None:
        return
    for aggregate in aggregates_of(assuming):
        if aggregate.window.start is None or aggregate.window.start < 0:
            raise bound.fault("ASSUMING looks into the past", "write what is already known after WHERE", aggregate)
        _forbid_list(bound, aggregate)
    if not aggregates_of(assuming):
        raise bound.fault("ASSUMING says nothing about the future", "write it after WHERE", assuming)
    if is_static(bound):
        raise bound.fault("a question about a cell has no future to assume", "leave ASSUMING out", assuming)


def _check_clauses(bound: BoundQuery) -> None:
    query, target = bound.query, bound.query.target
    ranking = isinstance(target, Aggregate) and target.function is Function.LIST_DISTINCT
    if ranking:
        _check_ranking(bound, target)
    elif query.rank is not None and query.rank.word == "RANK":
        raise bound.fault("only LIST_DISTINCT can be ranked", "leave RANK out, or ask LIST_DISTINCT(…)", query.rank)
    if query.empty is not None and is_static(bound):
        raise bound.fault("EMPTY is about windows, and the target has none", "leave it out", target)
    if query.empty is Empty.ZERO:
        _check_zero(bound)
    if query.forecast is not None:
        _check_forecast(bound)


def _check_zero(bound: BoundQuery) -> None:
    """QuestionError where an empty window shall count as 0 and a full one holds no number."""
    for aggregate in aggregates_of(bound.query.target):
        kind = type_of(bound, aggregate)
        if kind not in (ValueType.NUMBER, ValueType.TRUTH) and aggregate.function is not Function.LIST_DISTINCT:
            message = f"{aggregate.function} of {aggregate.argument} is {kind}, and 0 is a number"
            hint = "write EMPTY AS NULL or EMPTY AS SKIP, or leave it out"
            raise QuestionError(message, hint, text=bound.query.text, span=bound.query.empty_span)


def _check_ranking(bound: BoundQuery, target: Aggregate) -> None:
    column = target.argument
    table = bound.schema.tables[bound.aggregates[target].table]
    keys = [fk.columns[0] for fk in table.foreign_keys if len(fk.columns) == 1]
    if not isinstance(column, Column) or column.table != table.name or column.name not in keys:
        named = ", ".join(f"{table.name}.{key}" for key in keys)
        raise bound.fault("LIST_DISTINCT needs a foreign key", f"these name rows: {named or 'none'}", column)
    if bound.query.rank is not None and bound.query.rank.word == "CLASSIFY":
        raise bound.fault("lists are ranked, not classified", "write RANK TOP 10", bound.query.rank)
    if bound.query.forecast is not None:
        raise bound.fault("a list cannot be forecast in steps", "leave FORECAST out", target)


def _check_forecast(bound: BoundQuery) -> None:
    target = bound.query.target
    future = [a.window for a in aggregates_of(target) if a.window.end > 0]
    lengths = {Span.of(w.end - w.start, w.unit) for w in future}
    if not future:
        raise bound.fault("a cell has no timeframes to forecast", "leave FORECAST out", target)
    for aggregate in aggregates_of(target):
        _check_length(bound, aggregate.window.shifted(bound.query.forecast - 1), aggregate)
    if len(lengths) > 1:
        raise bound.fault("the windows of a forecast must be equally long", "use one window", target)


def _forbid_list(bound: BoundQuery, aggregate: Aggregate) -> None:
    if aggregate.function is Function.LIST_DISTINCT:
        raise bound.fault("LIST_DISTINCT can only be the target", "use COUNT_DISTINCT here", aggregate)


def _numbers_hint(bound: BoundQuery, table: str) -> str:
    described = bound.schema.tables[table]
    numbers = [
        f"{table}.{c.name}"
        for c in described.columns
        if c.type in ("int64", "float64") and c.name not in described.key_columns
    ]
    return f"for example {' or '.join(numbers[:3])}" if numbers else f"COUNT({table}.*, …) counts the rows"
