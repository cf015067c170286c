"""What of a world is known by its ``until``: the rows and links that draws choose from, found once."""

import weakref
from dataclasses import dataclass

import numpy as np

from relfm.history import is_visible
from relfm.objectives.objective import World
from relfm.tensors import DatabaseTensors
from relfm.times import TIMELESS

MOST_MOMENTS = 1000


@dataclass(frozen=True)
class Known:
    """Nothing here depends on a row that is later than ``until``.

    rows      int64 rows of each table whose time is known and not later
    children  int64 child rows of each link that are among those, sorted by (parent, time, row)
    moments   int64: times of dated rows, about MOST_MOMENTS of each table, and ``until``
    """

    rows: tuple[np.ndarray, ...]
    children: tuple[np.ndarray, ...]
    moments: np.ndarray

    @classmethod
    def of(cls, database: DatabaseTensors, until: int) -> "Known":
        """Looks at all of the database."""
        times = [t.times for t in database.tables]
        rows = tuple(np.flatnonzero(is_visible(t, until)) for t in times)
        children = tuple(k.children[times[k.child][k.children] <= until] for k in database.links)
        dated = [t[r][t[r] > TIMELESS] for t, r in zip(times, rows, strict=True)]
        thinned = [t[:: max(1, len(t) // MOST_MOMENTS)] for t in dated]
        return cls(rows, children, np.concatenate([np.array([until]), *thinned]))


_found: dict[tuple[int, int], tuple["weakref.ref[DatabaseTensors]", Known]] = {}


def known(world: World) -> Known:
    """Of that world; kept as long as its database lives."""
    database = world.database
    key = id(database), world.until
    if key in _found and _found[key][0]() is database:
        return _found[key][1]
    found = Known.of(database, world.until)
    _found[key] = weakref.ref(database, lambda _: _found.pop(key, None)), found
    return found


def visible(world: World, table: int, rows: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """bool[n]: which of the rows had come by ``seen``."""
    return is_visible(world.database.tables[table].times[rows], seen)


def by_root(sizes: list[int], generator: np.random.Generator) -> int | None:
    """A place in ``sizes``, with a chance as the root of what stands there; None if all are 0."""
    roots = np.array(sizes, float) ** 0.5
    return int(generator.choice(len(roots), p=roots / roots.sum())) if roots.any() else None
