"""Calibration on what the mixture predicted out of fold: probabilities that come true, intervals that cover.

Both are fitted on the latest part of the context alone.
"""

from dataclasses import dataclass

import numpy as np

MIN_ROWS = 50
PRIOR_STRENGTH = 10.0
TAIL = 10


@dataclass(frozen=True)
class Temperature:
    """log-odds spread (or drawn) around ``centre`` by ``slope`` > 0, so the order of predictions never changes.

    There is no shift: the base rate of the held-out rows has moved from that of the earlier ones, but the experts that
    answer were fitted on both, and shifting them would count the drift twice (measured: docs/log.md).
    """

    slope: float = 1.0
    centre: float = 0.0

    @classmethod
    def fit(cls, probabilities: np.ndarray, targets: np.ndarray, rate: float) -> "Temperature":
        """Slope and a nuisance shift by Newton's method, drawn towards the identity by ``PRIOR_STRENGTH`` rows' worth;
        then the root of the slope, since experts fitted on more rows are sharper already. ``rate`` is the context's
        base rate."""
        if len(targets) < MIN_ROWS or len(np.unique(targets)) < 2:
            return cls()
        odds = _log_odds(probabilities)
        inputs = np.stack([odds, np.ones_like(odds)], axis=1)
        point, start = np.array([1.0, 0.0]), np.array([1.0, 0.0])
        penalty = PRIOR_STRENGTH * 0.25
        for _ in range(20):
            p = 1 / (1 + np.exp(-inputs @ point))
            slope = inputs.T @ (p - targets) + penalty * (point - start)
            curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + penalty * np.eye(2)
            step = np.linalg.solve(curvature, slope)
            size, value = 1.0, _penalised_loss(inputs, targets, point, penalty)
            # Newton's method overshoots where predictions were too bold: their curvature is nearly flat.
            while size > 1e-3 and _penalised_loss(inputs, targets, point - size * step, penalty) > value:
                size /= 2
            point = point - size * step
        if not np.isfinite(point).all() or point[0] < 0.05:
            return cls()
        return cls(float(np.sqrt(np.clip(point[0], 0.25, 4.0))), float(_log_odds(np.array([rate]))[0]))

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(self.slope * (_log_odds(probabilities) - self.centre) + self.centre)))


@dataclass(frozen=True)
class ClassTemperature:
    """Probabilities by class to the power of ``slope``, summing to 1 again: bolder or more careful, with the same
    likeliest class (Guo, Pleiss, Sun and Weinberger 2017, temperature scaling)."""

    slope: float = 1.0

    @classmethod
    def fit(cls, probabilities: np.ndarray, classes: np.ndarray) -> "ClassTemperature":
        """The slope (of float64[N, K] and int64[N]) that loses least, drawn towards 1 by ``PRIOR_STRENGTH`` rows'
        worth; then its root, as for two classes."""
        if len(classes) < MIN_ROWS or len(np.unique(classes)) < 2:
            return cls()
        from scipy.optimize import minimize_scalar  # a tenth of a second, which only questions of many classes need
        from scipy.special import logsumexp

        logs = np.log(np.clip(probabilities, 1e-9, 1.0))

        def loss(log_slope: float) -> float:
            scaled = np.exp(log_slope) * logs
            told = scaled[np.arange(len(classes)), classes]
            return float((logsumexp(scaled, axis=1) - told).sum()) + PRIOR_STRENGTH / 8 * (np.exp(log_slope) - 1) ** 2

        found = minimize_scalar(loss, bounds=(np.log(0.25), np.log(4.0)), method="bounded")
        return cls(float(np.sqrt(np.exp(found.x))))

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        scaled = np.clip(probabilities, 1e-9, 1.0) ** self.slope
        return scaled / scaled.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Conformal:
    """Intervals widened (or narrowed) by the quantile of how far held-out targets lay outside theirs (Romano, Patterson
    and Candes 2019, conformalized quantile regression).

    N rows can promise no more than N / (N + 1). Where more is asked for, the margin lies beyond the farthest target, as
    far as an exponential tail goes that falls as the ``TAIL`` farthest do: right on average for such tails where little
    more is asked for, too narrow for heavier ones.
    """

    margin: float = 0.0

    @classmethod
    def fit(cls, low: np.ndarray, high: np.ndarray, targets: np.ndarray, coverage: float) -> "Conformal":
        if len(targets) < MIN_ROWS:
            return cls()
        outside = np.maximum(low - targets, targets - high)
        level = coverage * (1 + 1 / len(targets))
        if level <= 1:
            return cls(float(np.quantile(outside, level, method="higher")))
        farthest = np.sort(outside)[-TAIL:]
        fall = float((farthest[1:] - farthest[0]).mean())
        return cls(float(farthest[-1] - fall * np.log((1 - coverage) * (len(targets) + 1))))

    def __call__(self, low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The interval, never so narrow that it leaves out the middle."""
        return np.minimum(low - self.margin, middle), np.maximum(high + self.margin, middle)


def diluted(probabilities: np.ndarray, enrichment: float) -> np.ndarray:
    """float64[N]: probabilities learned where the odds of yes were ``enrichment`` times the true ones, made true."""
    if enrichment == 1:  # not a bit is changed
        return probabilities
    return probabilities / (probabilities + enrichment * (1 - probabilities))


def calibration_error(probabilities: np.ndarray, targets: np.ndarray, num_bins: int = 10) -> float:
    """Expected calibration error over bins of equal size: mean |predicted - observed| share of positives. Where equal
    probabilities fall into several bins, each has the same share of their positives, whatever the order of rows."""
    if len(probabilities) == 0:
        return 0.0
    _, tied = np.unique(probabilities, return_inverse=True)
    targets = (np.bincount(tied, targets) / np.bincount(tied))[tied]
    order = np.argsort(probabilities, kind="stable")
    total = 0.0
    for part in np.array_split(order, min(num_bins, len(order))):
        total += len(part) * abs(float(probabilities[part].mean()) - float(targets[part].mean()))
    return total / len(order)


def coverage_error(low: np.ndarray, high: np.ndarray, targets: np.ndarray, coverage: float) -> float:
    """How far the share of ``targets`` in [low, high] is from ``coverage``; too large a share counts only as far as no
    target on an edge explains it.

    Where targets repeat (counts, sums that are often 0), an edge that is the right quantile takes all targets that
    equal it inside, so that fewer than a tenth, say, lie below it. For each side that much is excused: what is missing
    in the tail, at most the share of targets on the edge. An edge on no target excuses nothing, and too small a share
    counts in full. (Half weight for targets on an edge would count right quantiles as errors: an interval [0, 0] of
    targets that are 0 in nine of ten cases would cover 45 %.)
    """
    tail = (1 - coverage) / 2
    excess = float(((targets >= low) & (targets <= high)).mean()) - coverage
    if excess <= 0:
        return -excess
    sides = ((targets < low, targets == low), (targets > high, targets == high))
    excused = sum(min(max(0.0, tail - float(outside.mean())), float(on.mean())) for outside, on in sides)
    return max(0.0, excess - excused)


def _penalised_loss(inputs: np.ndarray, targets: np.ndarray, point: np.ndarray, penalty: float) -> float:
    odds = inputs @ point
    drawn = penalty / 2 * float(((point - np.array([1.0, 0.0])) ** 2).sum())
    return float((np.logaddexp(0, odds) - targets * odds).sum()) + drawn


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
