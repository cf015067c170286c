"""Seed rows to look at, each as of its own moment."""

from dataclasses import dataclass

import numpy as np

from relfm.objectives.objective import World
from relfm.times import MISSING_TIME, TIMELESS


@dataclass(frozen=True)
class Seeds:
    """Rows int64[S] of one table, each as of ``seen`` int64[S]."""

    table: int
    rows: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def draw_seeds(world: World, generator: np.random.Generator, count: int, *, least: int = 8) -> Seeds | None:
    """Up to ``count`` distinct rows of a table drawn with a chance as the root of its size; a dated row is seen at its
    own time, a timeless one at a random time of the database. None if no table has ``least`` rows."""
    tables = world.database.tables
    sizes = np.array([(t.times != MISSING_TIME).sum() if linked(world, i) else 0 for i, t in enumerate(tables)])
    sizes = np.where(sizes >= least, sizes, 0) ** 0.5
    if not sizes.sum():
        return None
    table = int(generator.choice(len(tables), p=sizes / sizes.sum()))
    times = tables[table].times
    rows = np.flatnonzero((times != MISSING_TIME) & (times <= world.until))
    if len(rows) < least:
        return None
    rows = np.sort(generator.choice(rows, min(count, len(rows)), replace=False))
    return Seeds(table, rows, moments(world, times[rows], generator))


def linked(world: World, table: int) -> bool:
    return any(table in (link.child, link.parent) for link in world.database.links)


def moments(world: World, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """int64[n]: dated rows at their own time, timeless ones at the time of some dated row of the database."""
    dated = [t.times[t.times > TIMELESS] for t in world.database.tables]
    dated = [t[t <= world.until] for t in dated]
    pool = np.concatenate([np.array([world.until]), *(t[:: max(1, len(t) // 1000)] for t in dated)])
    return np.where(times > TIMELESS, times, generator.choice(pool, len(times)))
