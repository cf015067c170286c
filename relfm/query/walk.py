"""Looking through a parsed question: every node, the aggregates, the columns, which of them are conditions.

Nodes come in the order of the text.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from relfm.query.nodes import Aggregate, Column, Comparison, Function, Logic, Not


def walk(node: Any) -> Iterator[Any]:
    """``node`` and everything inside it, outermost first, in the order of the text."""
    if isinstance(node, tuple):
        for member in node:
            yield from walk(member)
    elif is_dataclass(node):
        yield node
        for part in fields(node):
            if part.compare:
                yield from walk(getattr(node, part.name))


def aggregates_of(node: Any) -> tuple[Aggregate, ...]:
    """The aggregates in ``node``, in the order of the text."""
    return tuple(n for n in walk(node) if isinstance(n, Aggregate))


def columns_of(node: Any) -> tuple[Column, ...]:
    """The columns in ``node``, in the order of the text."""
    return tuple(n for n in walk(node) if isinstance(n, Column))


def columns_outside_aggregates(node: Any) -> tuple[Column, ...]:
    """The columns in ``node`` that are read from the entity's own row (or its parents), not from a window."""
    if isinstance(node, Aggregate):
        return ()
    if isinstance(node, Column):
        return (node,)
    if isinstance(node, tuple):
        return tuple(c for member in node for c in columns_outside_aggregates(member))
    if is_dataclass(node):
        parts = tuple(getattr(node, f.name) for f in fields(node) if f.compare)
        return columns_outside_aggregates(parts)
    return ()


def is_condition(node: Any) -> bool:
    """Whether ``node`` is true, false or unknown."""
    is_exists = isinstance(node, Aggregate) and node.function is Function.EXISTS
    return is_exists or isinstance(node, Comparison | Logic | Not)
