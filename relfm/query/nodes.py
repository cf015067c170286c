"""The parsed question: frozen values that print themselves as canonical text.

``parse(str(query)) == query``. Where a node stood in the text (``span``) is kept for error messages and not compared.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from relfm.schema import quoted
from relfm.times import Span, format_time

TextSpan = tuple[int, int]

_PLAIN_NAME = re.compile(r"[^\W\d][\w$]*")


class Function(StrEnum):
    """What an aggregate does with the rows of its window."""

    COUNT = "COUNT"
    COUNT_DISTINCT = "COUNT_DISTINCT"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    FIRST = "FIRST"
    LAST = "LAST"
    LIST_DISTINCT = "LIST_DISTINCT"
    EXISTS = "EXISTS"


class Compare(StrEnum):
    """Comparison operators."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    IS = "IS"
    IS_NOT = "IS NOT"
    IN = "IN"
    NOT_IN = "NOT IN"
    LIKE = "LIKE"
    NOT_LIKE = "NOT LIKE"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT CONTAINS"
    STARTS_WITH = "STARTS WITH"
    NOT_STARTS_WITH = "NOT STARTS WITH"
    ENDS_WITH = "ENDS WITH"
    NOT_ENDS_WITH = "NOT ENDS WITH"


class Empty(StrEnum):
    """What an empty target window counts as: 0; unknown; or the entity is left out of the labels altogether."""

    ZERO = "0"
    NULL = "NULL"
    SKIP = "SKIP"


@dataclass(frozen=True)
class Moment:
    """A date or time constant, in microseconds UTC."""

    microseconds: int

    def __str__(self) -> str:
        return format_time(self.microseconds)


@dataclass(frozen=True)
class Constant:
    """A number, text, truth value, moment, or None for NULL."""

    value: int | float | str | bool | Moment | None
    span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        match self.value:
            case None:
                return "NULL"
            case bool():
                return str(self.value).upper()
            case str():
                return "'" + self.value.replace("'", "''") + "'"
            case _:
                return str(self.value)


@dataclass(frozen=True)
class Constants:
    """The members after IN."""

    members: tuple[Constant, ...]

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.members))})"


@dataclass(frozen=True)
class Column:
    """``table.name``; the name ``*`` stands for the table's rows."""

    table: str
    name: str
    span: TextSpan | None = field(default=None, compare=False, repr=False)
    table_span: TextSpan | None = field(default=None, compare=False, repr=False)
    name_span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{name_text(self.table)}.{self.name if self.name == '*' else name_text(self.name)}"


@dataclass(frozen=True)
class Arithmetic:
    """``left operator right`` on numbers."""

    operator: Literal["+", "-", "*", "/"]
    left: "Expression"
    right: "Expression"
    span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        own = strength(self)
        left = f"({self.left})" if strength(self.left) < own else str(self.left)
        right = f"({self.right})" if strength(self.right) <= own else str(self.right)
        return f"{left} {self.operator} {right}"


@dataclass(frozen=True)
class Window:
    """``(cutoff + start, cutoff + end]``; a start of None is the beginning of the data."""

    start: int | None
    end: int
    unit: str = "days"

    @property
    def starts(self) -> Span | None:
        return None if self.start is None else Span.of(self.start, self.unit)

    @property
    def ends(self) -> Span:
        return Span.of(self.end, self.unit)

    def shifted(self, steps: int) -> "Window":
        """This window moved ahead by ``steps`` times its own length."""
        length = 0 if self.start is None else self.end - self.start
        start = None if self.start is None else self.start + steps * length
        return Window(start, self.end + steps * length, self.unit)

    def __str__(self) -> str:
        return f"{'-INF' if self.start is None else self.start}, {self.end}, {self.unit}"


