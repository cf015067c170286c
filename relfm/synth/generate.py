"""The generator: from a seed to a database."""

import numpy as np

from relfm.errors import UsageError
from relfm.synth.cells import Habits
from relfm.synth.database import Link, SyntheticDatabase, Table
from relfm.synth.growth import grow
from relfm.synth.schema import draw_schema
from relfm.synth.world import World
from relfm.times import SECOND, TIMELESS

FEWEST_ROWS = 200
MOST_TABLES = 40


def generate(seed: int, *, rows: int | None = None, tables: int | None = None) -> SyntheticDatabase:
    """A database of about ``rows`` rows (None: 8,000 to 200,000) in ``tables`` tables (None: 2 to 12).

    UsageError for fewer than 200 rows, and unless there are 2 to 40 tables.
    """
    if rows is not None and rows < FEWEST_ROWS:
        raise UsageError(f"a database of {rows} rows is too small", hint=f"ask for {FEWEST_ROWS} rows or more")
    if tables is not None and not 2 <= tables <= MOST_TABLES:
        raise UsageError(f"a database of {tables} tables cannot be made", hint=f"ask for 2 to {MOST_TABLES} tables")
    rng = np.random.default_rng([seed, rows or 0, tables or 0])
    size = rows if rows is not None else int(np.exp(rng.uniform(np.log(8_000), np.log(200_000))))
    schema = draw_schema(rng, size, tables)
    world = World.draw(rng, schema, size)
    columns = grow(rng, world, Habits.draw(rng))
    made, links = [], []
    for index, (plan, population) in enumerate(zip(schema.tables, world.populations, strict=True)):
        times = population.births * SECOND if plan.clock else np.full(len(population), TIMELESS)
        made.append(Table(plan.name, plan.role, plan.key, plan.clock, times, columns[index]))
        links += [
            Link(index, link.parent, link.column, held)
            for link, held in zip(plan.links, population.parents, strict=True)
        ]
    name = f"synthetic_{schema.domain.name}_{seed}"
    return SyntheticDatabase(
        name, seed, tuple(made), tuple(links), world.timeline.start * SECOND, world.timeline.end * SECOND
    )
