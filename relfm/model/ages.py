"""How long ago, and how long apart: what the layers know about the moments of a neighbourhood's nodes."""

import numpy as np

from relfm.times import DAY

KNOTS_DAYS = np.array([0.04, 0.25, 1, 3, 7, 14, 30, 61, 91, 182, 365, 730, 1826, 3652])
_KNOTS = np.log1p(KNOTS_DAYS)
AGE_SIZE = 1 + 2 + len(KNOTS_DAYS) + 5


def age_features(ages: np.ndarray, parents: np.ndarray, segments: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """int64[n] ages in microseconds (-1: timeless) to float32[n, AGE_SIZE].

    ``parents`` int64[n] are global positions, -1 for a seed. ``segments`` int64[n - S] says in which segment (the
    neighbours of one parent by one relation, most recent first) each node after the S seeds stands, ``starts``
    int64[M] where among those each segment starts. A timeless node has only the feature that says so: its row of the
    map is what timelessness means.
    """
    timed = ages >= 0
    days = np.where(timed, ages, 0) / DAY
    log = np.log1p(days)
    features = np.zeros((len(ages), AGE_SIZE), np.float32)
    features[:, 0] = ~timed
    features[:, 1] = log / 5
    features[:, 2] = np.log1p(days * 24) / 8
    features[:, 3 : 3 + len(_KNOTS)] = _ramps(log)
    seeds = len(ages) - len(segments)
    features[seeds:, 3 + len(_KNOTS) :] = _among(days[seeds:], segments, starts, _since(days, timed, parents)[seeds:])
    features[~timed, 1:] = 0
    return features


def _ramps(log: np.ndarray) -> np.ndarray:
    """Each interval between two knots as a feature that grows from 0 to 1 within it: float[n] to float[n, knots]."""
    lower = np.concatenate([[0], _KNOTS[:-1]])
    return ((log[:, None] - lower) / (_KNOTS - lower)).clip(0, 1)


def _since(days: np.ndarray, timed: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """float[n]: signed log days from the parent's time to the node's, 0 if either has none."""
    apart = days[parents] - days
    return np.where(timed & timed[parents], np.sign(apart) * np.log1p(np.abs(apart)), 0)


def _among(days: np.ndarray, segments: np.ndarray, starts: np.ndarray, since: np.ndarray) -> np.ndarray:
    """float32[m, 5]: against the parent (amount, sign), and place, gap and share of the age among the siblings."""
    positions = np.arange(len(days)) - starts[segments]
    gaps = np.where(positions > 0, days - np.roll(days, 1), 0)
    lasts = np.append(starts[1:], len(days)) - 1
    oldest = days[lasts[segments]] if len(days) else days
    share = np.divide(days, oldest, out=np.zeros_like(days), where=oldest > 0)
    return np.stack([since / 5, np.sign(since), np.log1p(positions) / 3, np.log1p(gaps) / 5, share], -1)