@dataclass(frozen=True)
class Aggregate:
    """``function`` over the rows of a table in ``window`` that meet ``where``, along the foreign keys ``via``."""

    function: Function
    argument: "Expression"
    window: Window | None = None
    where: "Condition | None" = None
    via: tuple[Column, ...] = ()
    span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        via = "".join(f" VIA {column}" for column in self.via)
        where = f" WHERE {self.where}" if self.where is not None else ""
        window = f", {self.window}" if self.window is not None else ""
        return f"{self.function}({self.argument}{via}{where}{window})"


Expression = Column | Constant | Aggregate | Arithmetic


@dataclass(frozen=True)
class Comparison:
    """``left operator right``."""

    left: Expression
    operator: Compare
    right: Expression | Constants
    span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True)
class Not:
    """The opposite of ``condition``; unknown if it is unknown."""

    condition: "Condition"

    def __str__(self) -> str:
        return f"NOT ({self.condition})" if isinstance(self.condition, Logic) else f"NOT {self.condition}"


@dataclass(frozen=True)
class Logic:
    """Conditions joined by AND or OR, with SQL's three-valued truth."""

    operator: Literal["AND", "OR"]
    conditions: "tuple[Condition, ...]"

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({c})" if isinstance(c, Logic) else str(c) for c in self.conditions)


Condition = Comparison | Not | Logic | Aggregate
"""An Aggregate is a condition if its function is EXISTS."""


@dataclass(frozen=True)
class Entity:
    """Whom the question is about: each row of ``table``, or those whose ``key`` is one of ``ids``."""

    table: str
    key: str | None = None
    ids: tuple[Constant, ...] | None = None
    span: TextSpan | None = field(default=None, compare=False, repr=False)
    table_span: TextSpan | None = field(default=None, compare=False, repr=False)
    key_span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        named = name_text(self.table) + (f".{name_text(self.key)}" if self.key is not None else "")
        if self.ids is None:
            return f"EACH {named}"
        if len(self.ids) == 1:
            return f"{named} = {self.ids[0]}"
        return f"{named} IN {Constants(self.ids)}"


@dataclass(frozen=True)
class Rank:
    """RANK (or CLASSIFY) the members of a list, the first ``top`` of them."""

    word: Literal["RANK", "CLASSIFY"] = "RANK"
    top: int | None = None
    span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.word if self.top is None else f"{self.word} TOP {self.top}"


@dataclass(frozen=True)
class PredictiveQuery:
    """``PREDICT target … FOR entity … WHERE … ASSUMING …``. ``text`` is what was parsed, for error messages."""

    target: Expression | Condition
    entity: Entity
    where: Condition | None = None
    assuming: Condition | None = None
    forecast: int | None = None
    rank: Rank | None = None
    empty: Empty | None = None
    text: str | None = field(default=None, compare=False, repr=False)
    empty_span: TextSpan | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        parts = [f"PREDICT {self.target}"]
        if self.empty is not None:
            parts.append(f"EMPTY AS {self.empty}")
        if self.forecast is not None:
            parts.append(f"FORECAST {self.forecast} TIMEFRAMES")
        if self.rank is not None:
            parts.append(str(self.rank))
        parts.append(f"FOR {self.entity}")
        if self.where is not None:
            parts.append(f"WHERE {self.where}")
        if self.assuming is not None:
            parts.append(f"ASSUMING {self.assuming}")
        return " ".join(parts)


def name_text(name: str) -> str:
    """``name`` as the language writes it: quoted unless it is a plain word."""
    return name if _PLAIN_NAME.fullmatch(name) and name.upper() not in RESERVED else quoted(name)


_WORDS = """PREDICT FOR EACH WHERE ASSUMING AND OR NOT IS IN BETWEEN AS NULL TRUE FALSE INF EXISTS DISTINCT EMPTY SKIP
FORECAST TIMEFRAME TIMEFRAMES RANK CLASSIFY TOP VIA LIKE CONTAINS STARTS ENDS WITH"""
RESERVED = frozenset(_WORDS.split())


def strength(expression: Expression) -> int:
    """How tightly an expression holds together: sums loosest, then products, then everything else."""
    if not isinstance(expression, Arithmetic):
        return 3
    return 1 if expression.operator in "+-" else 2
