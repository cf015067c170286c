"""A question read back in plain English, so that its author can see whether it is the one that was meant.

The reading uses the schema's own names and says everything that the question says.
"""

from relfm.query.binding import BoundQuery, bind
from relfm.query.nodes import (
    Aggregate,
    Arithmetic,
    Column,
    Compare,
    Comparison,
    Condition,
    Constant,
    Constants,
    Empty,
    Expression,
    Function,
    Logic,
    Not,
    PredictiveQuery,
    Window,
    strength,
)
from relfm.query.walk import aggregates_of, is_condition
from relfm.schema import Schema
from relfm.times import Span

_WORDS_BY_FUNCTION = {
    Function.COUNT_DISTINCT: "the number of different",
    Function.SUM: "the sum of",
    Function.AVG: "the average of",
    Function.MIN: "the smallest",
    Function.MAX: "the largest",
    Function.FIRST: "the first",
    Function.LAST: "the last",
    Function.LIST_DISTINCT: "the different",
}
_WORDS_BY_COMPARE = {
    Compare.EQUAL: "is",
    Compare.NOT_EQUAL: "is not",
    Compare.LESS: "is less than",
    Compare.LESS_EQUAL: "is at most",
    Compare.GREATER: "is more than",
    Compare.GREATER_EQUAL: "is at least",
    Compare.IN: "is one of",
    Compare.NOT_IN: "is none of",
    Compare.LIKE: "is like",
    Compare.NOT_LIKE: "is not like",
    Compare.CONTAINS: "contains",
    Compare.NOT_CONTAINS: "does not contain",
    Compare.STARTS_WITH: "starts with",
    Compare.NOT_STARTS_WITH: "does not start with",
    Compare.ENDS_WITH: "ends with",
    Compare.NOT_ENDS_WITH: "does not end with",
}
_WORDS_BY_SIGN = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_WORDS_BY_EMPTY = {
    Empty.ZERO: "nothing in a window counts as 0",
    Empty.NULL: "nothing in a window counts as unknown",
    Empty.SKIP: "those with nothing in a window are left out",
}


def english(query: PredictiveQuery | str | BoundQuery, schema: Schema) -> str:
    """One sentence; QuestionError if the question does not fit the schema."""
    bound = query if isinstance(query, BoundQuery) else bind(query, schema)
    asked = bound.query
    text = f"{_whom(asked)}: {_what(bound)}"
    if asked.assuming is not None:
        text += f", assuming that {_condition(asked.assuming)}"
    if asked.empty is not None:
        text += f" ({_WORDS_BY_EMPTY[asked.empty]})"
    return text + "."


def _whom(query: PredictiveQuery) -> str:
    entity = query.entity
    where = f" where {_condition(query.where)}" if query.where is not None else ""
    if entity.ids is None:
        return f"For every row of {entity.table}{where}"
    ids = ", ".join(map(str, entity.ids))
    learned = f" (learning from the rows of {entity.table}{where})" if where else ""
    return f"For {entity.table} with {entity.key} {ids}{learned}"


def _what(bound: BoundQuery) -> str:
    query, target = bound.query, bound.query.target
    if isinstance(target, Aggregate) and target.function is Function.LIST_DISTINCT:
        top = query.rank.top if query.rank is not None else None
        first = f"the {top} most likely" if top else "a ranking of"
        return f"{first} {target.argument}{_filter(target)} {_when(target.window)}"
    if query.forecast is not None:
        window = next(a.window for a in aggregates_of(target) if a.window.end > 0)
        length = Span.of(window.end - (window.start or 0), window.unit)
        return f"{_value(target)}, and the same for {query.forecast} windows of {length} in a row"
    if is_condition(target):
        return f"the probability that {_condition(target)}"
    if isinstance(target, Column):
        return f"its {target.name}" if target.table == bound.entity.name else f"{target}"
    return _value(target)


def _value(node: Expression | Constants) -> str:
    match node:
        case Aggregate(function=Function.COUNT, argument=Column(name="*", table=table)):
            return f"the number of {table}{_filter(node)} {_when(node.window)}"
        case Aggregate(function=Function.COUNT):
            return f"the number of {table_of(node)} with {_value(node.argument)}{_filter(node)} {_when(node.window)}"
        case Aggregate():
            words = _WORDS_BY_FUNCTION[node.function]
            return f"{words} {_value(node.argument)}{_filter(node)} {_when(node.window)}"
        case Arithmetic():
            left = _bracketed(_value(node.left), strength(node.left) < strength(node))
            right = _bracketed(_value(node.right), strength(node.right) <= strength(node))
            return f"{left} {_WORDS_BY_SIGN[node.operator]} {right}"
        case _:
            return str(node)


def _condition(node: Condition) -> str:
    match node:
        case Logic():
            parts = [_bracketed(_condition(c), isinstance(c, Logic)) for c in node.conditions]
            return f" {node.operator.lower()} ".join(parts)
        case Not():
            return f"it is not so that {_bracketed(_condition(node.condition), isinstance(node.condition, Logic))}"
        case Aggregate():
            return f"there are {table_of(node)}{_filter(node)} {_when(node.window)}"
        case Comparison():
            return _comparison(node)


def _bracketed(text: str, needed: bool) -> str:
    """``text`` in brackets where the question needs them too: without them it would read as another question."""
    return f"({text})" if needed else text


def _comparison(node: Comparison) -> str:
    left = node.left
    counts_rows = isinstance(left, Aggregate) and left.function is Function.COUNT and str(left.argument).endswith(".*")
    if counts_rows and node.right == Constant(0) and node.operator in (Compare.EQUAL, Compare.GREATER):
        some = "no " if node.operator is Compare.EQUAL else ""
        return f"there are {some}{table_of(left)}{_filter(left)} {_when(left.window)}"
    if node.operator in (Compare.IS, Compare.IS_NOT):
        return f"{_value(left)} is {'missing' if node.operator is Compare.IS else 'known'}"
    return f"{_value(left)} {_WORDS_BY_COMPARE[node.operator]} {_value(node.right)}"


def _filter(aggregate: Aggregate) -> str:
    via = "".join(f" by way of {column}" for column in aggregate.via)
    return via + (f" (those where {_condition(aggregate.where)})" if aggregate.where is not None else "")


def _when(window: Window | None) -> str:
    if window is None:
        return "at any time"
    start, end = window.start, window.end
    if start is None:
        return "so far" if end == 0 else f"until {Span.of(abs(end), window.unit)} {'ahead' if end > 0 else 'before'}"
    if start == 0:
        return f"in the next {_length(end, window.unit)}"
    if end == 0:
        return f"in the last {_length(-start, window.unit)}"
    if start > 0:
        return f"between {start} and {end} {window.unit} ahead"
    return f"between {-start} and {-end} {window.unit} before" if end < 0 else f"from {start} to {end} {window.unit}"


def _length(count: int, unit: str) -> str:
    return unit.removesuffix("s") if count == 1 else f"{count} {unit}"


def table_of(aggregate: Aggregate) -> str:
    """The table named first in an aggregate's argument."""
    argument = aggregate.argument
    while isinstance(argument, Arithmetic):
        argument = argument.left
    return argument.table if isinstance(argument, Column) else str(argument)
