"""Questions drawn for a schema: what entities' events will be, and what missing cells hold.

Horizons, thresholds and populations follow from the data, so that answers vary. Every question is text of the question
language: its labels, and what it hides from the features, are the language's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from relfm.database import Database
from relfm.errors import RelfmError
from relfm.planning import resolve
from relfm.questions.events import Events, Route, events_of, routes_of
from relfm.questions.population import Population, drawn_population, newcomers
from relfm.questions.static import cells_of, drawn_cell
from relfm.questions.targets import OFTENEST, RAREST, Draft, drawn_target
from relfm.questions.windows import FRACTIONS, Length, Windows, cutoffs_before, length_near
from relfm.schema import quoted

STATIC_SHARE = 0.2
FIRST_TIME_SHARE = 0.06
HORIZONS_TRIED = 4
ATTEMPTS = 15
"""At one question, before the other sort is tried."""

ATTEMPTS_IN_VAIN = 150
"""In a row, after which the schema offers nothing more."""

MOST_CACHED = 12


@dataclass
class Source:
    """What questions can be drawn from: routes and cells of one database; the events of the latest routes are kept."""

    database: Database
    generator: np.random.Generator
    cached: dict[Route, Events] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.routes = routes_of(self.database)
        self.cells = cells_of(self.database)

    def events(self, route: Route) -> Events:
        if route not in self.cached:
            if len(self.cached) >= MOST_CACHED:
                self.cached.pop(next(iter(self.cached)))
            self.cached[route] = events_of(self.database, route)
        return self.cached[route]

    def route(self) -> Route:
        """An entity table at random, then a route to it: tables that many point at do not crowd out the others."""
        entities = sorted({route.entity.name for route in self.routes})
        chosen = entities[self.generator.integers(len(entities))]
        there = [route for route in self.routes if route.entity.name == chosen]
        chances = np.array([1.0 / len(route.hops) for route in there])
        return there[self.generator.choice(len(there), p=chances / chances.sum())]

    def cell(self) -> str | None:
        """A question about a cell; no column is asked for twice."""
        table, columns = self.cells[self.generator.integers(len(self.cells))]
        column = columns.pop(self.generator.integers(len(columns)))
        if not columns:
            self.cells.remove((table, columns))
        return drawn_cell(self.database, table, column, self.generator)


def draw_questions(database: Database, count: int, seed: int) -> list[str]:
    """Up to ``count`` different questions that the database's schema accepts; fewer where it offers little."""
    return list(islice(questions_of(database, seed), count))


def questions_of(database: Database, seed: int) -> Iterator[str]:
    """Different questions without end, or until the schema offers nothing new."""
    source = Source(database, np.random.default_rng(seed))
    found: set[str] = set()
    vain = 0
    while vain < ATTEMPTS_IN_VAIN and (source.routes or source.cells):
        is_static = bool(source.cells) and (not source.routes or source.generator.random() < STATIC_SHARE)
        for _ in range(ATTEMPTS):
            text = (source.cell() if source.cells else None) if is_static else _forecast(source)
            if text is not None and text not in found and _fits(database, text):
                found.add(text)
                vain = 0
                yield text
                break
            vain += 1


def _forecast(source: Source) -> str | None:
    """A horizon at which some entities have events and some have none, then what to ask of them."""
    route, generator = source.route(), source.generator
    events = source.events(route)
    if not len(events.times):
        return None
    spanned = float(events.times[-1] - np.quantile(events.times, 0.02))
    for fraction in generator.permutation(FRACTIONS)[:HORIZONS_TRIED]:
        length = length_near(spanned * float(fraction), generator)
        cutoffs = cutoffs_before(events, length)
        if not len(cutoffs):
            continue
        found = drawn_population(source.database, route, events, cutoffs, length, generator)
        if generator.random() < FIRST_TIME_SHARE:
            return _first_time(route, found, events, cutoffs, length)
        windows = Windows.of(events, cutoffs, length.span.after(cutoffs), found.members)
        if windows.share() < RAREST or len(np.unique(windows.groups)) < 10:
            continue
        target = drawn_target(Draft(source.database, route, length, windows, generator))
        return None if target is None else _question(route, target, found.where)
    return None


def _first_time(
    route: Route, population: Population, events: Events, cutoffs: np.ndarray, length: Length
) -> str | None:
    """Whether those who never had such an event will have their first."""
    found = newcomers(population, events, cutoffs, route.star())
    windows = Windows.of(events, cutoffs, length.span.after(cutoffs), found.members)
    if not RAREST < windows.share() < OFTENEST:
        return None
    return _question(route, f"COUNT({route.star()}, {length.ahead}) > 0", found.where)


def _question(route: Route, target: str, where: str) -> str:
    entity = f"{quoted(route.entity.name)}.{quoted(route.entity.primary_key[0])}"
    return f"PREDICT {target} FOR EACH {entity}{f' WHERE {where}' if where else ''}"


def _fits(database: Database, text: str) -> bool:
    try:
        resolve(database, text)
    except RelfmError:
        return False
    return True
