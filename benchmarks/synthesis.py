"""How fast databases are made: python -m relfm.benchmarks.synthesis [--databases N] [--rows N].

Rows a second of each step, on one thread; the yardstick is loading the same databases from shards on the disk.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relfm.benchmarks.cold import Stopwatch
from relfm.synth import generate
from relfm.tensors import load_shard, save_shard
from relfm.text import default_encoder

YARDSTICK = "load a shard"


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
    """Generate, turn into tensors with the default text encoder, save, load."""
    encoder, made = default_encoder(), 0
    encoder.encode(["warm"])
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "database.safetensors"
        for seed in range(databases):
            database = generate(seed, rows=rows)
            watch.lap("generate")
            tensors = database.to_tensors(encoder.encode)
            watch.lap("tensors and questions")
            save_shard(tensors, path)
            watch.lap("save a shard")
            load_shard(path)
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
