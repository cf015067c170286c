"""What kind of value each expression has, and which kinds may meet.

A comparison that SQL would refuse, or answer by converting one side silently, is refused here at its token.
"""

from enum import StrEnum
from typing import Any

from relfm.errors import UsageError
from relfm.query.binding import BoundQuery
from relfm.query.nodes import (
    Aggregate,
    Arithmetic,
    Column,
    Compare,
    Comparison,
    Constant,
    Constants,
    Expression,
    Function,
    Moment,
)
from relfm.query.walk import columns_of
from relfm.stype import Stype
from relfm.times import parse_time


class ValueType(StrEnum):
    """Kinds of values; TRUTH is also a number (the snapshot keeps booleans as 0 and 1)."""

    NUMBER = "a number"
    TEXT = "text"
    TIME = "a time"
    LIST = "a list"
    TRUTH = "true or false"
    NOTHING = "NULL"


_TYPE_BY_CANONICAL = {
    "int64": ValueType.NUMBER,
    "float64": ValueType.NUMBER,
    "string": ValueType.TEXT,
    "timestamp": ValueType.TIME,
    "list": ValueType.LIST,
}
_TRUTH_BY_WORD = {"t": "true", "true": "true", "f": "false", "false": "false"}
_COUNTING = (Function.COUNT, Function.COUNT_DISTINCT, Function.SUM, Function.AVG)
_TEXTUAL = frozenset(c for c in Compare if c.value.removeprefix("NOT ") in ("LIKE", "STARTS WITH", "ENDS WITH"))
_CONTAINING = frozenset({Compare.CONTAINS, Compare.NOT_CONTAINS})


def type_of(bound: BoundQuery, expression: Expression) -> ValueType:
    """The type of a bound expression."""
    match expression:
        case Column():
            column = bound.schema.tables[expression.table].column(expression.name)
            return _TYPE_BY_CANONICAL[column.type]
        case Constant():
            return _type_of_constant(expression)
        case Arithmetic():
            return ValueType.NUMBER
        case Aggregate(function=Function.LIST_DISTINCT):
            return ValueType.LIST
        case Aggregate(function=Function.EXISTS):
            return ValueType.TRUTH
        case Aggregate() if expression.function in _COUNTING:
            return ValueType.NUMBER
        case _:
            return type_of(bound, expression.argument)


def is_whole(bound: BoundQuery, expression: Expression) -> bool:
    """Whether a numeric expression is made of integers alone, so that its sums are exact."""
    if isinstance(expression, Arithmetic):
        return expression.operator != "/" and all(is_whole(bound, e) for e in (expression.left, expression.right))
    if isinstance(expression, Column):
        return bound.schema.tables[expression.table].column(expression.name).type == "int64"
    return isinstance(expression, Constant) and isinstance(expression.value, int)


def check_types(bound: BoundQuery, node: Any) -> None:
    """QuestionError if the parts of ``node`` do not fit together."""
    if isinstance(node, Arithmetic):
        for side in (node.left, node.right):
            _require_number(bound, side, f"'{node.operator}'")
    elif isinstance(node, Aggregate):
        _check_argument(bound, node)
    elif isinstance(node, Comparison):
        _check_comparison(bound, node)


def _check_argument(bound: BoundQuery, aggregate: Aggregate) -> None:
    argument, function = aggregate.argument, aggregate.function
    if isinstance(argument, Column) and argument.name == "*":
        return
    if function in (Function.SUM, Function.AVG):
        _require_number(bound, argument, function)
        for column in columns_of(argument):
            if column.name in bound.schema.tables[column.table].key_columns:
                raise bound.fault(f"{column} is a key, not a quantity", "use COUNT or COUNT_DISTINCT", column)
    if function in (Function.MIN, Function.MAX) and type_of(bound, argument) not in (ValueType.NUMBER, ValueType.TIME):
        raise bound.fault(
            f"{function} needs a number or a time, and {argument} is {type_of(bound, argument)}",
            "COUNT_DISTINCT, FIRST and LAST take any column",
            argument,
        )


def _require_number(bound: BoundQuery, expression: Expression, what: str) -> None:
    if type_of(bound, expression) is not ValueType.NUMBER:
        raise bound.fault(
            f"{what} needs numbers, and {expression} is {type_of(bound, expression)}",
            "name a numeric column",
            expression,
        )


def _check_comparison(bound: BoundQuery, node: Comparison) -> None:
    left = type_of(bound, node.left)
    if left is ValueType.NOTHING:
        raise bound.fault("NULL is no value to compare", "write … IS NULL", node)
    if node.operator in _TEXTUAL and left is not ValueType.TEXT:
        raise bound.fault(f"{node.operator} needs text, and {node.left} is {left}", "compare with = or <", node)
    if node.operator in _CONTAINING and left not in (ValueType.TEXT, ValueType.LIST):
        raise bound.fault(
            f"{node.operator} needs text or a list, and {node.left} is {left}", "compare with = or <", node
        )
    if node.operator in _TEXTUAL | _CONTAINING:
        return
    if left is ValueType.LIST and node.operator not in (Compare.IS, Compare.IS_NOT):
        raise bound.fault(f"{node.left} is a list", "write CONTAINS", node)
    for right in node.right.members if isinstance(node.right, Constants) else (node.right,):
        _check_pair(bound, node.left, left, right)


def _check_pair(bound: BoundQuery, expression: Expression, left: ValueType, right: Expression) -> None:
    other = type_of(bound, right)
    if other in (left, ValueType.NOTHING) or {left, other} == {ValueType.NUMBER, ValueType.TRUTH}:
        return
    if left is ValueType.TIME and isinstance(right, Constant) and other is ValueType.TEXT:
        try:
            parse_time(right.value)
            return
        except UsageError as error:
            raise bound.fault(error.message, error.hint, right) from None
    hint = f"write '{right}'" if left is ValueType.TEXT else f"compare {expression} with {left}"
    if isinstance(right, Constant) and _may_be_truth(bound, expression):
        word = _TRUTH_BY_WORD.get(str(right.value).casefold())
        hint = f"true and false are kept as 1 and 0: write {expression} = {word}" if word else hint
    raise bound.fault(f"{expression} is {left}, but {right} is {other}", hint, right)


def _may_be_truth(bound: BoundQuery, expression: Expression) -> bool:
    """Whether an expression is a cell that may have been true or false before the snapshot made it 1 or 0."""
    while isinstance(expression, Aggregate) and expression.function not in _COUNTING:
        expression = expression.argument
    if not isinstance(expression, Column):
        return False
    table = bound.schema.tables[expression.table]
    column = table.column(expression.name)
    return column.type == "int64" and column.stype is not Stype.numerical and column.name not in table.key_columns


def _type_of_constant(constant: Constant) -> ValueType:
    match constant.value:
        case None:
            return ValueType.NOTHING
        case bool():
            return ValueType.TRUTH
        case str():
            return ValueType.TEXT
        case Moment():
            return ValueType.TIME
        case _:
            return ValueType.NUMBER
