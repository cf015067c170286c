"""The sampler against a sampler written out in plain Python, and against mutations of the future."""

from dataclasses import replace

import numpy as np
import pytest
from small_tensors import SPAN, random_database

from relfm.errors import UsageError
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, LinkTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

BACKENDS = ("numba", "numpy")


def seeds_of(database: DatabaseTensors, seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    tables = generator.integers(0, len(database.tables), count).astype(np.int32)
    rows = np.array([generator.integers(len(database.tables[t])) for t in tables])
    return tables, rows, generator.integers(0, SPAN, count)


def oracle(
    database: DatabaseTensors, tables: np.ndarray, rows: np.ndarray, seen: np.ndarray, fanout: tuple[int, ...]
) -> list[tuple[int, int, int, int, int]]:
    """(table, row, parent, relation, seed) of every node in order."""
    nodes = [(int(t), int(r), -1, -1, i) for i, (t, r) in enumerate(zip(tables, rows, strict=True))]
    begin = 0
    for most in fanout:
        frontier, end = nodes[begin:], len(nodes)
        for place, (table, row, parent, came_by, seed) in enumerate(frontier, start=begin):
            for relation in range(2 * len(database.links)):
                link = database.links[relation // 2]
                if relation % 2 == 0 and link.parent == table:
                    found = _children(database, link, row, int(seen[seed]))
                    if came_by == relation + 1:
                        found = [c for c in found if c != nodes[parent][1]]
                    nodes += [(link.child, c, place, relation, seed) for c in found[:most]]
                elif relation % 2 == 1 and link.child == table and came_by != relation - 1:
                    other = int(link.parents[row])
                    if other >= 0 and _visible(database.tables[link.parent].times[other], int(seen[seed])):
                        nodes.append((link.parent, other, place, relation, seed))
        begin = end
    return nodes


def _children(database: DatabaseTensors, link: LinkTensors, row: int, seen: int) -> list[int]:
    times = database.tables[link.child].times
    found = [c for c in np.flatnonzero(link.parents == row).tolist() if _visible(times[c], seen)]
    return sorted(found, key=lambda c: (-int(times[c]), -c))


def _visible(time: int, seen: int) -> bool:
    return time != MISSING_TIME and time <= seen


def listed(hood: Neighbourhood) -> list[tuple[int, int, int, int, int]]:
    columns = (hood.tables, hood.rows, hood.parents, hood.relations, hood.seeds)
    return list(zip(*(c.tolist() for c in columns), strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("fanout", [(3,), (3, 2), (100, 100), (1, 1, 1), (2, 3, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_neighbourhoods_are_what_plain_python_finds(backend: str, fanout: tuple[int, ...], seed: int) -> None:
    database = random_database(seed)
    tables, rows, seen = seeds_of(database, seed)
    hood = Sampler(database, backend=backend).sample(tables, rows, seen, fanout)
    assert listed(hood) == oracle(database, tables, rows, seen, fanout)
    assert hood.offsets[-1] == hood.num_nodes
    assert len(hood.offsets) == len(fanout) + 2


@pytest.mark.parametrize("seed", range(8))
def test_both_backends_return_the_same_arrays(seed: int) -> None:
    database = random_database(seed, rows=200)
    tables, rows, seen = seeds_of(database, seed, 300)
    first, second = (Sampler(database, backend=b).sample(tables, rows, seen, (8, 4, 2)) for b in BACKENDS)
    assert first.equals(second)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ages_count_from_what_the_seed_saw(backend: str) -> None:
    database = random_database(1)
    tables, rows, seen = seeds_of(database, 1)
    hood = Sampler(database, backend=backend).sample(tables, rows, seen, (4, 4))
    later = hood.offsets[1]
    times = np.array([database.tables[t].times[r] for t, r in zip(hood.tables, hood.rows, strict=True)])
    expected = np.where(times == TIMELESS, -1, seen[hood.seeds] - times)
    np.testing.assert_array_equal(hood.ages[later:], expected[later:])
    assert (hood.ages[later:] >= -1).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_future_leaves_no_trace(backend: str) -> None:
    database = random_database(2, rows=120)
    tables, rows, _ = seeds_of(database, 2, 80)
    moment = SPAN // 2
    there = [database.tables[t].times[r] <= moment for t, r in zip(tables, rows, strict=True)]
    tables, rows = tables[there], rows[there]
    seen = np.full(len(rows), moment)
    before = Sampler(database, backend=backend).sample(tables, rows, seen, (5, 5))
    after = Sampler(mutated(database, moment), backend=backend).sample(tables, rows, seen, (5, 5))
    shown = ("offsets", "tables", "rows", "parents", "relations", "seeds")
    later = slice(before.offsets[1], None)
    assert all(np.array_equal(getattr(before, name), getattr(after, name)) for name in shown)
    np.testing.assert_array_equal(before.ages[later], after.ages[later])


def mutated(database: DatabaseTensors, moment: int) -> DatabaseTensors:
    """Rows after ``moment`` moved later and given other parents."""
    generator = np.random.default_rng(9)
    tables = []
    for table in database.tables:
        later = table.times > moment
        tables.append(replace(table, times=np.where(later, table.times + 7 * DAY, table.times)))
    links = []
    for link in database.links:
        later = tables[link.child].times > moment
        other = generator.integers(-1, len(tables[link.parent]), len(link.parents))
        parents = np.where(later, other, link.parents)
        times, size = tables[link.child].times, len(tables[link.parent])
        links.append(LinkTensors.of(link.child, link.parent, link.name, parents, times, size))
    return replace(database, tables=tuple(tables), links=tuple(links))


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_seeds_and_no_links_are_no_trouble(backend: str) -> None:
    database = random_database(0)
    none = np.zeros(0, np.int64)
    assert Sampler(database, backend=backend).sample(0, none, none, (4, 4)).offsets.tolist() == [0, 0, 0, 0]
    alone = replace(database, links=())
    hood = Sampler(alone, backend=backend).sample(0, np.arange(3), np.full(3, SPAN), (4,))
    assert hood.offsets.tolist() == [0, 3, 3]


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(UsageError, match="'rust'"):
        Sampler(random_database(0), backend="rust")
