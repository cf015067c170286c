"""Random databases as arrays: several links between two tables, a self reference, timeless tables, missing times."""

import numpy as np

from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

DIM = 8
SPAN = 100 * DAY


def random_database(seed: int = 0, *, rows: int = 60, dim: int = DIM) -> DatabaseTensors:
    """Four tables: customers and shops (timeless), orders, notes about orders and about notes. Few distinct times, so
    that many rows are of the same moment."""
    generator = np.random.default_rng(seed)
    sizes = {"customers": rows // 3, "shops": 4, "orders": rows, "notes": 2 * rows}
    strings = ["customers", "shops", "orders", "notes"]
    tables = []
    for place, (name, size) in enumerate(sizes.items()):
        times = generator.integers(1, 20, size) * (SPAN // 20)
        times = np.sort(times) if name != "shops" else np.full(size, TIMELESS)
        if name == "notes":
            times[generator.random(size) < 0.1] = MISSING_TIME
        names = [f"{name}.{c}" for c in ("amount", "flag", "kind", "written")]
        ids = np.arange(len(strings), len(strings) + 4, dtype=np.int32)
        strings += names
        numbers = np.stack([generator.lognormal(size=size), generator.integers(0, 2, size)], axis=1)
        numbers[generator.random(numbers.shape) < 0.1] = np.nan
        kinds = generator.integers(-1, 6, (size, 1)).astype(np.int32)
        dates = times[:, None] - generator.integers(0, 50, (size, 1)) * DAY
        dates[times <= TIMELESS] = MISSING_TIME
        tables.append(TableTensors(place, times, numbers.astype(np.float32), kinds, dates, ids[:2], ids[2:3], ids[3:]))
    strings += [f"kind {i}" for i in range(6)]
    offset = len(strings) - 6
    tables = [_shifted(t, offset) for t in tables]
    links = []
    for child, parent in ((2, 0), (2, 0), (2, 1), (3, 2), (3, 3)):
        size, other = len(tables[child]), len(tables[parent])
        skewed = (other * generator.random(size) ** 2).astype(np.int64)
        parents = np.where(generator.random(size) < 0.1, -1, skewed)
        strings.append(f"link {len(links)}")
        links.append(LinkTensors.of(child, parent, len(strings) - 1, parents, tables[child].times, other))
    vectors = generator.normal(size=(len(strings), dim)).astype(np.float16)
    hashes = generator.integers(0, 2**32, len(strings), dtype=np.uint32)
    return DatabaseTensors("random", tuple(tables), tuple(links), vectors, hashes)


def _shifted(table: TableTensors, offset: int) -> TableTensors:
    """String cells that name the strings from ``offset`` on."""
    cells = np.where(table.strings >= 0, table.strings + offset, -1).astype(np.int32)
    kept = (table.name, table.times, table.numbers, cells, table.dates)
    return TableTensors(*kept, table.number_names, table.string_names, table.date_names)
