"""How many examples a second the deterministic branch describes, on one thread: python -m relfm.benchmarks.features.

Links are built first and timed apart: they are made once per database, features once per example.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm import features
from relfm.benchmarks.tasks import BenchmarkTask, Split, load
from relfm.database import Database
from relfm.task import Examples

YARDSTICK = 50
"""Features per example at which throughputs are compared."""


@dataclass(frozen=True)
class Throughput:
    """One measurement. ``first`` seconds include the links and everything else that is made once per database."""

    task: str
    examples: int
    num_features: int
    first: float
    again: float

    @property
    def per_second(self) -> float:
        """Examples a second with all features."""
        return self.examples / self.again

    @property
    def per_second_at_yardstick(self) -> float:
        """Examples a second at 50 features, each feature at its mean cost."""
        return self.per_second * self.num_features / YARDSTICK

    def __str__(self) -> str:
        return (
            f"{self.task}: {self.examples:,} examples x {self.num_features} features in {self.again:.2f} s (links "
            f"{self.first:.2f} s): {self.per_second:,.0f} a second, {self.per_second_at_yardstick:,.0f} at {YARDSTICK}"
        )


def measure(task: BenchmarkTask, rows: int) -> Throughput:
    """Features of ``rows`` train examples (repeated as needed), with the train labels as label history."""
    train = task.splits[Split.TRAIN]
    examples = train.take(np.resize(np.arange(len(train)), rows)).unlabelled()
    database = task.database.hide(())  # with no links of an earlier task
    first, matrix = _timed(database, task, train.take(np.arange(1)).unlabelled(), train)
    again, matrix = _timed(database, task, examples, train)
    return Throughput(task.name, rows, matrix.num_features, first, again)


def _timed(
    database: Database, task: BenchmarkTask, examples: Examples, labelled: Examples
) -> tuple[float, features.FeatureMatrix]:
    until = int(labelled.cutoffs.max())
    started = time.perf_counter()
    matrix = features.compute(database, task.task, examples, labelled, until=until)
    return time.perf_counter() - started, matrix


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each task of a dataset."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.features", description=__doc__)
    parser.add_argument("dataset", help="a RelBench 3 folder, or a name on the Hub")
    parser.add_argument("tasks", nargs="*", help="its tasks; default: all")
    parser.add_argument("--rows", type=int, default=100_000, help="examples per task (default: 100,000)")
    given = parser.parse_args(arguments)
    dataset = load(given.dataset)
    for name in given.tasks or dataset.task_names:
        print(measure(dataset.task(name), given.rows))


if __name__ == "__main__":
    main()
