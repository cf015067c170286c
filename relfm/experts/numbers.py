"""From mixtures to numbers: the middle that loses least, and an interval that holds what it promises.

Targets that are never negative are read twice: as they are, and in units of what is usual for the entity. Where
entities differ in size, as products and towns do, what a season or a trend does to one it does to all in proportion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.calibration import Conformal
from relfm.experts.mixture import Mixed
from relfm.experts.outputs import Outputs
from relfm.features import FeatureMatrix

USUAL = ("mean of target over all its past targets", "mean of target over the last 3 of its past targets")
"""The features that say what an entity's targets have been."""


@dataclass(frozen=True)
class Reading:
    """A mixture and the units of its numbers: ``late_unit`` float64[L] of the held-out rows, ``unit`` float64[Q]."""

    outputs: Outputs
    mixed: Mixed
    late_unit: np.ndarray | float = 1.0
    unit: np.ndarray | float = 1.0

    def quantile(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """float64[L] and float64[Q]: of the held-out rows and of the queries."""
        late = self.outputs.quantile(self.mixed.late_probabilities, level)
        return late * self.late_unit, self.outputs.quantile(self.mixed.probabilities, level) * self.unit

    def mean(self) -> np.ndarray:
        """float64[Q]: of the queries."""
        return self.outputs.mean(self.mixed.probabilities) * self.unit


def usual_level(features: FeatureMatrix, targets: np.ndarray) -> np.ndarray | None:
    """float64[N]: the mean of an entity's past targets and of the last three, plus the mean of all ``targets`` of the
    context, which keeps those of whom little is known from being measured by it. None where nothing is known of past
    targets, or where a target is negative."""
    places = [features.names.index(n) for n in USUAL if n in features.names]
    typical = float(targets.mean())
    if len(places) < len(USUAL) or (targets < 0).any() or typical <= 0:
        return None
    past = features.values[:, places].astype(np.float64)
    known = ~np.isnan(past).any(axis=1)
    return typical + np.maximum(np.where(known, past.mean(axis=1), typical), 0.0)


@dataclass(frozen=True)
class Told:
    """What is said of numbers, float64[Q] each: the median, the mean, the edges of the interval."""

    middle: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def numbers(readings: Sequence[Reading], targets: np.ndarray, coverage: float) -> Told:
    """The middle of the queries, their mean and the edges of their interval, averaged over the readings; the interval
    is calibrated on the held-out ones of the context's ``targets`` (float64[N]); none is negative where no target is.

    A distribution over some thirty thresholds is no finer than they are. Where the target follows from other cells
    by a rule, or nearly, direct answers are closer: they, or half of them, take the median's place where they err less
    on held-out rows. Their interval is where held-out targets lay around them.
    """
    outputs, mixed = readings[0].outputs, readings[0].mixed
    held = targets[mixed.late]
    tails = ((1 - coverage) / 2, (1 + coverage) / 2)
    late, asked = _averaged(readings, 0.5)
    (late_low, low), (late_high, high) = (_averaged(readings, t) for t in tails)
    late_edges, edges = [late_low, late_high], [low, high]
    mean = np.mean([r.mean() for r in readings], axis=0)
    if mixed.points is not None:
        known, told = mixed.points
        between = outputs.nearest((known + late) / 2), outputs.nearest((told + asked) / 2)
        errors, answers = min(((held - a[0], a) for a in (mixed.points, between)), key=lambda c: _size(c[0]))
        if _size(errors) < _size(held - late):
            late, asked = answers
            mean = asked + errors.mean()
            offsets = np.quantile(errors, tails)
            late_edges, edges = [late + o for o in offsets], [asked + o for o in offsets]
    conformal = Conformal.fit(*late_edges, held, coverage)
    low, high = conformal(edges[0], asked, edges[1])
    if (targets >= 0).all():  # what is counted or adds up is never below nothing, whatever the margin says
        asked, mean, low, high = (np.maximum(side, 0.0) for side in (asked, mean, low, high))
    return Told(asked, mean, low, high)


def _averaged(readings: Sequence[Reading], level: float) -> tuple[np.ndarray, np.ndarray]:
    """Held-out rows and queries; a target that takes few values takes one of them here too."""
    late, asked = (np.mean(sides, axis=0) for sides in zip(*(r.quantile(level) for r in readings), strict=True))
    return readings[0].outputs.nearest(late), readings[0].outputs.nearest(asked)


def _size(errors: np.ndarray) -> float:
    return float(np.abs(errors).mean())
