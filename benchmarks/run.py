"""Scores methods on the official rows of RelBench tasks, one JSON line a score.

It refuses to run without a protocol, and scores what is written to disk before the next method starts.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from relfm import metrics
from relfm.benchmarks import official, results
from relfm.benchmarks.methods import DEFAULT, Settings, applies, method_named
from relfm.benchmarks.protocols import Protocol, Trial, trial
from relfm.benchmarks.results import Result
from relfm.benchmarks.tasks import BenchmarkDataset, Split, load
from relfm.task import TargetKind

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What is run on each task: the same for all of them."""

    protocol: Protocol
    split: Split
    methods: tuple[str, ...]
    settings: Settings
    out: Path | None
    force: bool
    submission: Path | None
    progress: Progress | None


def run(
    dataset: str | Path,
    tasks: Sequence[str] = (),
    *,
    protocol: str | None,
    split: str = "test",
    methods: Sequence[str] = DEFAULT,
    effort: str = "default",
    seed: int = 0,
    out: str | Path | None = None,
    force: bool = False,
    submission: str | Path | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Score ``methods`` on ``tasks`` (all of the dataset's if none are named) and return every result, in task order.

    dataset     a local RelBench 3 folder or a name on the Hub
    protocol    ``frozen`` or ``rolling``; UsageError for None
    split       ``val`` to choose, ``test`` to report
    out         a JSON lines file: scores it already holds are not computed again unless ``force``
    submission  a folder for relfm's prediction files, as RelBench's leaderboard takes them
    progress    called with one line of text before each method
    """
    rule, part = Protocol.parse(protocol), Split.parse(split)
    for name in methods:
        method_named(name)
    if submission is not None:
        official.check_submittable(part)
    job = Job(
        protocol=rule,
        split=part,
        methods=tuple(methods),
        settings=Settings(effort, seed),
        out=None if out is None else Path(out),
        force=force,
        submission=None if submission is None else Path(submission),
        progress=progress,
    )
    hosted = load(dataset)
    return [result for task in tasks or hosted.task_names for result in run_task(hosted, task, job)]


def run_task(hosted: BenchmarkDataset, name: str, job: Job) -> list[Result]:
    """Every method of the job on one task: read from ``job.out`` where it already is, else scored and appended."""
    known = {} if job.out is None or job.force else results.read(job.out)
    made = trial(hosted.task(name), job.protocol, job.split)
    found = []
    for method in job.methods:
        submits = job.submission is not None and method == "relfm"
        key = (hosted.name, name, job.protocol, job.split, method, job.settings.effort, job.settings.seed)
        if not applies(method, made):
            continue
        if key in known and not submits:
            found.append(known[key])
            continue
        if job.progress is not None:
            job.progress(f"{hosted.name}/{name} {job.protocol} {job.split}: {method}, {len(made.truth):,} rows")
        result, answers = score(made, method, job.settings)
        found.append(result)
        if job.out is not None:
            results.append(job.out, result)
        if submits:
            official.write_submission(made, answers, job.submission)
    return found


def score(made: Trial, method: str, settings: Settings) -> tuple[Result, np.ndarray]:
    """One method's result on one trial, and its answers (float64[N], or int64[N, k] item rows) in official order."""
    started = time.perf_counter()
    answers = method_named(method)(made, settings)
    seconds = time.perf_counter() - started
    measured, mae = measure(made, answers, settings.seed)
    value = official.evaluate(made, answers) if official.is_installed() else measured.value
    result = Result(
        dataset=made.task.dataset.name,
        task=made.task.name,
        protocol=str(made.protocol),
        split=str(made.split),
        method=method,
        metric=made.task.metric,
        value=value,
        rows=len(made.truth),
        seconds=round(seconds, 3),
        seed=settings.seed,
        effort=settings.effort,
        low=measured.low if np.isfinite(measured.low) else None,
        high=measured.high if np.isfinite(measured.high) else None,
        mae=mae,
        version=results.relfm_version(),
        machine=results.machine(),
    )
    return result, answers


def measure(made: Trial, answers: np.ndarray, seed: int) -> tuple[metrics.Score, float | None]:
    """The task's metric with its interval, and for regression the plain MAE in target units.

    Rows about one entity are resampled together. Of a question about rows themselves each has one row, and what depends
    on each other are rows of one moment (the results of a race): those are. Bounds are NaN where there are too few.
    """
    truth = made.truth
    if made.task.task.kind is TargetKind.RANKING:
        weigh = partial(metrics.mean_average_precision, truth.items, answers)
    elif made.task.task.kind is TargetKind.BINARY:
        weigh = partial(metrics.auroc, truth.targets, answers)
    else:
        weigh = partial(metrics.mean_absolute_error, truth.targets, answers)
    scale = made.task.scale
    value = float(weigh()[0])
    clusters = truth.cutoffs if made.task.is_static else truth.rows
    if made.task.metric == "auroc" and min(counts := metrics.entities_by_class(truth.targets, clusters)) < metrics.FEW:
        return metrics.Score(value, *metrics.auroc_interval(value, *counts)), None
    low, high = metrics.interval(lambda weights: weigh(weights) / scale, clusters, seed)
    return metrics.Score(value / scale, low, high), value if made.task.metric == "nmae" else None
