"""The temporal sampler's throughput, numba beside NumPy: python -m relfm.benchmarks.sampling [--rows N].

A generated shop of five tables (customers, products, stores, orders, lines) with skewed links; one core. Reference from
the literature, not run here: pyg-lib's temporal sampler reached 137,000 seeds a second at fan-out 16, 8 and 49,000 at
16, 8, 8 on a database of this shape with five million rows.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY, TIMELESS

FANOUTS = ((16, 8), (64, 32), (128, 64), (16, 8, 8))
BATCH = 512
SPAN = 1000 * DAY


def generated(rows: int, seed: int = 0) -> DatabaseTensors:
    """About ``rows`` rows: a fifth are orders, the most of the rest their lines."""
    generator = np.random.default_rng(seed)
    sizes = {
        "customers": rows // 20,
        "products": rows // 100,
        "stores": 100,
        "orders": rows // 5,
        "lines": rows * 3 // 4,
    }
    orders_at = np.sort(generator.integers(0, SPAN, sizes["orders"]))
    order_of = np.sort(generator.integers(0, sizes["orders"], sizes["lines"]))
    times = {name: np.full(size, TIMELESS) for name, size in sizes.items()}
    times |= {"orders": orders_at, "lines": orders_at[order_of]}
    names = list(sizes)
    tables = tuple(_table(times[name]) for name in names)
    links = []
    for child, parent in (("orders", "customers"), ("orders", "stores"), ("lines", "orders"), ("lines", "products")):
        if parent == "orders":
            parents = order_of
        else:
            parents = (sizes[parent] * generator.random(sizes[child]) ** 2).astype(np.int64)
        places = names.index(child), names.index(parent)
        links.append(LinkTensors.of(*places, 0, parents, times[child], sizes[parent]))
    return DatabaseTensors("generated", tables, tuple(links), np.zeros((1, 1), np.float16), np.zeros(1, np.uint32))


def throughput(sampler: Sampler, table: int, rows: int, fanout: Sequence[int], seconds: float) -> tuple[float, float]:
    """Seeds a second, and nodes a seed."""
    generator = np.random.default_rng(0)
    sampler.sample(table, np.zeros(1, np.int64), np.zeros(1, np.int64), fanout)  # compiled before the clock starts
    seeds, nodes, begin = 0, 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        hood = sampler.sample(
            table, generator.integers(0, rows, BATCH), generator.integers(SPAN // 2, SPAN, BATCH), fanout
        )
        seeds, nodes = seeds + BATCH, nodes + hood.num_nodes
    return seeds / (time.perf_counter() - begin), nodes / seeds


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each table of seeds and fan-out."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.sampling", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    given = parser.parse_args(arguments)
    begin = time.perf_counter()
    database = generated(given.rows)
    made = time.perf_counter() - begin
    begin = time.perf_counter()
    samplers = {backend: Sampler(database, backend=backend) for backend in ("numba", "numpy")}
    print(f"{database.num_rows:,} rows made in {made:.1f} s, two indices in {time.perf_counter() - begin:.1f} s")
    print("| seeds | fan-out | nodes a seed | numba seeds/s | NumPy seeds/s | ratio |\n|---|---|---:|---:|---:|---:|")
    for name, table in (("customers", 0), ("products (hubs)", 1), ("stores (hubs)", 2)):
        for fanout in FANOUTS:
            size = len(database.tables[table])
            found = [throughput(s, table, size, fanout, given.seconds) for s in samplers.values()]
            (fast, nodes), (slow, _) = found
            print(
                f"| {name} | {list(fanout)} | {nodes:.0f} | {fast:,.0f} | {slow:,.0f} | {fast / slow:.1f} |", flush=True
            )
    return 0


def _table(times: np.ndarray) -> TableTensors:
    none = np.zeros(0, np.int32)
    cells = (
        np.zeros((len(times), 0), np.float32),
        np.zeros((len(times), 0), np.int32),
        np.zeros((len(times), 0), np.int64),
    )
    return TableTensors(0, times.astype(np.int64), *cells, none, none, none)


if __name__ == "__main__":
    sys.exit(main())
