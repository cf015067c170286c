"""What lies ahead of an entity, as far as it was known: its invoices that are due soon, its stays that begin.

Only dates that were set with their rows are read so (``Column.is_planned``), and only of rows that were there.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.features.series import DateSeries
from relfm.history import is_visible
from relfm.times import DAY, MISSING_TIME

MOST_AT_ONCE = 2**21
"""Dates that are looked at together."""


def add_ahead(
    block: Block,
    view: HistoryView,
    dates: Sequence[DateSeries],
    cutoffs: np.ndarray,
    windows: Sequence[Window],
    path: str,
) -> None:
    """Per planned date of the rows of ``view``: how many come within each of ``windows`` after ``cutoffs`` (int64[N]),
    and in how many days the next of them does; NaN where none does."""
    for date in dates:
        if not date.is_planned or view.is_blank:
            continue
        longest = max(windows, key=lambda window: window.length)
        days = np.full(len(cutoffs), np.nan)
        counts = {window: np.zeros(len(cutoffs)) for window in windows}
        for query, ahead in _known_ahead(view, date, cutoffs, longest.length):
            for window in windows:
                within = query[ahead <= window.length]
                counts[window] += np.bincount(within, minlength=len(cutoffs))
            first = np.flatnonzero(np.diff(query, prepend=-1))  # they come in order, the next one first
            days[query[first]] = ahead[first] / DAY
        block.about(f"{date.name} of {path}")
        for window, count in counts.items():
            block.add(f"number of {path} with {date.name} in the next {window.text}", count)
        block.add(f"days to the next {date.name} of {path}", days)


def _known_ahead(
    view: HistoryView, date: DateSeries, cutoffs: np.ndarray, length: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """In parts that divide no query: int64[k] queries, ascending, and how far ahead (microseconds, ascending for each)
    a date of a visible row lies, for dates after the cutoff by ``length`` at most."""
    links = view.links
    values = date.values[links.child]
    planned = np.where(np.isnan(values), MISSING_TIME, np.nan_to_num(values)).astype(np.int64)
    by_date = view.links_by(planned)
    known = view.rows >= 0
    safe = np.where(known, view.rows, 0)
    begin = by_date.until(safe, cutoffs)
    sizes = np.where(known, by_date.until(safe, cutoffs + length) - begin, 0)
    ends = np.cumsum(sizes)
    cuts = np.searchsorted(ends, np.arange(MOST_AT_ONCE, ends[-1], MOST_AT_ONCE)) if len(ends) else []
    for part in np.split(np.arange(len(sizes)), cuts):
        query = np.repeat(part, sizes[part])
        if len(query) == 0:
            continue
        place = np.arange(len(query)) - np.repeat(np.cumsum(sizes[part]) - sizes[part], sizes[part]) + begin[query]
        is_there = is_visible(links.times[by_date.child[place]], view.seen[query])
        yield query[is_there], (by_date.times[place] - cutoffs[query])[is_there]
