"""Questions drawn for a schema: counts, absence, thresholds, sums and means of an entity's events, and missing cells.

Horizons and thresholds follow from the data, so that answers vary. Every question is text of the question language:
what it hides from the features is the language's business.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.database import Database
from relfm.errors import RelfmError
from relfm.plan import resolve
from relfm.schema import Column, ForeignKey, Table
from relfm.stype import Stype
from relfm.times import DAY, TIMELESS

FRACTIONS = (1 / 6, 1 / 12, 1 / 24, 1 / 40, 1 / 80)
"""Horizons, as shares of the time that the events span."""

MIN_EVENTS, MIN_ENTITIES = 300, 15
ACTIVE_SHARE = 0.7
"""Share of the questions that ask only about entities with recent events."""

STATIC_SHARE = 0.15
ATTEMPTS = 12


@dataclass(frozen=True)
class Route:
    """Events of ``child`` that happen to rows of ``entity``; ``days`` is the time that they span."""

    entity: Table
    child: Table
    key: ForeignKey
    days: float


def draw_questions(database: Database, count: int, seed: int) -> list[str]:
    """Up to ``count`` different questions that the database's schema accepts; fewer where it offers little."""
    generator = np.random.default_rng(seed)
    routes, cells = routes_of(database), cells_of(database)
    found: dict[str, None] = {}
    for _ in range(ATTEMPTS * count):
        if len(found) == count or not (routes or cells):
            break
        static = bool(cells) and (not routes or generator.random() < STATIC_SHARE)
        text = _static(cells, generator) if static else _forecast(database, routes, generator)
        if text is not None and text not in found and _fits(database, text):
            found[text] = None
    return list(found)


def routes_of(database: Database) -> list[Route]:
    """Every way in which dated events point at entities with a key of one column, where one link alone leads there."""
    found = []
    for entity in database.schema.tables.values():
        if len(entity.primary_key) != 1 or database.num_rows(entity.name) < MIN_ENTITIES:
            continue
        children = database.schema.children_of(entity.name)
        for child, key in children:
            if sum(other.name == child.name for other, _ in children) > 1 or not database.is_timed(child.name):
                continue
            times = database.times(child.name)
            times = times[times > TIMELESS]
            if len(times) < MIN_EVENTS:
                continue
            first, last = np.quantile(times, [0.02, 1.0])
            if last - first >= 10 * DAY:
                found.append(Route(entity, child, key, (last - first) / DAY))
    return found


def cells_of(database: Database) -> list[tuple[Table, Column]]:
    """Flags and categories of few values in tables with a key and a time: cells that could be missing."""
    found = []
    for table in database.schema.tables.values():
        if (
            len(table.primary_key) != 1
            or not database.is_timed(table.name)
            or database.num_rows(table.name) < MIN_EVENTS
        ):
            continue
        for column in table.columns:
            if column.stype == Stype.categorical and column.name not in table.key_columns:
                _, values = database.codes(table.name, column.name)
                if 2 <= len(values) <= 10:
                    found.append((table, column))
    return found


def _forecast(database: Database, routes: list[Route], generator: np.random.Generator) -> str | None:
    route = routes[generator.integers(len(routes))]
    horizon = max(1, round(route.days * float(generator.choice(FRACTIONS))))
    child, entity = quoted(route.child.name), quoted(route.entity.name)
    body = _BODIES[generator.choice(len(_BODIES), p=_CHANCES)](database, route, child, horizon, generator)
    if body is None:
        return None
    active = ""
    if generator.random() < ACTIVE_SHARE:
        active = f" WHERE COUNT({child}.*, -{horizon * int(generator.choice([1, 3, 6]))}, 0, days) > 0"
    return f"PREDICT {body} FOR EACH {entity}.{quoted(route.entity.primary_key[0])}{active}"


def _absence(database: Database, route: Route, child: str, horizon: int, generator: np.random.Generator) -> str | None:
    return f"COUNT({child}.*, 0, {horizon}, days) = 0"


def _count(database: Database, route: Route, child: str, horizon: int, generator: np.random.Generator) -> str | None:
    return f"COUNT({child}.*, 0, {horizon}, days)"


def _many(database: Database, route: Route, child: str, horizon: int, generator: np.random.Generator) -> str | None:
    return f"COUNT({child}.*, 0, {horizon}, days) > {int(generator.integers(1, 5))}"


def _number(database: Database, route: Route, child: str, horizon: int, generator: np.random.Generator) -> str | None:
    columns = [
        c.name for c in route.child.columns if c.stype == Stype.numerical and c.name not in route.child.key_columns
    ]
    if not columns:
        return None
    column = columns[generator.integers(len(columns))]
    values = database.numbers(route.child.name, column)
    values = values[np.isfinite(values)]
    if len(values) < MIN_EVENTS // 3 or len(np.unique(values)) < 3:
        return None
    function = str(generator.choice(["SUM", "AVG", "MAX", "MIN"]))
    body = f"{function}({child}.{quoted(column)}, 0, {horizon}, days)"
    if generator.random() < 0.5:
        body += f" > {float(np.quantile(values, generator.choice([0.5, 0.75, 0.9]))):.4g}"
    return body


Body = Callable[[Database, Route, str, int, np.random.Generator], str | None]
_BODIES: tuple[Body, ...] = (_absence, _count, _many, _number)
_CHANCES = (0.25, 0.15, 0.1, 0.5)


def _static(cells: list[tuple[Table, Column]], generator: np.random.Generator) -> str:
    table, column = cells[generator.integers(len(cells))]
    name = quoted(table.name)
    return f"PREDICT {name}.{quoted(column.name)} FOR EACH {name}.{quoted(table.primary_key[0])}"


def _fits(database: Database, text: str) -> bool:
    try:
        resolve(database, text)
    except RelfmError:
        return False
    return True


def quoted(name: str) -> str:
    """The name as the question language takes any name."""
    return '"' + name.replace('"', '""') + '"'
