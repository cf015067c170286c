"""Folds scored: each method's metric with its interval, the calibration error, one verdict.

Every method is scored on the same rows; nothing here predicts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from relfm.calibration import calibration_error, coverage_error
from relfm.metrics import (
    FEW,
    Measure,
    Score,
    auroc,
    auroc_interval,
    entities_by_class,
    mean_absolute_error,
    mean_average_precision,
    middle,
    resampled,
)
from relfm.task import Examples, TargetKind, Task

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
TREES = "lightgbm"

COVERAGE = 0.8
SEED = 0

TOO_GOOD = 0.995
"""An AUROC that forecasts of the future seldom reach without a column that knows it."""


@dataclass(frozen=True)
class Backtest:
    """What the answers would have been worth.

    table              one row per fold and method (``all`` folds last): fold, cutoff, rows, base rate (share of yes or
                       of the commonest class, or the median, over the context), method, the metric, and its 95 %
                       interval (low, high): entities are resampled, each with its rows of all folds; NaN where there
                       are too few
    metric             auroc (multiclass: mean of each class against the rest), nmae (mean absolute error over the
                       standard deviation of the context's targets), map
    value              relfm's metric over all folds
    calibration_error  how far shares of yes are from their probabilities (binary), or how often the likeliest class is
                       right from what it is said to be (multiclass), or the interval's coverage from what it promised
    leads              by how much relfm's metric over all folds is better than each other method's (below 0: worse),
                       with the 95 % interval of that difference on the same resamples; NaN where there are too few
    warnings           what speaks against trusting them, as beside a prediction
    answers            what was scored, for metrics of one's own: fold, the entity's key, cutoff, target, and every
                       method's answer under its name (probability of yes, number, likeliest class, list of keys);
                       then ``p_<class>`` or the interval that relfm gives
    """

    table: "pd.DataFrame"
    metric: str
    value: float
    calibration_error: float | None
    verdict: str
    leads: Mapping[str, Score] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    answers: "pd.DataFrame | None" = None


@dataclass(frozen=True)
class Fold:
    """One cutoff (NaT where no table has a time): its queries with their true targets, each method's answers, and for
    numbers the low and high edges of the interval."""

    cutoff: np.datetime64
    truth: Examples
    scale: float
    rate: float
    answers: dict[str, np.ndarray]
    edges: tuple[np.ndarray, np.ndarray] | None


def scored(task: Task, folds: Sequence[Fold], ours: str) -> Backtest:
    """The folds as a Backtest of method ``ours``.

    Errors and rankings are averaged over all rows; AUROC is taken within each fold and averaged by rows, because a base
    rate that drifts between folds is no merit. All methods and folds share their resamples of entities.
    """
    import pandas as pd

    metric = METRICS[task.kind]
    methods = [m for m in folds[0].answers if all(m in f.answers for f in folds)]
    measures = [_measure(task, f, [f.answers[m] for m in methods]) for f in folds]
    sizes = np.array([len(f.truth) for f in folds], dtype=np.float64)
    found = np.stack([m(np.ones((1, len(f.truth)))) for m, f in zip(measures, folds, strict=True)])
    drawn = np.stack(resampled(measures, [f.truth.rows for f in folds], SEED))

    def pooled(part: slice) -> tuple[np.ndarray, np.ndarray]:
        return _pooled(found[part], sizes[part])[:, 0], _pooled(drawn[part], sizes[part])

    values, draws = pooled(slice(None))
    each = [slice(i, i + 1) for i in range(len(folds))]
    rows = [r for i, one in enumerate(each) for r in _rows(task, str(i + 1), folds[one], methods, *pooled(one))]
    table = pd.DataFrame([*rows, *_rows(task, "all", folds, methods, values, draws)])
    table["cutoff"] = table["cutoff"].astype("datetime64[us]")
    few = too_few(task, folds)
    leads = _leads(methods, values, draws if few is None else np.full_like(draws, np.nan), ours, less=metric == "nmae")
    told = verdict(table, metric, ours, leads, few)
    if few is None:
        told += _too_good(task, {m: v for m, v in zip(methods, values, strict=True) if reads_columns(m)})
    return Backtest(table, metric, float(values[methods.index(ours)]), _miscalibration(task, folds, ours), told, leads)


def adapted(by: str | None) -> str:
    """The method's name: relfm, adapted by what."""
    return OURS if by is None else f"{OURS}+{by}"


def reads_columns(method: str) -> bool:
    """Whether a method reads columns; the others know past targets alone."""
    return method == TREES or method.partition("+")[0] == OURS


def _rows(
    task: Task, name: str, folds: Sequence[Fold], methods: Sequence[str], values: np.ndarray, draws: np.ndarray
) -> Iterator[dict[str, object]]:
    """The rows of the table that fold ``name`` has, one per method."""
    few = too_few(task, folds)
    for method, value, draw in zip(methods, values, draws, strict=True):
        low, high = middle(draw) if few is None else _bounds_of_few(task, folds, float(value))
        yield {
            "fold": name,
            "cutoff": folds[0].cutoff if len(folds) == 1 else np.datetime64("NaT", "us"),
            "rows": sum(len(f.truth) for f in folds),
            "base_rate": float(np.mean([f.rate for f in folds])),
            "method": method,
            METRICS[task.kind]: value,
            "low": low,
            "high": high,
        }


def _pooled(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """float64[M, R]: the mean over folds of ``values`` (float64[F, M, R]) by their ``sizes`` (float64[F]), of those
    folds in which it is defined."""
    share = np.where(np.isfinite(values), sizes[:, None, None], 0.0)
    with np.errstate(invalid="ignore"):
        return (np.where(share > 0, values, 0.0) * share).sum(axis=0) / share.sum(axis=0)


def _bounds_of_few(task: Task, folds: Sequence[Fold], value: float) -> tuple[float, float]:
    """The 95 % interval where there are too few to resample: that of an area with so many positives, else unknown."""
    if task.kind == TargetKind.BINARY:
        return auroc_interval(value, *entities_by_class(*_targets_and_entities(folds)))
    return float("nan"), float("nan")


def too_few(task: Task, folds: Sequence[Fold]) -> str | None:
    """What these folds have fewer than ``FEW`` of, counted in entities that have any, and how many; else None."""
    targets, entities = _targets_and_entities(folds)
    if task.kind == TargetKind.BINARY:
        counts = dict(zip(("positives", "negatives"), entities_by_class(targets, entities), strict=True))
    elif task.kind == TargetKind.MULTICLASS:
        by_class = sorted((len(np.unique(entities[targets == k])) for k in np.unique(targets)), reverse=True)
        counts = {"rows of a second class": by_class[1] if len(by_class) > 1 else 0}
    elif task.kind == TargetKind.RANKING:
        listed = np.concatenate([np.diff(f.truth.items.start) > 0 for f in folds])
        counts = {"lists": len(np.unique(entities[listed]))}
    else:
        counts = {"rows": len(np.unique(entities))}
    name = min(counts, key=counts.__getitem__)
    return f"{name} ({counts[name]})" if counts[name] < FEW else None


def _targets_and_entities(folds: Sequence[Fold]) -> tuple[np.ndarray | None, np.ndarray]:
    """All folds' targets (None for rankings) and entities, row by row."""
    targets = None if folds[0].truth.targets is None else np.concatenate([f.truth.targets for f in folds])
    return targets, np.concatenate([f.truth.rows for f in folds])


def _leads(methods: Sequence[str], values: np.ndarray, drawn: np.ndarray, ours: str, *, less: bool) -> dict[str, Score]:
    """How much better ``ours`` is than each other method: paired, since both answer the same rows in each resample."""
    own, sign = methods.index(ours), -1.0 if less else 1.0
    return {
        m: Score(float(sign * (values[own] - values[i])), *middle(sign * (drawn[own] - drawn[i])))
        for i, m in enumerate(methods)
        if i != own
    }


def _measure(task: Task, fold: Fold, answers: Sequence[np.ndarray]) -> Measure:
    """From weights to float64[M, R]: the metric of each of M methods' answers."""
    each = [_measure_one(task, fold, values) for values in answers]
    return lambda weights: np.stack([measure(weights) for measure in each])


def _measure_one(task: Task, fold: Fold, values: np.ndarray) -> Measure:
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
    if task.kind == TargetKind.RANKING:
        return None
    targets, _ = _targets_and_entities(folds)
    if METRICS[task.kind] == "nmae":
        low, high = (np.concatenate(edges) for edges in zip(*(f.edges for f in folds), strict=True))
        return coverage_error(low, high, targets, COVERAGE)
    said = np.concatenate([f.answers[ours] for f in folds])
    if task.kind == TargetKind.MULTICLASS:
        return calibration_error(said.max(axis=1), said.argmax(axis=1) == targets)
    return calibration_error(said, targets)


def verdict(table: "pd.DataFrame", metric: str, ours: str, leads: Mapping[str, Score], few: str | None) -> str:
    """One line: better than every baseline, level with the best of those whose lead's interval holds 0, or worse than
    the best of those whose lead's interval lies below it; none where there are too ``few`` entities to tell."""
    less = metric == "nmae"
    whole = table[table.fold == "all"].set_index("method")[metric]
    value, others = whole[ours], whole.drop(ours).dropna()
    if not np.isfinite(value) or others.empty:
        return f"no verdict: {metric} is undefined on these folds (one class alone, or no lists)"
    ranked = list(others.sort_values(ascending=less, kind="stable").index)
    if few is not None:
        told = f"{metric} {value:.3f} against {others[ranked[0]]:.3f} of {ranked[0]}"
        return f"no verdict: too few {few}, of {FEW} different entities at least ({told})"
    worse = [m for m in ranked if leads[m].high < 0]
    level = [m for m in ranked if leads[m].low <= 0 <= leads[m].high]
    best = (worse or level or ranked)[0]
    margin = f"{metric} {value:.3f} against {others[best]:.3f} of {best}, {in_words(leads[best])}"
    if worse:
        return f"worse than {best} ({margin}): look at the labels and the features before acting on it"
    if level:
        return f"level with {best}: the difference is within the noise ({margin})"
    split = table[table.fold != "all"].pivot(index="fold", columns="method", values=metric)
    own, rest = split[ours], split.drop(columns=ours)
    won = int((own < rest.min(axis=1)).sum() if less else (own > rest.max(axis=1)).sum())
    return f"better than every baseline in {won} of {len(split)} folds ({margin})"


def _too_good(task: Task, values: Mapping[str, float]) -> str:
    """What to look for where a method is nearly always right about the future: mostly a cell that was written later."""
    if METRICS[task.kind] != "auroc" or task.horizon is None:
        return ""
    value, method = max((v, m) for m, v in values.items())
    if not value >= TOO_GOOD:
        return ""
    return (
        f"; {method} is nearly always right ({value:.4f}), which the future seldom allows: look for a column that "
        "tells the answer, and leave it out (exclude in relfm.toml)"
    )


def in_words(lead: Score) -> str:
    """``better by 0.020, 95 % interval 0.005 to 0.035``; of what is worse, the same with its signs turned."""
    sign, word = (1, "better") if lead.value >= 0 else (-1, "worse")
    low, high = sorted((sign * lead.low, sign * lead.high))
    return f"{word} by {abs(lead.value):.3f}, 95 % interval {low:.3f} to {high:.3f}"
