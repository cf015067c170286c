"""Real databases beside synthetic ones: python -m relfm.benchmarks.corpus_statistics FOLDER... [--synthetic N].

One table: of each statistic the tenth, fiftieth and ninetieth percentile over the databases of either side.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from relfm.benchmarks.database_statistics import statistics_of
from relfm.benchmarks.report import ABSENT, Grid
from relfm.connectors import connect
from relfm.synth import generate, write_folder

PERCENTILES = (10, 50, 90)


def real(folders: Iterable[Path]) -> list[dict[str, float]]:
    """The statistics of every RelBench 3 folder."""
    return [statistics_of(connect(folder, cache=False)) for folder in folders]


def synthetic(count: int, seed: int, rows: int | None = None) -> list[dict[str, float]]:
    """The statistics of ``count`` generated databases of ``rows`` rows (None: drawn), read from folders as real ones
    are."""
    found = []
    for one in range(seed, seed + count):
        with tempfile.TemporaryDirectory() as scratch:
            found += real([write_folder(generate(one, rows=rows), Path(scratch) / "database")])
    return found


def comparison(first: Sequence[dict[str, float]], second: Sequence[dict[str, float]]) -> Grid:
    """A line a statistic: percentiles of both sides, and where the synthetic median stands among the real values."""
    sides = (("real", first), ("synthetic", second))
    header = ("statistic", *(f"{name} p{p}" for name, _ in sides for p in PERCENTILES), "synthetic median within real")
    rows = []
    for name in first[0] if first else second[0]:
        values = [np.array([s[name] for s in side], float) for _, side in sides]
        values = [v[~np.isnan(v)] for v in values]
        cells = [_cell(v, p) for v in values for p in PERCENTILES]
        rows.append((name, *cells, _standing(*values)))
    return Grid(f"{len(first)} real and {len(second)} synthetic databases", header, tuple(rows))


def _cell(values: np.ndarray, percentile: int) -> str:
    return f"{np.percentile(values, percentile):.3g}" if len(values) else ABSENT


def _standing(first: np.ndarray, second: np.ndarray) -> str:
    """The share of real databases that lie below the synthetic median."""
    if not len(first) or not len(second):
        return ABSENT
    return f"{np.mean(first < np.median(second)):.0%}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="RelBench 3 folders")
    parser.add_argument("--synthetic", type=int, default=30, help="how many databases to generate")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--rows", type=int, help="rows of each; default: drawn")
    asked = parser.parse_args(arguments)
    print(comparison(real(asked.folders), synthetic(asked.synthetic, asked.seed, asked.rows)).to_markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
