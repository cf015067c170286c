"""Dates as features: where in the day, week, month and year, and how long before or after their row's own time."""

import numpy as np

from relfm.times import DAY, MISSING_TIME, TIMELESS

YEAR = 365.2425 * DAY
KNOTS_DAYS = np.array([0.04, 1, 7, 30, 91, 365, 1826])
DATE_SIZE = 2 * 4 + 4 + 2 + len(KNOTS_DAYS)


def date_features(dates: np.ndarray, times: np.ndarray, centers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """int64[C, n] dates of rows at ``times`` int64[n] (microseconds) to float32[C, n, DATE_SIZE].

    A date of a timeless row has no distance; there its year, and its place among the column's dates, say when it was.
    ``centers`` and ``scales`` are float64[C]. Missing dates are zero in all features.
    """
    missing = dates == MISSING_TIME
    timed = np.broadcast_to((times != MISSING_TIME) & (times != TIMELESS), dates.shape)
    known = np.where(missing, 0, dates)
    days = (known - np.where(timed, times, known)) / DAY
    distance = np.sign(days) * np.log1p(np.abs(days))
    place = np.clip((known - centers[:, None]) / scales[:, None], -5, 5) / 2
    ramps = np.clip(np.log1p(np.abs(days))[..., None] / np.log1p(KNOTS_DAYS), 0, 1) * np.sign(days)[..., None]
    plain = [
        known % DAY == 0,
        timed,
        np.where(timed, 0, known / YEAR - 30) / 30,
        np.where(timed, 0, place),
        distance / 5,
        np.sign(days),
    ]
    features = np.concatenate([np.stack([*_cycles(known), *plain], -1), ramps], -1)
    features[missing] = 0
    return features.astype(np.float32)


def _cycles(dates: np.ndarray) -> list[np.ndarray]:
    """Sine and cosine of the place in the day, the week, the month and the year."""
    stamps = dates.astype("datetime64[us]")
    month = (stamps - stamps.astype("datetime64[M]").astype("datetime64[us]")).astype(np.int64)
    turns = [(dates % DAY) / DAY, (dates % (7 * DAY)) / (7 * DAY), month / (31 * DAY), (dates % YEAR) / YEAR]
    return [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
