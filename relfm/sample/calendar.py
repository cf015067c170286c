"""The shop's years: when it is open, how busy each kind of customer's days are, how the post does.

Days are float64 days since ``OPENING``; nothing here draws random numbers.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

OPENING = np.datetime64("2021-01-01", "us")
CLOSING = np.datetime64("2026-01-01", "us")
"""The first moment that the database does not know."""

NUM_DAYS = float((CLOSING - OPENING) / np.timedelta64(1, "D"))
_MARGIN_DAYS = 1200  # an order planned after the closing still needs a day to land on


def to_datetime64(days: np.ndarray) -> np.ndarray:
    """float64[n] days since the opening as datetime64[us], to the second."""
    return OPENING + np.rint(days * 86_400).astype("timedelta64[s]")


@dataclass(frozen=True)
class Seasons:
    """How busy a day is: 1 on average, ``winter`` times more around the year's end, ``sales`` times more in sales.

    A customer's gaps between orders are drawn in busy-time and mapped back to days, so that busy weeks hold more
    orders and the gaps keep their distribution.
    """

    winter: float
    sales: float

    @cached_property
    def _grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Days from the opening to well past the closing, and the busy-time elapsed at each."""
        days = np.arange(NUM_DAYS + _MARGIN_DAYS)
        busy = 1 + self.winter * np.exp(-(((_day_of_year(days) - 340) / 22) ** 2)) + self.sales * is_sale(days)
        return np.append(days, len(days)), np.concatenate([[0.0], np.cumsum(busy / busy.mean())])

    def later(self, days: np.ndarray, gaps: np.ndarray) -> np.ndarray:
        """float64[n]: the day on which ``gaps`` of busy-time have passed since ``days``."""
        grid, elapsed = self._grid
        return np.interp(np.interp(days, grid, elapsed) + gaps, elapsed, grid)


def is_sale(days: np.ndarray) -> np.ndarray:
    """bool[n]: the fortnights of sales, in early spring, in midsummer and before the year's end."""
    of_year = _day_of_year(days)
    return (
        ((of_year >= 60) & (of_year < 74)) | ((of_year >= 182) & (of_year < 196)) | ((of_year >= 325) & (of_year < 335))
    )


def slowness(days: np.ndarray) -> np.ndarray:
    """float64[n]: how many times longer than usual the post takes; a warehouse move spoilt the autumn of 2024."""
    december = _day_of_year(days) >= 335
    start, end = (
        float((np.datetime64(d, "us") - OPENING) / np.timedelta64(1, "D")) for d in ("2024-09-01", "2024-11-20")
    )
    return 1 + 0.5 * december + 0.9 * ((days >= start) & (days < end))


def _day_of_year(days: np.ndarray) -> np.ndarray:
    return np.asarray(days) % 365.25
