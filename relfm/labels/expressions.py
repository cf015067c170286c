"""Expressions and conditions of the language as DuckDB SQL, with SQL's own three-valued truth.

Text from the question reaches the SQL only as a quoted literal or a quoted identifier.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import duckdb

from relfm.query.binding import BoundQuery
from relfm.query.nodes import (
    Aggregate,
    Arithmetic,
    Column,
    Compare,
    Comparison,
    Condition,
    Constant,
    Constants,
    Expression,
    Logic,
    Moment,
    Not,
)
from relfm.query.values import ValueType, type_of
from relfm.schema import quoted
from relfm.times import Span, parse_time, to_datetime64

_PATTERN = {
    Compare.LIKE: "{left} LIKE {right}",
    Compare.CONTAINS: "contains({left}, {right})",
    Compare.STARTS_WITH: "starts_with({left}, {right})",
    Compare.ENDS_WITH: "ends_with({left}, {right})",
}


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated: how its columns and aggregates are called there."""

    bound: BoundQuery
    column: Callable[[Column], str]
    aggregate: Callable[[Aggregate], str]


def expression_sql(node: Expression, scope: Scope) -> str:
    """A number, text, time or list."""
    match node:
        case Column():
            return scope.column(node)
        case Constant():
            return literal(node)
        case Aggregate():
            return scope.aggregate(node)
        case Arithmetic():
            right = expression_sql(node.right, scope)
            right = f"nullif({right}, 0)" if node.operator == "/" else right
            return f"({expression_sql(node.left, scope)} {node.operator} {right})"


def condition_sql(node: Condition, scope: Scope) -> str:
    """True, false or NULL."""
    match node:
        case Logic():
            return "(" + f" {node.operator} ".join(condition_sql(c, scope) for c in node.conditions) + ")"
        case Not():
            return f"NOT ({condition_sql(node.condition, scope)})"
        case Aggregate():
            return scope.aggregate(node)
        case Comparison():
            return _comparison_sql(node, scope)


def _comparison_sql(node: Comparison, scope: Scope) -> str:
    left = expression_sql(node.left, scope)
    kind = type_of(scope.bound, node.left)
    if isinstance(node.right, Constants):
        return f"{left} {node.operator} ({', '.join(_fitted(c, kind) for c in node.right.members)})"
    right = _fitted(node.right, kind) if isinstance(node.right, Constant) else expression_sql(node.right, scope)
    positive = Compare(node.operator.removeprefix("NOT "))
    if positive not in _PATTERN:
        return f"{left} {node.operator} {right}"
    form = "list_contains({left}, {right})" if kind is ValueType.LIST else _PATTERN[positive]
    return ("" if positive is node.operator else "NOT ") + form.format(left=left, right=right)


def _fitted(constant: Constant, kind: ValueType) -> str:
    """A constant as the type of what it is compared with: a text beside a time is a time."""
    if kind is ValueType.TIME and isinstance(constant.value, str):
        return literal(Constant(Moment(parse_time(constant.value))))
    return literal(constant)


def literal(constant: Constant) -> str:
    """A constant as SQL; truth values as 0 and 1, which is how the snapshot keeps them."""
    match constant.value:
        case bool():
            return str(int(constant.value))
        case Moment(microseconds=micros):
            return f"TIMESTAMP '{str(to_datetime64(micros)).replace('T', ' ')}'"
        case float():
            return f"CAST({constant.value!r} AS DOUBLE)"
        case _:
            return str(constant)


def interval(span: Span) -> str:
    """' + INTERVAL …', ' - INTERVAL …', or nothing."""
    if span == Span():
        return ""
    if span.months < 0 or span.microseconds < 0:
        return f" - INTERVAL '{-span}'"
    return f" + INTERVAL '{span}'"


def identifier(name: str) -> str:
    """``name`` as SQL, quoted only where it must be."""
    plain = name.isascii() and name.isidentifier() and name.lower() not in _keywords()
    return name if plain else quoted(name)


@cache
def _keywords() -> frozenset[str]:
    """The words that DuckDB does not take for a table or column without quotes."""
    with duckdb.connect(":memory:") as connection:
        found = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
        return frozenset(word for (word,) in found.fetchall())
