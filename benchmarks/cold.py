"""Where the time goes from a cold start on an SQLite file: python -m relfm.benchmarks.cold FOLDER QUESTION.

Every measurement is a fresh process with an empty cache; what no stage accounts for is shown, not spread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relfm.database import Database

REST = "interpreter and the rest"


@dataclass(frozen=True)
class Breakdown:
    """Seconds of one process: ``total`` by the clock outside it, ``stages`` by its own."""

    title: str
    total: float
    stages: Mapping[str, float]

    def __str__(self) -> str:
        rest = {REST: self.total - sum(self.stages.values())}
        lines = [f"{self.title}: {self.total:.2f} s"]
        for stage, seconds in {**self.stages, **rest}.items():
            lines.append(f"  {stage:<26} {seconds:7.2f} s  {seconds / self.total:4.0%}")
        return "\n".join(lines)


class Stopwatch:
    """Seconds by stage, in order: each stage lasts from the one before it to its own ``lap``."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._last
        self._last = now


def breakdown(title: str, *arguments: str) -> Breakdown:
    """Run this module in a new process on ``arguments`` with an empty cache, and read its stages."""
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "relfm.benchmarks.cold", *arguments],
            env={**os.environ, "RELFM_CACHE_DIR": cache},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Breakdown(title, time.perf_counter() - started, json.loads(done.stdout))


def predict_once(file: Path, question: str, effort: str) -> dict[str, float]:
    """Seconds by stage of one prediction in this process."""
    watch = Stopwatch()
    from relfm.predictor import Predictor

    watch.lap("import")
    database = _connect(file, watch)
    prediction = Predictor(effort=effort).predict(database, question)
    return {**watch.stages, **prediction.seconds}


def predict_tasks(file: Path, folder: Path, names: Sequence[str], effort: str) -> dict[str, float]:
    """Seconds by stage of scoring the test rows of ``names``, rolling, on the rows of ``file`` in this process."""
    watch = Stopwatch()
    from relfm.benchmarks.protocols import Protocol, trial
    from relfm.benchmarks.tasks import BenchmarkDataset, Split
    from relfm.connectors.rel_bench import dataset_timestamps
    from relfm.predictor import Predictor

    watch.lap("import")
    hosted = BenchmarkDataset(folder.name, folder, _connect(file, watch), *dataset_timestamps(folder))
    for name in names:
        made = trial(hosted.task(name), Protocol.ROLLING, Split.TEST)
        watch.lap("read official rows")
        Predictor(effort=effort).predict_examples(hosted.database, made.task.task, made.context, made.queries)
        watch.lap(f"{name}, {len(made.queries):,} rows")
    return watch.stages


def _connect(file: Path, watch: Stopwatch) -> "Database":
    """The database, with the time until the first table, for reading, and for the snapshot."""
    from relfm.connectors import connect

    def tell(table: str, done: int, total: int) -> None:
        if done == 0:
            watch.lap("connect")
        elif done == total:
            watch.lap("read")

    database = connect(str(file), progress=tell)
    watch.lap("schema and snapshot")
    return database


def main(arguments: Sequence[str] | None = None) -> None:
    """Print where the time of one prediction goes, and of all test rows of the named tasks."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.cold", description=__doc__)
    parser.add_argument("folder", type=Path, help="a RelBench 3 folder")
    parser.add_argument("question", help="a predictive query over its tables")
    parser.add_argument("--tasks", nargs="*", default=[], help="tasks whose test rows are scored in one process")
    parser.add_argument("--effort", default="default")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stages-of", choices=["predict", "tasks"], help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.stages_of == "predict":
        print(json.dumps(predict_once(given.file, given.question, given.effort)))
    elif given.stages_of == "tasks":
        print(json.dumps(predict_tasks(given.file, given.folder, given.tasks, given.effort)))
    else:
        _report(given.folder, given.question, given.tasks, given.effort)


def _report(folder: Path, question: str, tasks: Sequence[str], effort: str) -> None:
    from relfm.benchmarks.sqlite_copy import write_sqlite
    from relfm.connectors import connect

    with tempfile.TemporaryDirectory() as place:
        file = write_sqlite(connect(folder, cache=False), Path(place) / f"{folder.name}.db")
        shared = [str(folder), question, "--effort", effort, "--file", str(file)]
        print(breakdown("one prediction, cold", *shared, "--stages-of", "predict"))
        if tasks:
            print(breakdown(f"{len(tasks)} tasks, cold", *shared, "--stages-of", "tasks", "--tasks", *tasks))


if __name__ == "__main__":
    main()
