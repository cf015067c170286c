"""Levels that come round: what the experts missed a year, a month, a week or a day before, they miss again.

A peak of a few weeks is seen once a year, so little tells rows of one moment apart from those of others that no expert
is fitted to it: all rows of the moment are answered too low together. The error of the level is measured at every
moment of the context, from rows of other years (or weeks), and a moment to come is shifted by as much as such errors
have come round before. The order of rows of one moment never changes.
"""

import numpy as np

from relfm.distinct import distinct
from relfm.experts.outputs import Outputs
from relfm.times import DAY, Span

CYCLES = (Span(12), Span(1), Span(0, 7 * DAY), Span(0, DAY))
ROUNDS = 30
"""How many rounds back are averaged: fewer tell a season from chance less well."""

SHORTEST = 1.5
"""A cycle of fewer horizons has no phases that windows could tell apart."""

MOST_MOMENTS, FEWEST_PAIRS = 400, 3
PRIOR_ROWS = 3.0
"""Errors of a level are drawn towards 0 by so many rows' worth of evidence."""

PRIOR_PAIRS = 2.0
"""What comes round is drawn towards nothing by so many pairs of moments."""

PARTS = 3
NEARNESS = 0.3
"""How much of a window must have been labelled at the same phase."""

FARTHEST = 4.0
"""No level errs by more log-odds."""


def parts_apart(cutoffs: np.ndarray, shown: np.ndarray, horizon: int) -> list[np.ndarray]:
    """Positions of the context's parts, each to be answered from the others alone, so that no peak is known from its
    own rows; none where no level of ``shown`` (float32[N, K]) comes round with any cycle."""
    moments = distinct(cutoffs)
    flat = np.broadcast_to(np.clip(shown.mean(axis=0), 1e-4, 1 - 1e-4), shown.shape)
    if not FEWEST_PAIRS < len(moments) <= MOST_MOMENTS:
        return []
    levels, weights = _level_errors(flat, shown, cutoffs)
    levels = _without_trend(levels, moments)
    for cycle in _cycles(horizon):
        before = _rounds_before(moments, levels, moments, cycle, horizon)
        known = ~np.isnan(before[:, 0])
        if known.sum() >= FEWEST_PAIRS and _correlation(before[known], levels[known], weights[known]) > 2 / np.sqrt(
            known.sum()
        ):
            return [np.flatnonzero(np.isin(cutoffs, part)) for part in np.array_split(moments, PARTS)]
    return []


def recurring(
    probabilities: np.ndarray, shown: np.ndarray, cutoffs: np.ndarray, asked: np.ndarray, horizon: int
) -> np.ndarray:
    """float64[A, K]: the log-odds by which outputs at each of the cutoffs ``asked`` (int64[A]) fall short, as far as
    such errors came round before. ``probabilities`` float64[N, K] answered each part of the context from the others."""
    moments = distinct(cutoffs)
    errors, weights = _level_errors(probabilities, shown, cutoffs)
    for part in np.array_split(np.arange(len(moments)), PARTS):
        errors[part] -= errors[part].mean(axis=0)  # what a whole part is off by is drift
    wanted, place = np.unique(asked, return_inverse=True)
    total = np.zeros((len(wanted), errors.shape[1]))
    for cycle in _cycles(horizon):
        before = _rounds_before(moments, errors, moments, cycle, horizon)
        known = ~np.isnan(before[:, 0])
        if known.sum() < FEWEST_PAIRS:
            continue
        told, missed, weight = before[known], errors[known], weights[known]
        spread = (weight * told**2).sum() * (1 + PRIOR_PAIRS / known.sum())
        share = float(np.clip((weight * told * missed).sum() / max(spread, 1e-12), 0, 1))
        total += share * np.nan_to_num(_rounds_before(moments, errors, wanted, cycle, horizon))
        errors = errors - share * np.nan_to_num(before)
    return total[place]


def shifted(outputs: Outputs, probabilities: np.ndarray, by: np.ndarray) -> np.ndarray:
    """``probabilities`` (float64[N, K]) with their log-odds moved."""
    return outputs.normalise(1 / (1 + np.exp(-np.log(probabilities / (1 - probabilities)) - by)))


def _cycles(horizon: int) -> list[Span]:
    return [cycle for cycle in CYCLES if cycle.approximate() > SHORTEST * horizon]


def _level_errors(probabilities: np.ndarray, shown: np.ndarray, cutoffs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float64[C, K] each, by moment: the shift of log-odds that brings the mean answer to the rate of what was shown,
    by Newton's method, drawn towards 0; and how much is known of it."""
    moments, place, count = np.unique(cutoffs, return_inverse=True, return_counts=True)

    def total(values: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(place, column, len(moments)) for column in values.T], axis=1)

    odds, came = np.log(probabilities / (1 - probabilities)), total(shown)
    shift = np.zeros(came.shape)
    for _ in range(12):
        p = 1 / (1 + np.exp(-(odds + shift[place])))
        slope = came - total(p) - PRIOR_ROWS * shift
        shift = shift + np.clip(slope / (total(p * (1 - p)) + PRIOR_ROWS), -1, 1)
    return shift.clip(-FARTHEST, FARTHEST), total(probabilities * (1 - probabilities)) / count.sum()


def _rounds_before(moments: np.ndarray, errors: np.ndarray, asked: np.ndarray, cycle: Span, horizon: int) -> np.ndarray:
    """float64[A, K]: the mean of ``errors`` (float64[C, K]) one round of ``cycle`` before each of ``asked``, two
    rounds, and so on, from windows that overlap with the one of that phase and had closed; NaN where there is none."""
    found, rounds = np.zeros((len(asked), errors.shape[1])), np.zeros(len(asked))
    closed = asked[:, None] - moments >= horizon
    for back in range(1, ROUNDS + 1):
        phase = Span(cycle.months * back, cycle.microseconds * back).before(asked)
        near = np.where(closed, np.maximum(0, 1 - np.abs(phase[:, None] - moments) / horizon), 0.0)
        size = near.sum(axis=1)
        met = size > NEARNESS
        found[met] += near[met] @ errors / size[met, None]
        rounds += met
    return np.where(rounds[:, None] > 0, found / np.maximum(rounds, 1)[:, None], np.nan)


def _without_trend(levels: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """``levels`` (float64[C, K]) less their straight line over time: growth comes back with no cycle."""
    since = (moments - moments.mean()) / max(float(np.ptp(moments)), 1.0)
    line = np.stack([np.ones(len(moments)), since], axis=1)
    return levels - line @ np.linalg.lstsq(line, levels, rcond=None)[0]


def _correlation(left: np.ndarray, right: np.ndarray, weights: np.ndarray) -> float:
    """The correlation of float64[P, K] pairs over all outputs, each around its own mean."""
    a, b = (side - (weights * side).sum(axis=0) / weights.sum(axis=0) for side in (left, right))
    spread = np.sqrt((weights * a * a).sum() * (weights * b * b).sum())
    return float((weights * a * b).sum() / spread) if spread > 0 else 0.0
