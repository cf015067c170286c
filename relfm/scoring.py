"""Folds scored: each method's metric with its interval, the calibration error, one verdict.

Every method is scored on the same rows; nothing here predicts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relfm.calibration import calibration_error
from relfm.metrics import auroc, interval, mean_absolute_error, mean_average_precision
from relfm.task import Examples, TargetKind, Task
from relfm.times import to_datetime64

if TYPE_CHECKING:
    import pandas as pd

METRICS = {
    TargetKind.BINARY: "auroc",
    TargetKind.MULTICLASS: "auroc",
    TargetKind.REGRESSION: "nmae",
    TargetKind.FORECAST: "nmae",
    TargetKind.RANKING: "map",
}
OURS = "relfm"
ADAPTED = "relfm+trees"
COVERAGE = 0.8
SEED = 0


@dataclass(frozen=True)
class Backtest:
    """What the answers would have been worth.

    table              one row per fold and method (``all`` folds last): fold, cutoff, rows, base rate (share of yes or
                       of the commonest class, or the median, over the context), method, the metric, and its 95 %
                       interval over entities (low, high)
    metric             auroc (multiclass: mean of each class against the rest), nmae (mean absolute error over the
                       standard deviation of the context's targets), map
    value              relfm's metric over all folds
    calibration_error  expected calibration error (binary), or how far the interval's coverage is from what it promised
    """

    table: "pd.DataFrame"
    metric: str
    value: float
    calibration_error: float | None
    verdict: str


@dataclass(frozen=True)
class Fold:
    """One cutoff: its queries with their true targets, and each method's answers."""

    cutoff: int
    truth: Examples
    scale: float
    rate: float
    answers: dict[str, np.ndarray]
    inside: np.ndarray | None


def scored(task: Task, folds: Sequence[Fold], ours: str) -> Backtest:
    """The folds as a Backtest of method ``ours``."""
    import pandas as pd

    metric = METRICS[task.kind]
    methods = [m for m in folds[0].answers if all(m in f.answers for f in folds)]
    rows = []
    for name, part in [*((str(i + 1), [f]) for i, f in enumerate(folds)), ("all", list(folds))]:
        for method in methods:
            value, low, high = _score(task, part, method)
            rows.append(
                {
                    "fold": name,
                    "cutoff": to_datetime64(part[0].cutoff) if len(part) == 1 else np.datetime64("NaT", "us"),
                    "rows": sum(len(f.truth) for f in part),
                    "base_rate": float(np.mean([f.rate for f in part])),
                    "method": method,
                    metric: value,
                    "low": low,
                    "high": high,
                }
            )
    table = pd.DataFrame(rows)
    value = float(table[(table.fold == "all") & (table.method == ours)][metric].iloc[0])
    return Backtest(table, metric, value, _miscalibration(task, folds, ours), verdict(table, metric, ours))


def _score(task: Task, folds: Sequence[Fold], method: str) -> tuple[float, float, float]:
    """The metric over folds: errors and rankings are averaged over all rows; AUROC is taken within each fold and
    averaged by rows, because a base rate that drifts between folds is no merit."""
    found, sizes, bounds = [], [], []
    for fold in folds:
        measure = _measure(task, fold, fold.answers[method])
        found.append(float(measure(np.ones((1, len(fold.truth))))[0]))
        sizes.append(len(fold.truth))
        bounds.append(interval(measure, fold.truth.rows, SEED))
    found, sizes, bounds = np.array(found), np.array(sizes, dtype=np.float64), np.array(bounds)
    known = np.isfinite(found)
    if not known.any():
        return (float("nan"),) * 3
    share = sizes[known] / sizes[known].sum()
    value = float(share @ found[known])
    # Folds are answered one by one, so their errors add as those of independent samples do.
    half = np.sqrt((share**2) @ ((bounds[known, 1] - bounds[known, 0]) / 2) ** 2)
    return value, value - float(half), value + float(half)


def _measure(task: Task, fold: Fold, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    truth = fold.truth
    if task.kind == TargetKind.RANKING:
        return lambda weights: mean_average_precision(truth.items, values, weights)
    if METRICS[task.kind] == "nmae":
        return lambda weights: mean_absolute_error(truth.targets, values, weights) / fold.scale
    if task.kind == TargetKind.BINARY:
        return lambda weights: auroc(truth.targets, values, weights)
    present = [k for k in range(values.shape[1]) if 0 < (truth.targets == k).sum() < len(truth)]

    def one_against_rest(weights: np.ndarray) -> np.ndarray:
        found = np.stack([auroc(truth.targets == k, values[:, k], weights) for k in present])
        known = np.isfinite(found)  # a resample may lack a class
        with np.errstate(invalid="ignore"):
            return np.where(known, found, 0).sum(axis=0) / known.sum(axis=0)

    return one_against_rest if present else lambda weights: np.full(len(weights), np.nan)


def _miscalibration(task: Task, folds: Sequence[Fold], ours: str) -> float | None:
    if task.kind == TargetKind.BINARY:
        said = np.concatenate([f.answers[ours] for f in folds])
        return calibration_error(said, np.concatenate([f.truth.targets for f in folds]))
    if METRICS[task.kind] == "nmae":
        return abs(float(np.concatenate([f.inside for f in folds]).mean()) - COVERAGE)
    return None


def verdict(table: "pd.DataFrame", metric: str, ours: str) -> str:
    """One line: better than every baseline, level with the best of them (it lies in the 95 % interval), or worse."""
    less = metric == "nmae"
    whole = table[table.fold == "all"].set_index("method")
    value, others = whole[metric][ours], whole[metric].drop(ours).dropna()
    if not np.isfinite(value) or others.empty:
        return f"no verdict: {metric} is undefined on these folds (one class alone, or no lists)"
    best = others.idxmin() if less else others.idxmax()
    margin = f"{metric} {value:.3f} against {others[best]:.3f} of {best}"
    if whole["low"][ours] <= others[best] <= whole["high"][ours]:
        return f"level with {best}: the difference is within the noise ({margin})"
    split = table[table.fold != "all"].pivot(index="fold", columns="method", values=metric)
    own, rest = split[ours], split.drop(columns=ours)
    won = int((own < rest.min(axis=1)).sum() if less else (own > rest.max(axis=1)).sum())
    if (value < others[best]) if less else (value > others[best]):
        return f"better than every baseline in {won} of {len(split)} folds ({margin})"
    return f"not better than {best} ({margin}): look at the labels and the features before acting on it"
