"""Text to PredictiveQuery.

A text that does not parse raises QuestionError, which points at the offending token and says what could stand there.
"""

from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError
from lark.tree import Meta

from relfm.errors import QuestionError, UsageError
from relfm.query.dialects import function_hint
from relfm.query.limits import check_depth, check_text, number_of
from relfm.query.mistakes import explain_unexpected
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
    Entity,
    Expression,
    Function,
    Logic,
    Moment,
    Not,
    PredictiveQuery,
    Rank,
    TextSpan,
    Window,
)
from relfm.schema import Schema, suggestion
from relfm.times import Span, parse_time

_UNITS = ("seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years")
_COMPARE_BY_SIGN = {"==": "=", "<>": "!="}
_OUTSIDE = (Compare.LESS, Compare.GREATER)


def parse(text: str, schema: Schema | None = None) -> PredictiveQuery:
    """The question in ``text``; QuestionError with the span of the offending token if it is not one. A ``schema`` is
    read for its hints alone."""
    check_text(text)
    try:
        tree = _grammar().parse(text.rstrip().removesuffix(";"))
    except UnexpectedInput as error:
        raise explain_unexpected(text, error, schema) from None
    check_depth(tree, text)
    try:
        return _Builder(text).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None


@cache
def _grammar() -> Lark:
    grammar = resources.files("relfm.query").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, start="query", parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _span(meta: Meta | Token) -> TextSpan:
    return (meta.start_pos, meta.end_pos)


