"""A question as a Task: what kind of answer it has, how far ahead it looks, what must be hidden.

The kind follows from the question and the schema alone; the data cannot change it.
"""

from dataclasses import replace

from relfm.labels.labeller import QueryLabeller
from relfm.query.binding import BoundQuery
from relfm.query.checks import is_static
from relfm.query.english import english
from relfm.query.nodes import Aggregate, Column, Empty, Expression, Function, PredictiveQuery
from relfm.query.values import ValueType, type_of
from relfm.query.walk import aggregates_of, columns_of, columns_outside_aggregates, is_condition
from relfm.schema import Schema
from relfm.stype import Stype
from relfm.task import TargetKind, Task
from relfm.times import Span

DEFAULT_TOP = 10
_KEEPS_TYPE = (Function.FIRST, Function.LAST, Function.MIN, Function.MAX)
_ZERO = frozenset({Function.COUNT, Function.COUNT_DISTINCT, Function.SUM, Function.EXISTS})


def task_of(query: PredictiveQuery | str, schema: Schema) -> Task:
    """The Task that ``query`` asks of a database with ``schema``; QuestionError if it does not fit.

    The classes of a MULTICLASS task depend on the data up to the moment of prediction: see ``with_classes``.
    """
    labeller = QueryLabeller.of(query, schema)
    bound = labeller.bound
    kind = kind_of(bound)
    static = is_static(bound)
    columns = columns_outside_aggregates(bound.query.target)
    rank = bound.query.rank
    return Task(
        name=str(bound.query),
        kind=kind,
        entity=bound.entity.name,
        labeller=labeller,
        horizon=labeller.horizon,
        gap=_gap(bound),
        hidden=frozenset((c.table, c.name) for c in columns) if static else frozenset(),
        classes=(False, True) if kind is TargetKind.BINARY else (),
        item=labeller.item[0] if labeller.item is not None else None,
        top=((rank.top if rank is not None else None) or DEFAULT_TOP) if kind is TargetKind.RANKING else None,
        steps=bound.query.forecast or 1,
        english=english(bound, schema),
        notes=_notes(bound),
    )


def kind_of(bound: BoundQuery) -> TargetKind:
    """The kind of answer; QuestionError if the target is nothing that can be predicted."""
    query, target = bound.query, bound.query.target
    if isinstance(target, Aggregate) and target.function is Function.LIST_DISTINCT:
        return TargetKind.RANKING
    kind = TargetKind.BINARY if is_condition(target) else _kind_of_value(bound, target)
    if kind is TargetKind.REGRESSION:
        _forbid_keys(bound)
        _forbid_classify(bound)
    if query.forecast is None:
        return kind
    if kind is not TargetKind.REGRESSION:
        raise bound.fault("only numbers are forecast in steps", "leave FORECAST out", target)
    return TargetKind.FORECAST


def _kind_of_value(bound: BoundQuery, node: Expression, asked: Expression | None = None) -> TargetKind:
    """The kind of ``node``; a refusal shows how to ask about ``asked``, the aggregate that it stands in."""
    asked = node if asked is None else asked
    if isinstance(node, Aggregate) and node.function in _KEEPS_TYPE:
        kind = _kind_of_value(bound, node.argument, asked)
        return TargetKind.REGRESSION if node.function in (Function.MIN, Function.MAX) else kind
    if not isinstance(node, Column):
        return TargetKind.REGRESSION
    column = bound.schema.tables[node.table].column(node.name)
    if column.type == "timestamp":
        raise bound.fault(f"{node} is a time", f"ask whether it is after a date: {asked} > 2026-01-31", node)
    if column.type == "list" or column.stype in (Stype.embedding, Stype.multicategorical):
        raise bound.fault(f"{node} holds lists", f"ask about one member: {asked} CONTAINS 'x'", node)
    if column.stype is Stype.text_embedded:
        raise bound.fault(f"{node} is free text", f"ask about a part of it: {asked} CONTAINS 'x'", node)
    if column.type == "string" or column.stype is Stype.categorical:
        return TargetKind.MULTICLASS
    return TargetKind.REGRESSION


def _forbid_keys(bound: BoundQuery) -> None:
    """QuestionError if a key is predicted as a quantity: the number 18.17 would name no row."""
    for aggregate in aggregates_of(bound.query.target):
        if aggregate.function not in _KEEPS_TYPE:
            continue
        for column in columns_of(aggregate.argument):
            table = bound.schema.tables[column.table]
            if column.name in table.key_columns:
                parents = [key.table for key in table.foreign_keys if key.columns == (column.name,)]
                names = f"names rows of {parents[0]}" if parents else "is a key"
                asked = replace(aggregate, function=Function.LIST_DISTINCT, argument=column)
                hint = f"ask which rows: {asked} RANK TOP 1" if parents else "COUNT and COUNT_DISTINCT take keys"
                raise bound.fault(f"{column} {names}, it is not a quantity", hint, column)


def _forbid_classify(bound: BoundQuery) -> None:
    """QuestionError if a number is to be classified: to ignore the word would answer another question."""
    rank = bound.query.rank
    if rank is not None and rank.word == "CLASSIFY":
        raise bound.fault(
            "the target is a number, and only classes are classified",
            f"leave CLASSIFY out, or compare: {bound.query.target} > 0",
            rank,
        )


def _gap(bound: BoundQuery) -> Span:
    """How long after the cutoff the earliest target window begins."""
    starts = [a.window.starts for a in aggregates_of(bound.query.target) if a.window.end > 0]
    return min(starts, key=Span.approximate) if starts else Span()


def _notes(bound: BoundQuery) -> tuple[str, ...]:
    query, entity = bound.query, bound.entity.name
    notes = []
    functions = {a.function for a in aggregates_of(query.target) if a.window.end > 0}
    if query.empty is Empty.NULL:
        notes.append("EMPTY AS NULL: an empty window is unknown; a row whose label is then unknown teaches nothing")
    elif query.empty is Empty.SKIP:
        notes.append(f"EMPTY AS SKIP: a row of {entity} with an empty target window teaches nothing")
    elif functions & _ZERO:
        notes.append(f"EMPTY AS 0: a row of {entity} with nothing in the window counts as 0")
    if query.empty is None and functions - _ZERO - {Function.LIST_DISTINCT}:
        named = ", ".join(sorted(functions - _ZERO - {Function.LIST_DISTINCT}))
        numbers = all(type_of(bound, a) in (ValueType.NUMBER, ValueType.TRUTH) for a in aggregates_of(query.target))
        advice = " (EMPTY AS 0 would count them)" if numbers else ""
        notes.append(f"{named} of an empty window is unknown: such rows teach nothing{advice}")
    if query.assuming is not None:
        notes.append("ASSUMING restricts what is learned from, not who is predicted: the future of those is unknown")
    if query.where is not None and query.entity.ids is not None:
        notes.append("WHERE restricts what is learned from; the ids after FOR are predicted in any case")
    if query.where is not None and is_static(bound) and QueryLabeller(bound).splits_where:
        notes.append("WHERE about the predicted column itself restricts who is predicted, not what is learned from")
    return tuple(notes)
