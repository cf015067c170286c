"""AUROC, normalised MAE and MAP@k as RelBench defines them, and their 95 % intervals.

An interval resamples entities, not rows: rows of the same entity are not independent evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.task import ItemLists

RESAMPLES = 500
_CHUNK = 4_000_000
"""Weights held at a time (resamples times rows)."""


@dataclass(frozen=True)
class Score:
    """A metric and the interval that 95 % of bootstrap resamples fall into."""

    value: float
    low: float
    high: float


def auroc(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """float64[R], one per row of ``weights`` (float64[R, N], ones if None): the share of (positive, negative) pairs
    that ``scores`` (float64[N]) order rightly, ties counting half; NaN where one class is missing."""
    weights = np.ones((1, len(targets))) if weights is None else weights
    _, group = np.unique(scores, return_inverse=True)
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    positive = np.add.reduceat((weights * (targets > 0))[:, order], first, axis=1)
    negative = np.add.reduceat((weights * (targets <= 0))[:, order], first, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (positive * below).sum(axis=1) / pairs


def mean_absolute_error(targets: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """float64[R]: the weighted mean of ``|targets - values|`` for each row of ``weights``."""
    return _weighted_mean(np.abs(targets - values), weights)


def mean_average_precision(truth: ItemLists, ranked: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """float64[R]: MAP@k of ``ranked`` (int64[N, k] item rows, best first, -1 for none) over rows that have any item."""
    precision = average_precision(truth, ranked)
    asked = np.diff(truth.start) > 0
    return _weighted_mean(precision[asked], None if weights is None else weights[:, asked])


def average_precision(truth: ItemLists, ranked: np.ndarray) -> np.ndarray:
    """float64[N]: the precision at each hit, summed, over the most hits that k places allow; 0 without any item."""
    lengths = np.diff(truth.start)
    width = int(max(truth.rows.max(initial=0), ranked.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(lengths)), lengths)
    hits = np.isin(np.arange(len(ranked))[:, None] * width + ranked, owner * width + truth.rows) & (ranked >= 0)
    precision = np.cumsum(hits, axis=1) / np.arange(1, ranked.shape[1] + 1)
    return (precision * hits).sum(axis=1) / np.clip(lengths, 1, ranked.shape[1])


def interval(measure: Callable[[np.ndarray], np.ndarray], entities: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of ``measure(weights)``, resampling ``entities`` (int64[N]) with replacement."""
    generator = np.random.default_rng(seed)
    _, cluster = np.unique(entities, return_inverse=True)
    count = int(cluster.max()) + 1
    drawn = []
    step = max(1, _CHUNK // len(entities))
    for start in range(0, RESAMPLES, step):
        shape = (min(step, RESAMPLES - start), count)
        drawn.append(measure(_draw(generator, shape)[:, cluster]))
    values = np.concatenate(drawn)
    values = values[np.isfinite(values)]
    return (float("nan"),) * 2 if not len(values) else tuple(float(v) for v in np.quantile(values, [0.025, 0.975]))


def _draw(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """float64[R, C]: how often each of C clusters is drawn in C draws."""
    picks = generator.integers(0, shape[1], size=shape) + np.arange(shape[0])[:, None] * shape[1]
    return np.bincount(picks.ravel(), minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _weighted_mean(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if weights is None:
        return np.array([values.mean()]) if len(values) else np.array([np.nan])
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weights @ values) / weights.sum(axis=1)
