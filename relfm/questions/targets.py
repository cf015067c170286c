"""What is asked of an entity's coming events: whether, how many, how much, how different, which comes next.

Each builder returns the target's text, or None where what it would ask has nearly the same answer everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.database import Database
from relfm.questions.columns import categories_of, numbers_of, some_value, threshold
from relfm.questions.events import Route
from relfm.questions.values import literal, number
from relfm.questions.windows import Length, Windows
from relfm.schema import quoted

RAREST, OFTENEST = 0.04, 0.96
FEWEST = 40
"""Windows with events from which a threshold may be read."""

MOST_CLASSES = 10
FUNCTIONS = ("SUM", "AVG", "MIN", "MAX", "LAST", "FIRST")
CHANCES = (0.35, 0.25, 0.1, 0.15, 0.1, 0.05)


@dataclass(frozen=True)
class Draft:
    """A question being drawn: whose events, and what windows of that length held at past cutoffs."""

    database: Database
    route: Route
    length: Length
    windows: Windows
    generator: np.random.Generator

    def aggregate(self, function: str, counted: str) -> str:
        return f"{function}({counted}, {self.length.ahead})"

    def coin(self, chance: float = 0.5) -> bool:
        return bool(self.generator.random() < chance)


def whether(draft: Draft) -> str | None:
    """Any event, or none."""
    if not RAREST < draft.windows.share() < OFTENEST:
        return None
    return f"{draft.aggregate('COUNT', draft.route.star())} {'= 0' if draft.coin() else '> 0'}"


def how_many(draft: Draft) -> str | None:
    """A count, or whether it exceeds a bound."""
    return _counted(draft, draft.windows, draft.route.star())


def of_a_kind(draft: Draft) -> str | None:
    """Events that fit a condition: any, or how many."""
    chosen = some_value(draft.database, draft.route.child, draft.generator)
    if chosen is None:
        return None
    condition, mask = chosen
    counted = draft.route.star(f"{quoted(draft.route.child.name)}.{condition}")
    windows = draft.windows.where(mask)
    if draft.coin():
        return _counted(draft, windows, counted)
    if not RAREST < windows.share() < OFTENEST:
        return None
    return f"{draft.aggregate('COUNT', counted)} > 0"


def how_much(draft: Draft) -> str | None:
    """Sum, mean, extreme, first or last of a number, or whether it exceeds a bound."""
    column = _one(draft, numbers_of(draft.database, draft.route.child))
    if column is None:
        return None
    function = str(draft.generator.choice(FUNCTIONS, p=CHANCES))
    values = draft.database.numbers(draft.route.child.name, column)
    found = draft.windows.reduced(function, values)
    if len(found) < FEWEST or len(np.unique(found)) < 3:
        return None
    return _as_number(draft, draft.aggregate(function, draft.route.column(column)), found)


def how_different(draft: Draft) -> str | None:
    """Distinct values of a category, or distinct rows of another table that the events name."""
    table, database = draft.route.child, draft.database
    used = {column for hop in draft.route.hops for column in hop.key.columns}
    keys = [k for k in sorted(table.foreign_keys) if len(k.columns) == 1 and not used & set(k.columns)]
    names = [c.name for c in categories_of(database, table)] + [k.columns[0] for k in keys]
    column = _one(draft, names)
    if column is None:
        return None
    codes, values = database.codes(table.name, column)
    found = draft.windows.distinct(codes)
    if len(values) < 3 or found.max(initial=0) < 2:
        return None
    return _as_number(draft, draft.aggregate("COUNT_DISTINCT", draft.route.column(column)), found)


def which_next(draft: Draft) -> str | None:
    """The category of the next (or last) event: one of a few, or whether it is a certain one."""
    table, database = draft.route.child, draft.database
    column = _one(draft, [c.name for c in categories_of(database, table)])
    if column is None:
        return None
    codes, values = database.codes(table.name, column)
    function = "FIRST" if draft.coin(0.7) else "LAST"
    found = draft.windows.reduced(function, np.where(codes >= 0, codes, np.nan).astype(np.float64)).astype(np.int64)
    if len(found) < FEWEST:
        return None
    shares = np.bincount(found, minlength=len(values)) / len(found)
    if shares.max() > OFTENEST:
        return None
    target = draft.aggregate(function, draft.route.column(column))
    if 2 < len(values) <= MOST_CLASSES:
        return target
    told = literal(values[int(shares.argmax())].as_py())
    return None if told is None or shares.max() < RAREST else f"{target} = {told}"


def more_than_before(draft: Draft) -> str | None:
    """Whether more happens than in the window before."""
    if draft.windows.share() < 0.2:
        return None
    star = draft.route.star()
    return f"{draft.aggregate('COUNT', star)} > COUNT({star}, {draft.length.back(1)})"


BUILDERS: tuple[tuple[Callable[[Draft], str | None], float], ...] = (
    (whether, 0.2),
    (how_many, 0.15),
    (of_a_kind, 0.15),
    (how_much, 0.28),
    (how_different, 0.08),
    (which_next, 0.18),
    (more_than_before, 0.04),
)
"""Builders and how often each is tried."""


def drawn_target(draft: Draft) -> str | None:
    chances = np.array([chance for _, chance in BUILDERS])
    return BUILDERS[draft.generator.choice(len(BUILDERS), p=chances / chances.sum())][0](draft)


def _counted(draft: Draft, windows: Windows, counted: str) -> str | None:
    counts = windows.counts()
    target = draft.aggregate("COUNT", counted)
    return _as_number(draft, target, counts) if len(np.unique(counts)) > 3 and windows.share() > 0.1 else None


def _as_number(draft: Draft, target: str, found: np.ndarray) -> str | None:
    if draft.coin():
        return target
    bound = threshold(found, draft.generator)
    return None if bound is None else f"{target} > {number(bound)}"


def _one(draft: Draft, columns: list) -> str | None:
    if not columns:
        return None
    column = columns[draft.generator.integers(len(columns))]
    return column if isinstance(column, str) else column.name
