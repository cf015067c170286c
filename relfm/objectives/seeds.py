"""Seed rows to look at, each as of its own moment."""

from dataclasses import dataclass

import numpy as np

from relfm.objectives.known import by_root, known
from relfm.objectives.objective import World
from relfm.times import TIMELESS

LEAST = 8
LATER = 0.5
"""Chance that dated rows are seen at a later moment than their own: at its own a row has no children yet."""


@dataclass(frozen=True)
class Seeds:
    """Rows int64[S] of one table, each as of ``seen`` int64[S]."""

    table: int
    rows: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def draw_seeds(world: World, generator: np.random.Generator, count: int) -> Seeds | None:
    """Up to ``count`` distinct rows of a linked table (fewer where the world asks for small draws), drawn with a chance
    as the root of its size; None if no table has ``LEAST`` rows."""
    tables, rows = world.database.tables, known(world).rows
    linked = {t for link in world.database.links for t in (link.child, link.parent)}
    table = by_root([len(r) if i in linked and len(r) >= LEAST else 0 for i, r in enumerate(rows)], generator)
    if table is None:
        return None
    drawn = np.sort(generator.choice(rows[table], min(world.sized(count, LEAST), len(rows[table])), replace=False))
    times = tables[table].times[drawn]
    seen = moments(world, times, generator)
    if generator.random() < LATER:
        seen = np.maximum(seen, generator.choice(known(world).moments, len(drawn)))
    return Seeds(table, drawn, seen)


def moments(world: World, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """int64[n]: dated rows at their own time, timeless ones at the time of some dated row of the database."""
    return np.where(times > TIMELESS, times, generator.choice(known(world).moments, len(times)))
