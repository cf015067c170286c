"""Who a question is about: everyone, those with recent events, those who never had one, those who fell silent."""

from dataclasses import dataclass

import numpy as np

from relfm.database import Database
from relfm.questions.columns import some_value
from relfm.questions.events import Events, Route
from relfm.questions.windows import Length
from relfm.schema import quoted

LOOKS_BACK = (1, 2, 3, 6)
MOST_MEMBERS = 20_000
FILTERED_SHARE = 0.12


@dataclass(frozen=True)
class Population:
    """Its WHERE in the language, without the word, and the sorted entity rows (int64) that fit it at each cutoff."""

    where: str
    members: list[np.ndarray]

    @property
    def size(self) -> int:
        return sum(map(len, self.members))


def everyone(database: Database, route: Route, cutoffs: np.ndarray) -> Population:
    times = database.times(route.entity.name)
    return Population("", [np.flatnonzero(times <= cutoff) for cutoff in cutoffs])


def active(route: Route, events: Events, cutoffs: np.ndarray, length: Length, times: int) -> Population:
    """Those with an event in the last ``times`` lengths."""
    begins = cutoffs - times * length.span.approximate()
    members = [_owners(events, begin, cutoff) for begin, cutoff in zip(begins, cutoffs, strict=True)]
    return Population(f"COUNT({route.star()}, {length.back(times)}) > 0", members)


def dormant(route: Route, events: Events, cutoffs: np.ndarray, length: Length, times: int) -> Population:
    """Those with events before, but none in the last length."""
    size = length.span.approximate()
    members = [
        np.setdiff1d(
            _owners(events, cutoff - (times + 1) * size, cutoff - size), _owners(events, cutoff - size, cutoff)
        )
        for cutoff in cutoffs
    ]
    silent = f"COUNT({route.star()}, {length.back(1)}) = 0"
    return Population(f"{silent} AND COUNT({route.star()}, {length.back(times + 1, 1)}) > 0", members)


def newcomers(population: Population, events: Events, cutoffs: np.ndarray, counted: str) -> Population:
    """Those of ``population`` who have had no event of the kind that ``counted`` names."""
    start = events.times[0] - 1 if len(events.times) else 0
    members = [
        np.setdiff1d(member, _owners(events, start, cutoff), assume_unique=True)
        for member, cutoff in zip(population.members, cutoffs, strict=True)
    ]
    return Population(_both(population.where, f"COUNT({counted}, -INF, 0, days) = 0"), members)


def drawn_population(
    database: Database,
    route: Route,
    events: Events,
    cutoffs: np.ndarray,
    length: Length,
    generator: np.random.Generator,
) -> Population:
    """One of them at random, now and then only those of some category; of each at most ``MOST_MEMBERS``."""
    times = int(generator.choice(LOOKS_BACK))
    kind = generator.choice(3, p=(0.25, 0.65, 0.1))
    if kind == 0:
        found = everyone(database, route, cutoffs)
    else:
        found = (active if kind == 1 else dormant)(route, events, cutoffs, length, times)
    if generator.random() < FILTERED_SHARE and (chosen := some_value(database, route.entity, generator)):
        condition, mask = chosen
        name = quoted(route.entity.name)
        found = Population(_both(f"{name}.{condition}", found.where), [m[mask[m]] for m in found.members])
    most = MOST_MEMBERS // max(1, len(cutoffs))
    return Population(found.where, [_some(m, most, generator) for m in found.members])


def _owners(events: Events, after: int, until: int) -> np.ndarray:
    begin, stop = np.searchsorted(events.times, [after, until], side="right")
    return np.unique(events.owners[begin:stop])


def _some(member: np.ndarray, most: int, generator: np.random.Generator) -> np.ndarray:
    return member if len(member) <= most else np.sort(generator.choice(member, most, replace=False))


def _both(first: str, second: str) -> str:
    return f"{first} AND {second}" if first and second else first or second
