"""A row's own cells as seen at a moment: numbers, frequent values, ages of dates; missing if it is not visible."""

import numpy as np

from relfm.features.matrix import Block
from relfm.features.series import DateSeries, Series
from relfm.history import is_visible
from relfm.times import DAY, TIMELESS

YEAR = 365.2425

SEASON = "season of the cutoff"
"""How the names of the features begin that say when in the year a cutoff lies."""


def add_cells(
    block: Block,
    series: list[Series],
    dates: list[DateSeries],
    times: np.ndarray,
    rows: np.ndarray,
    seen: np.ndarray,
    path: str,
) -> None:
    """One column per series and date of the rows (int64[N], -1 for none) of a table with row ``times``."""
    if not len(times):
        return
    there = (rows >= 0) & is_visible(times[rows], seen)
    safe = np.where(there, rows, 0)
    for one in series:
        block.about(f"{one.fact}{path}")
        block.add(f"{one.name}{path}", np.where(there, one.values[safe], np.nan))
    for one in dates:
        block.about(f"{one.name}{path}")
        age = (seen - one.values[safe]) / DAY
        # A date after what was seen may have been written later (closed, shipped): it reads as missing.
        known = there & (age >= 0)
        if one.is_planned:
            lead = (one.values[safe] - times[safe]) / DAY
            block.add(
                f"days from its row to {one.name}{path}", np.where(there & (times[safe] > TIMELESS), lead, np.nan)
            )
        block.add(f"days since {one.name}{path}", np.where(there if one.is_planned else known, age, np.nan))
        # Renewals, birthdays and yearly honours come round with a date, not with the calendar.
        block.add(f"days to the anniversary of {one.name}{path}", np.where(known, YEAR - age % YEAR, np.nan))


def add_calendar(block: Block, cutoffs: np.ndarray, seen: np.ndarray, horizon: int | None) -> None:
    """Where the cutoff stands in the year and the week, and how stale the data are."""
    year = 2 * np.pi * (cutoffs / DAY % YEAR) / YEAR
    if horizon is None or horizon < 300 * DAY:
        block.add(f"{SEASON} (sine)", np.sin(year))
        block.add(f"{SEASON} (cosine)", np.cos(year))
    if horizon is None or horizon < 14 * DAY:
        week = 2 * np.pi * (cutoffs / DAY % 7) / 7
        block.add("weekday of the cutoff (sine)", np.sin(week))
        block.add("weekday of the cutoff (cosine)", np.cos(week))
    block.add("days between what was seen and the cutoff", (cutoffs - seen) / DAY)
