"""Whatever happens after what a seed has seen leaves its neighbourhood as it was."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from small_tensors import SPAN, random_database

from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY

MOMENT = SPAN // 2
ARRAYS = ("offsets", "tables", "parents", "relations", "ages", "seeds")

Parents = list[np.ndarray]
Change = Callable[[DatabaseTensors], tuple[DatabaseTensors, list[np.ndarray]]]


def linked(database: DatabaseTensors, tables: list[TableTensors], parents: Parents) -> DatabaseTensors:
    """The database with other tables and the same links between them, of other parents."""
    links = [
        LinkTensors.of(link.child, link.parent, link.name, new, tables[link.child].times, len(tables[link.parent]))
        for link, new in zip(database.links, parents, strict=True)
    ]
    return replace(database, tables=tuple(tables), links=tuple(links))


def taken(table: TableTensors, rows: np.ndarray) -> TableTensors:
    return replace(table, **{name: getattr(table, name)[rows] for name in ("times", "numbers", "strings", "dates")})


def changed(database: DatabaseTensors) -> tuple[DatabaseTensors, list[np.ndarray]]:
    """Later rows moved further away and given other parents."""
    generator = np.random.default_rng(9)
    tables = [replace(t, times=np.where(t.times > MOMENT, t.times + 7 * DAY, t.times)) for t in database.tables]
    parents = [
        np.where(
            database.tables[link.child].times > MOMENT,
            generator.integers(-1, len(tables[link.parent]), len(link.parents)),
            link.parents,
        )
        for link in database.links
    ]
    return linked(database, tables, parents), [np.arange(len(t)) for t in tables]


def added(database: DatabaseTensors) -> tuple[DatabaseTensors, list[np.ndarray]]:
    """As many rows again in every table that has later ones, all later, with parents of any time."""
    generator = np.random.default_rng(9)
    tables, more = [], []
    for table in database.tables:
        count = len(table) if (table.times > MOMENT).any() else 0
        new = taken(table, np.concatenate([np.arange(len(table)), np.arange(count)]))
        new.times[len(table) :] = MOMENT + generator.integers(1, SPAN, count)
        tables.append(new)
        more.append(count)
    parents = [
        np.concatenate([link.parents, generator.integers(0, len(tables[link.parent]), more[link.child])])
        for link in database.links
    ]
    return linked(database, tables, parents), [np.arange(len(t)) for t in database.tables]


def deleted(database: DatabaseTensors) -> tuple[DatabaseTensors, list[np.ndarray]]:
    """Without the later rows; those that remain are numbered anew."""
    kept = [table.times <= MOMENT for table in database.tables]
    places = [np.append(np.where(k, np.cumsum(k) - 1, -1), -1) for k in kept]
    tables = [taken(table, np.flatnonzero(k)) for table, k in zip(database.tables, kept, strict=True)]
    parents = [places[link.parent][link.parents][kept[link.child]] for link in database.links]
    return linked(database, tables, parents), [p[:-1] for p in places]


def renumbered(hood: Neighbourhood, places: list[np.ndarray]) -> list[int]:
    return [int(places[t][r]) for t, r in zip(hood.tables, hood.rows, strict=True)]


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("change", [changed, added, deleted])
@pytest.mark.parametrize("seed", range(3))
def test_the_future_leaves_no_trace(backend: str, change: Change, seed: int) -> None:
    database = random_database(seed, rows=120)
    generator = np.random.default_rng(seed)
    tables = generator.integers(0, len(database.tables), 120)
    rows = np.array([generator.integers(len(database.tables[t])) for t in tables])
    there = [database.tables[t].times[r] <= MOMENT for t, r in zip(tables, rows, strict=True)]
    tables, rows = tables[there], rows[there]
    seen = np.full(len(rows), MOMENT)
    after, places = change(database)
    moved = np.array([places[t][r] for t, r in zip(tables, rows, strict=True)])
    before = Sampler(database, backend=backend).sample(tables, rows, seen, (5, 5, 2))
    later = Sampler(after, backend=backend).sample(tables, moved, seen, (5, 5, 2))
    assert before.num_nodes > 3 * len(rows)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(before, name), getattr(later, name), err_msg=name)
    assert renumbered(before, places) == later.rows.tolist()