@v_args(meta=True)
class _Builder(Transformer):
    """One method for each rule of the grammar: its children in, a node out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def query(self, meta: Meta, children: list) -> PredictiveQuery:
        target, *clauses, entity, where, assuming = children
        told: dict[str, Any] = {}
        for word, value, span in clauses:
            if word in told:
                raise self._error(f"{word.upper()} is said twice", "say it once", span)
            told[word] = value
            if word == "empty":
                told["empty_span"] = span
        return PredictiveQuery(target, entity, where, assuming, text=self.text, **told)

    def forecast(self, meta: Meta, children: list) -> tuple:
        steps = number_of(children[0], self.text)
        if steps < 1:
            raise self._error("FORECAST needs at least 1 timeframe", "write FORECAST 4 TIMEFRAMES", _span(children[0]))
        return "forecast", steps, _span(meta)

    def rank(self, meta: Meta, children: list) -> tuple:
        word, top = children
        count = None if top is None else number_of(top, self.text)
        if count is not None and count < 1:
            raise self._error("TOP needs at least 1", "write TOP 10", _span(top))
        return "rank", Rank(word.upper(), count, _span(meta)), _span(meta)

    def empty(self, meta: Meta, children: list) -> tuple:
        word = children[0].upper()
        if word not in tuple(Empty):
            raise self._error(f"EMPTY AS {word} is not known", "write EMPTY AS 0, NULL or SKIP", _span(children[0]))
        return "empty", Empty(word), _span(meta)

    def entity(self, meta: Meta, children: list) -> Entity:
        each, (table, table_span), key, ids = children
        ids = (ids,) if isinstance(ids, Constant) else ids and ids.members
        if each is None and ids is None:
            named = self.text[table_span[0] : meta.end_pos]
            raise self._error(
                f"FOR {named} names nobody",
                f"write FOR EACH {named}, or name ids: FOR {named} = 1 or FOR {named} IN (1, 2)",
                (table_span[0], meta.end_pos),
            )
        return Entity(table, key and key[0], ids, (table_span[0], meta.end_pos), table_span, key and key[1])

    def where(self, meta: Meta, children: list) -> Condition:
        return children[0]

    assuming = where

    def any_of(self, meta: Meta, children: list) -> Logic:
        return Logic("OR", tuple(children))

    def all_of(self, meta: Meta, children: list) -> Logic:
        return Logic("AND", tuple(children))

    def negation(self, meta: Meta, children: list) -> Not:
        return Not(children[0])

    def sign(self, meta: Meta, children: list) -> Compare:
        return Compare(_COMPARE_BY_SIGN.get(children[0], children[0]))

    def compare(self, meta: Meta, children: list) -> Comparison:
        left, sign, right = children
        if isinstance(right, Constant) and right.value is None:
            hint = "write IS NULL" if sign is Compare.EQUAL else "write IS NOT NULL"
            raise self._error("nothing equals NULL", hint, _span(meta))
        return Comparison(left, sign, right, _span(meta))

    def between(self, meta: Meta, children: list) -> Logic:
        left, low, high = children
        if Constant(None) in (low, high):
            message, hint = (
                f"nothing lies between {low} and {high}",
                f"name both ends; {left} IS NULL asks for no value",
            )
            raise self._error(message, hint, _span(meta))
        if _is_after(low, high):
            raise self._error(f"nothing lies between {low} and {high}", f"write BETWEEN {high} AND {low}", _span(meta))
        parts = ((Compare.GREATER_EQUAL, low), (Compare.LESS_EQUAL, high))
        return Logic("AND", tuple(self.compare(meta, [left, sign, bound]) for sign, bound in parts))

    def not_between(self, meta: Meta, children: list) -> Logic:
        inside = self.between(meta, children)
        below, above = (replace(c, operator=s) for c, s in zip(inside.conditions, _OUTSIDE, strict=True))
        return Logic("OR", (below, above))

    def equal(self, meta: Meta, children: list) -> Comparison:
        left, right = children
        return Comparison(left, Compare.IS if right.value is None else Compare.EQUAL, right, _span(meta))

    def not_equal(self, meta: Meta, children: list) -> Comparison:
        left, right = children
        return Comparison(left, Compare.IS_NOT if right.value is None else Compare.NOT_EQUAL, right, _span(meta))

    def within(self, meta: Meta, children: list) -> Comparison:
        return Comparison(children[0], Compare.IN, children[1], _span(meta))

    def not_within(self, meta: Meta, children: list) -> Comparison:
        return Comparison(children[0], Compare.NOT_IN, children[1], _span(meta))

    def like(self, meta: Meta, children: list) -> Comparison:
        left, pattern, text = children
        return Comparison(left, Compare(pattern), self.string(text, [text]), _span(meta))

    def not_like(self, meta: Meta, children: list) -> Comparison:
        left, pattern, text = children
        return Comparison(left, Compare(f"NOT {pattern}"), self.string(text, [text]), _span(meta))

    def pattern(self, meta: Meta, children: list) -> str:
        word = children[0].upper()
        return f"{word} WITH" if word in ("STARTS", "ENDS") else word

    def exists(self, meta: Meta, children: list) -> Aggregate:
        return self.aggregate(meta, children)

    def aggregate(self, meta: Meta, children: list) -> Aggregate:
        name, (distinct, argument, via, where), window = children
        word = name.upper()
        if distinct and word == "COUNT":
            word = "COUNT_DISTINCT"
        elif distinct:
            raise self._error(f"DISTINCT does not go with {word}", "COUNT(DISTINCT …) does", _span(name))
        if word not in Function.__members__:
            hint = function_hint(name) or suggestion(name, list(Function))
            raise self._error(f"unknown function '{name}'", hint, _span(name))
        return Aggregate(Function(word), argument, window, where, via, _span(meta))

    def argument(self, meta: Meta, children: list) -> tuple:
        distinct, argument, *via, where = children
        return distinct is not None, argument, tuple(via), where

    def window(self, meta: Meta, children: list) -> Window:
        start, end, unit = children
        if end is None:
            raise self._error("a window cannot end at -INF", "write (…, -INF, 0, days)", _span(meta))
        return Window(start, end, self._unit(unit) if unit is not None else "days")

    def bound(self, meta: Meta, children: list) -> int | None:
        sign, value = children
        if value.type == "INF":
            if sign is None:
                raise self._error("a window cannot reach to INF", "name where it ends: 0, 30, days", _span(meta))
            return None
        count = number_of(value, self.text)
        return -count if sign else count

    def arithmetic(self, meta: Meta, children: list) -> Arithmetic:
        left, operator, right = children
        return Arithmetic(str(operator), left, right, _span(meta))

    def negative(self, meta: Meta, children: list) -> Expression:
        inner = children[1]
        if isinstance(inner, Constant):
            return Constant(-inner.value, _span(meta))
        return Arithmetic("-", Constant(0, _span(meta)), inner, _span(meta))

    def number_of(self, meta: Meta, children: list) -> Constant:
        return Constant(number_of(children[0], self.text), _span(meta))

    def number(self, meta: Meta, children: list) -> Constant:
        sign, value = children
        size = number_of(value, self.text)
        return Constant(-size if sign else size, _span(meta))

    def column(self, meta: Meta, children: list) -> Column:
        (table, table_span), (name, name_span) = children
        return Column(table, name, _span(meta), table_span, name_span)

    via = column

    def star(self, meta: Meta, children: list) -> Column:
        table, table_span = children[0]
        return Column(table, "*", _span(meta), table_span)

    def constants(self, meta: Meta, children: list) -> Constants:
        return Constants(tuple(children))

    def string(self, meta: Meta, children: list) -> Constant:
        return Constant(children[0][1:-1].replace("''", "'"), _span(meta))

    def moment(self, meta: Meta, children: list) -> Constant:
        try:
            return Constant(Moment(parse_time(children[0])), _span(meta))
        except UsageError as error:
            raise self._error(error.message, error.hint, _span(meta)) from None

    def true(self, meta: Meta, children: list) -> Constant:
        return Constant(True, _span(meta))

    def false(self, meta: Meta, children: list) -> Constant:
        return Constant(False, _span(meta))

    def null(self, meta: Meta, children: list) -> Constant:
        return Constant(None, _span(meta))

    def name(self, meta: Meta, children: list) -> tuple[str, TextSpan]:
        token = children[0]
        if token.type == "NAME":
            return str(token), _span(token)
        quote = token[0]
        return token[1:-1].replace(quote * 2, quote), _span(token)

    def _unit(self, token: Token) -> str:
        try:
            Span.of(1, token)
        except UsageError:
            raise self._error(f"unknown unit '{token}'", suggestion(token, _UNITS), _span(token)) from None
        return token.lower().removesuffix("s") + "s"

    def _error(self, message: str, hint: str | None, span: TextSpan) -> QuestionError:
        return QuestionError(message, hint, text=self.text, span=span)


def _is_after(low: Expression, high: Expression) -> bool:
    """Whether two constants, both numbers or both moments, stand in the wrong order."""
    match low, high:
        case Constant(Moment(first)), Constant(Moment(second)):
            return first > second
        case Constant(int() | float() as first), Constant(int() | float() as second):
            return first > second
    return False
