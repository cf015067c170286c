"""How fast databases are made: python -m relfm.benchmarks.synthesis [--databases N] [--rows N].

Rows a second of each step, on one thread; the yardstick is reading the same databases from the folders written.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relfm.benchmarks.cold import Stopwatch
from relfm.connectors import connect
from relfm.synth import generate, write_folder

YARDSTICK = "read it"


@dataclass(frozen=True)
class Speeds:
    """``rows`` rows in ``databases`` databases, and the seconds of each step."""

    databases: int
    rows: int
    seconds: dict[str, float]

    def __str__(self) -> str:
        lines = [f"{self.databases} databases, {self.rows:,} rows"]
        for step, seconds in self.seconds.items():
            ratio = seconds / max(self.seconds[YARDSTICK], 1e-9)
            lines.append(f"  {step:<26} {self.rows / max(seconds, 1e-9):12,.0f} rows/s  {ratio:6.2f} x the yardstick")
        return "\n".join(lines)


def measure(databases: int, rows: int | None) -> Speeds:
    """Generate, write a folder, read it."""
    made, watch = 0, Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(databases):
            database = generate(seed, rows=rows)
            watch.lap("generate")
            folder = write_folder(database, Path(scratch) / str(seed))
            watch.lap("write a folder")
            connect(folder, cache=False)
            watch.lap(YARDSTICK)
            made += database.num_rows
    return Speeds(databases, made, watch.stages)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--databases", type=int, default=30, help="how many databases to make")
    parser.add_argument("--rows", type=int, help="rows of each; default: drawn")
    asked = parser.parse_args(arguments)
    print(measure(asked.databases, asked.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
