"""The sampler against a sampler written out in plain Python."""

import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tensors import SPAN, random_database

from relfm.errors import UsageError
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

BACKENDS = ("numba", "numpy")


def seeds_of(database: DatabaseTensors, seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    filled = [i for i, table in enumerate(database.tables) if len(table)]
    tables = generator.choice(filled, count if filled else 0).astype(np.int32)
    rows = np.array([generator.integers(len(database.tables[t])) for t in tables], np.int64)
    return tables, rows, generator.integers(0, SPAN, len(rows))


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


def any_database(seed: int) -> DatabaseTensors:
    """One to four tables of 0 to 14 rows, a third of them timeless; 0 to 6 links between any two; few moments."""
    generator = np.random.default_rng(seed)
    sizes = generator.choice([0, 1, 2, 5, 14], generator.integers(1, 5))
    moments = np.array([MISSING_TIME, -DAY, 0, 1, DAY, 2 * DAY, SPAN])
    none = np.zeros(0, np.int32)
    tables = []
    for size in sizes:
        times = np.full(size, TIMELESS) if generator.random() < 0.3 else generator.choice(moments, size)
        cells = np.zeros((size, 0), np.float32), np.zeros((size, 0), np.int32), np.zeros((size, 0), np.int64)
        tables.append(TableTensors(0, times, *cells, none, none, none))
    links = []
    for child, parent in generator.integers(0, len(sizes), (generator.integers(0, 7), 2)):
        parents = generator.integers(-1, sizes[parent], sizes[child])
        links.append(LinkTensors.of(int(child), int(parent), 0, parents, tables[child].times, int(sizes[parent])))
    return DatabaseTensors("any", tuple(tables), tuple(links), np.zeros((1, 1), np.float16), np.zeros(1, np.uint32))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from([0, 1, 2, 3, 20]), max_size=3))
def test_any_database_and_fanout_give_what_plain_python_finds(seed: int, fanout: list[int]) -> None:
    database = any_database(seed)
    tables, rows, seen = seeds_of(database, seed, 12)
    seen = np.random.default_rng(seed).choice([TIMELESS, -DAY, 0, DAY, SPAN, SPAN + 1], len(rows))
    expected = oracle(database, tables, rows, seen, tuple(fanout))
    first, second = (Sampler(database, backend=b).sample(tables, rows, seen, fanout) for b in BACKENDS)
    assert listed(first) == expected
    assert first.equals(second)
    for field in fields(first):
        assert getattr(first, field.name).dtype == getattr(second, field.name).dtype, field.name
    times = np.array([database.tables[t].times[r] for t, r in zip(first.tables, first.rows, strict=True)], np.int64)
    later = slice(first.num_seeds, None)
    assert (times[later] != MISSING_TIME).all()
    assert (times[later] <= seen[first.seeds][later]).all()


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


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_long_history_gives_its_end(backend: str) -> None:
    """Ten thousand rows of one parent, a third of them at one moment."""
    times = np.sort(np.concatenate([np.arange(1, 6_668), np.full(3_333, 4_000)]))
    none, count = np.zeros(0, np.int32), len(times)
    cells = np.zeros((count, 0), np.float32), np.zeros((count, 0), np.int32), np.zeros((count, 0), np.int64)
    child = TableTensors(0, times, *cells, none, none, none)
    hub = TableTensors(0, np.array([TIMELESS]), *(c[:1] for c in cells), none, none, none)
    link = LinkTensors.of(0, 1, 0, np.zeros(count, np.int64), times, 1)
    database = DatabaseTensors("hub", (child, hub), (link,), np.zeros((1, 1), np.float16), np.zeros(1, np.uint32))
    hood = Sampler(database, backend=backend).sample(1, [0, 0, 0], [0, 4_000, 10_000], (100,))
    assert np.bincount(hood.seeds[3:], minlength=3).tolist() == [0, 100, 100]
    seven = np.flatnonzero(times <= 4_000)
    assert hood.rows[3:].tolist() == [*seven[::-1][:100], *range(count - 1, count - 101, -1)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_that_there_are_not_are_refused(backend: str) -> None:
    sampler = Sampler(random_database(0), backend=backend)
    for table, row in ((0, -1), (0, 20), (4, 0), (-1, 0)):
        with pytest.raises(IndexError, match="table"):
            sampler.sample(table, [row], [SPAN], (2,))
    with pytest.raises(ValueError, match="negative"):
        sampler.sample(0, [0], [SPAN], (2, -1))


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_handed_in_may_be_read_only_strided_and_narrow(backend: str) -> None:
    database = random_database(3)
    tables, rows, seen = seeds_of(database, 3)
    sampler = Sampler(database, backend=backend)
    expected = sampler.sample(tables[::2], rows[::2], seen[::2], (3, 2))
    for array in (tables, rows, seen):
        array.flags.writeable = False
    assert sampler.sample(tables[::2].astype(np.int8), rows[::2], seen[::2], (3, 2)).equals(expected)
    assert expected.rows.flags.writeable


def test_where_numba_cannot_be_imported_numpy_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert Sampler(random_database(0)).backend == "numpy"


def test_where_nothing_can_be_written_it_compiles_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import caching

    from relfm.sampler.kernel import compiled

    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    assert compiled(lambda: 7)() == 7


def test_importing_the_sampler_imports_no_compiler() -> None:
    code = "import sys; import relfm.sampler; sys.exit('numba' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_places_are_narrow_where_they_fit() -> None:
    index = Sampler(random_database(0), backend="numpy").index
    assert index.bounds.dtype == index.children.dtype == np.int32


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_wide_places_give_the_same(backend: str) -> None:
    """Databases of more than 2^31 children; compiled anew for them."""
    database = random_database(4)
    asked = (*seeds_of(database, 4), (4, 3))
    sampler = Sampler(database, backend=backend)
    expected = sampler.sample(*asked)
    wide = {name: getattr(sampler.index, name).astype(np.int64) for name in ("bounds", "children")}
    sampler.index = replace(sampler.index, **wide)
    assert sampler.sample(*asked).equals(expected)
