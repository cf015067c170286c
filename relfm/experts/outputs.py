"""Targets as outputs that every expert predicts the same way: probabilities.

Binary: P(yes). Multiclass: P(class). Numbers: P(target > threshold) at K thresholds, a distribution whose median
minimises the absolute error and whose quantiles are the interval; skewed and zero-inflated targets need nothing more.
"""

from dataclasses import dataclass, field

import numpy as np

from relfm.distinct import distinct
from relfm.task import TargetKind

MAX_THRESHOLDS = 31

REACH_SHARE = 0.5
"""How much of the thresholds' room goes to how far targets lie from their median, the rest to how many there are: with
quantiles alone, nothing between a heavy tail's beginning and its end could be told apart, nor predicted."""


@dataclass(frozen=True)
class Outputs:
    """How K outputs stand for one target.

    thresholds  float64[K]      numbers only: output k is P(target > thresholds[k])
    values      float64[K + 1]  numbers only: a typical target between neighbouring thresholds; the first and the last
                                are the least and the greatest target, unless it takes few values
    weights     float64[K]      how much an error of each output costs, in units of the target; sums to 1
    means       float64[K + 1]  numbers only: the mean target between neighbouring thresholds
    """

    kind: TargetKind
    thresholds: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    is_discrete: bool = False
    means: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, kind: TargetKind, targets: np.ndarray, num_classes: int = 2) -> "Outputs":
        """Fitted on the context's targets (float64[N])."""
        empty = np.zeros(0)
        if kind == TargetKind.BINARY:
            return cls(kind, empty, empty, np.ones(1))
        if kind == TargetKind.MULTICLASS:
            return cls(kind, empty, empty, np.full(num_classes, 1 / num_classes))
        return cls._of_numbers(kind, targets)

    @classmethod
    def _of_numbers(cls, kind: TargetKind, targets: np.ndarray) -> "Outputs":
        held = distinct(targets)
        is_discrete = len(held) <= MAX_THRESHOLDS + 1
        if is_discrete:
            thresholds = (held[:-1] + held[1:]) / 2 if len(held) > 1 else held[:1]
        else:
            thresholds = _thresholds(targets, held)
        cell = np.searchsorted(thresholds, targets, side="left")
        edges = np.append(thresholds, thresholds[-1])
        cells = [targets[cell == k] for k in range(len(edges))]
        values, means = (
            np.array([typical(c) if len(c) else edge for c, edge in zip(cells, edges, strict=True)])
            for typical in (np.median, np.mean)
        )
        if not is_discrete:
            values[0], values[-1] = held[0], held[-1]
        gaps = np.maximum(np.diff(values), 1e-12 * max(float(np.ptp(held)), np.finfo(np.float64).tiny))
        return cls(kind, thresholds, values, gaps / gaps.sum(), is_discrete, means)

    @property
    def num_outputs(self) -> int:
        return len(self.weights)

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """float32[N, K] of 0 and 1."""
        if self.kind == TargetKind.BINARY:
            return targets[:, None].astype(np.float32)
        if self.kind == TargetKind.MULTICLASS:
            return (targets[:, None] == np.arange(self.num_outputs)).astype(np.float32)
        return (targets[:, None] > self.thresholds).astype(np.float32)

    def normalise(self, probabilities: np.ndarray) -> np.ndarray:
        """float64[N, K] in (0, 1), classes summing to 1, exceedances falling with the threshold."""
        p = np.clip(probabilities.astype(np.float64), 1e-5, 1 - 1e-5)
        if self.kind == TargetKind.MULTICLASS:
            return p / p.sum(axis=1, keepdims=True)
        if self.kind == TargetKind.BINARY:
            return p
        # Averaging the running minimum from below and the running maximum from above is the classic cheap isotonic fit.
        falling = np.minimum.accumulate(p, axis=1)
        rising = np.maximum.accumulate(p[:, ::-1], axis=1)[:, ::-1]
        return (falling + rising) / 2

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """float64[N]: the nearest value that the target can take, where it takes few."""
        if not self.is_discrete:
            return points
        values = distinct(self.values)
        return values[np.abs(points[:, None] - values).argmin(axis=1)]

    def mean(self, probabilities: np.ndarray) -> np.ndarray:
        """float64[N]: the target's mean under exceedance probabilities float64[N, K]."""
        padded = np.pad(probabilities, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
        return -np.diff(padded, axis=1) @ self.means

    def quantile(self, probabilities: np.ndarray, level: float | np.ndarray) -> np.ndarray:
        """float64[N]: the target's quantile under exceedance probabilities float64[N, K]."""
        num = len(probabilities)
        tail = 1 - np.broadcast_to(np.asarray(level, dtype=np.float64), num)
        above = (probabilities > tail[:, None]).sum(axis=1)
        if self.is_discrete:
            return self.values[above]
        padded = np.concatenate([np.ones((num, 1)), probabilities, np.zeros((num, 1))], axis=1)
        rows = np.arange(num)
        high, low = padded[rows, above], padded[rows, above + 1]
        share = np.clip((high - tail) / np.maximum(high - low, 1e-9), 0, 1)
        edges = np.concatenate([[self.values[0]], self.thresholds, [self.values[-1]]])
        return edges[above] + share * (edges[above + 1] - edges[above])


def _thresholds(targets: np.ndarray, held: np.ndarray) -> np.ndarray:
    """float64[K]: targets between which as much lies of both, their number and their distance from the median."""
    ordered = np.sort(targets)
    reach = np.abs(ordered - np.median(ordered))
    total = max(float(reach.sum()), np.finfo(np.float64).tiny)
    covered = np.cumsum((1 - REACH_SHARE) / len(ordered) + REACH_SHARE * reach / total)
    levels = (np.arange(MAX_THRESHOLDS) + 0.5) / MAX_THRESHOLDS * covered[-1]
    found = distinct(ordered[np.minimum(np.searchsorted(covered, levels), len(ordered) - 1)])
    found = found[found < held[-1]]
    return found if len(found) else held[-2:-1]
