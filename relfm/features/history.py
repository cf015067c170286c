"""Aggregates over the rows that point at a row: counts, recency, and per series last, means by window, spread.

Sums come from prefix sums that restart at each parent row, so a value never depends on other rows, later rows or the
length of the history: a window is two binary searches and a subtraction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relfm.distinct import distinct
from relfm.features.matrix import Block
from relfm.features.series import Series
from relfm.history import Links
from relfm.times import DAY, TIMELESS

LAST_ROWS = (3, 10)
MOST_OF_ALL = 0.5
"""Of links that are hardly more than those asked about, none are left out: picking them costs more than it saves."""

YEAR = int(365.2425 * DAY)


@dataclass(frozen=True)
class Window:
    """The last ``length`` microseconds before what was seen."""

    length: int
    text: str


class HistoryView:
    """The links of N rows as seen at N moments.

    begin, end  int64[N]  each row's visible links are begin..end; a row of -1 has none
    is_blank    no link was visible at ``until`` (None: ever): which features there are must not follow from later rows
    """

    def __init__(self, links: Links, rows: np.ndarray, seen: np.ndarray, until: int | None = None) -> None:
        self.links = links
        self.is_blank = not len(links.moments) or (until is not None and bool(links.moments[0] > until))
        self.rows = rows
        self.seen = seen
        known = rows >= 0
        safe = np.where(known, rows, 0)
        self.begin = np.where(known, links.start[safe], 0)
        self.end = np.where(known, links.until(safe, seen), 0) if len(links.keys) else self.begin.copy()
        self._safe, self._known = safe, known

    def since(self, length: int) -> np.ndarray:
        """int64[N]: where the last ``length`` microseconds begin."""
        start = np.where(self._known, self.links.until(self._safe, self.seen - length), 0)
        return np.maximum(start, self.begin) if len(self.links.keys) else self.begin

    def between(self, after: np.ndarray, until: np.ndarray) -> np.ndarray:
        """int64[N]: how many links came in ``(after, until]`` (int64[N] microseconds), of the visible ones."""
        if not len(self.links.keys):
            return np.zeros(len(self.rows), np.int64)
        first, last = (self.links.until(self._safe, np.minimum(t, self.seen)) for t in (after, until))
        return np.where(self._known, last - first, 0)

    def last_child(self) -> np.ndarray:
        """int64[N]: the latest visible child row, -1 if there is none."""
        if not len(self.links.child):
            return np.full(len(self.rows), -1)
        return np.where(self.end > self.begin, self.links.child[np.maximum(self.end - 1, 0)], -1)

    def links_by(self, moments: np.ndarray) -> Links:
        """The links of the rows looked at by other ``moments`` (int64[E], MISSING_TIME for none); their children are
        positions among ``links``."""
        used = np.zeros(len(self.links.start) - 1, bool)
        used[self.rows[self._known]] = True
        owner = self.links.segments()
        return Links.of(np.where(used[owner], owner, -1), moments, len(used))

    def narrowed(self) -> tuple["Narrowed", np.ndarray]:
        """The same over links of the rows looked at alone, if those have but a part of all links, and how far each
        row's positions move back (int64[N]): what is summed up along links then costs as much as what is asked."""
        used = distinct(self.rows[self._known])
        lengths = np.diff(self.links.start)[used]
        total = int(lengths.sum())
        if not 0 < total < MOST_OF_ALL * len(self.links.child):
            return Narrowed(self.links, self.begin, self.end), np.zeros(len(self.rows), np.int64)
        start = np.concatenate([[0], np.cumsum(lengths)])
        back = self.links.start[used] - start[:-1]
        picked = np.arange(total) + np.repeat(back, lengths)
        moved = np.where(self._known, back[np.searchsorted(used, self._safe).clip(max=len(used) - 1)], 0)
        return Narrowed(self.links.of_parents(start, picked), self.begin - moved, self.end - moved), moved


@dataclass(frozen=True)
class Narrowed:
    """Links, and where the visible ones of N rows begin and end (int64[N])."""

    links: Links
    begin: np.ndarray
    end: np.ndarray


def add_recency(block: Block, view: HistoryView, windows: Sequence[Window], path: str, *, full: bool) -> None:
    """How many rows, how many of late, how long since the last and the first, and how regular."""
    count = (view.end - view.begin).astype(np.float64)
    block.about(f"number and times of {path}")
    block.add(f"number of {path}", count)
    for window in windows:
        recent = view.end - view.since(window.length)
        block.add(f"number of {path} over the last {window.text}", recent)
        if full:
            with np.errstate(invalid="ignore", divide="ignore"):
                block.add(f"share of {path} over the last {window.text}", np.where(count > 0, recent / count, np.nan))
    if full and windows and windows[0].length < YEAR // 2:
        then = view.since(YEAR - windows[0].length) - view.since(YEAR)
        block.add(f"number of {path} in the {windows[0].text} that followed a year ago", then)
    times = view.links.times
    if view.is_blank or times[0] == TIMELESS and times[-1] == TIMELESS:
        return
    some = count > 0
    last = times[np.maximum(view.end - 1, 0)]
    first = times[np.minimum(view.begin, len(times) - 1)]
    since = np.where(some, (view.seen - last) / DAY, np.nan)
    block.add(f"days since the last of {path}", since)
    if not full:
        return
    block.add(f"days since the first of {path}", np.where(some, (view.seen - first) / DAY, np.nan))
    for k in (2, *LAST_ROWS):
        back = times[np.minimum(np.maximum(view.end - k, view.begin), len(times) - 1)]
        steps = np.minimum(count, k) - 1
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.where(steps > 0, (last - back) / DAY / steps, np.nan)
        block.add(f"mean gap in days between the last {k} of {path}", gap)
    with np.errstate(invalid="ignore", divide="ignore"):
        block.add(f"time since the last of {path} in usual gaps", since / np.maximum(gap, 1e-3))


class Prefix:
    """Prefix sums of one series along links, restarting at each parent row."""

    def __init__(self, links: Links, values: np.ndarray, segments: np.ndarray) -> None:
        self.values = values[links.child]
        self.present = ~np.isnan(self.values)
        self.filled = np.where(self.present, self.values, 0.0)
        self.segments = segments
        self.sums = _segment_sums(self.filled, segments)
        self.is_dense = bool(self.present.all())
        # Integer sums are exact, so they need not restart.
        self.counts = None if self.is_dense else np.concatenate([[0], np.cumsum(self.present)])

    def total(self, view: Narrowed, lo: np.ndarray, sums: np.ndarray | None = None) -> np.ndarray:
        """float64[N]: the sum over lo..end."""
        sums = self.sums if sums is None else sums
        upper = np.where(view.end > view.begin, sums[np.maximum(view.end - 1, 0)], 0.0)
        lower = np.where(lo > view.begin, sums[np.maximum(lo - 1, 0)], 0.0)
        return np.where(view.end > lo, upper - lower, 0.0)

    def count(self, view: Narrowed, lo: np.ndarray) -> np.ndarray:
        """int64[N]: how many values are present in lo..end."""
        return view.end - lo if self.counts is None else self.counts[view.end] - self.counts[lo]

    def mean(self, view: Narrowed, lo: np.ndarray) -> np.ndarray:
        count = self.count(view, lo)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, self.total(view, lo) / count, np.nan)

    def std(self, view: Narrowed) -> np.ndarray:
        """float64[N]: the standard deviation of all values so far, from squares around each parent's first value:
        squares of the values themselves would lose every digit where the mean is large."""
        first = self.first(view.links)
        squares = (self.filled - first) ** 2
        squares = _segment_sums(squares if self.is_dense else np.where(self.present, squares, 0.0), self.segments)
        count = self.count(view, view.begin)
        shift = first[np.minimum(view.begin, len(first) - 1)]
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = self.total(view, view.begin, squares) / count - (self.mean(view, view.begin) - shift) ** 2
        return np.where(count > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan)

    def first(self, links: Links) -> np.ndarray:
        """float64[E]: the earliest present value of each link's parent, which nothing seen later changes."""
        lengths = np.diff(links.start)
        start, lengths = links.start[:-1][lengths > 0], lengths[lengths > 0]
        if not self.is_dense:
            places = np.where(self.present, np.arange(len(self.present)), len(self.present) - 1)
            start = np.minimum.reduceat(places, start)
        return np.repeat(self.filled[start], lengths)

    def last(self, view: Narrowed) -> np.ndarray:
        """float64[N]: the latest present value."""
        if self.is_dense:
            at = view.end - 1
        else:
            positions = np.where(self.present, np.arange(len(self.present)), -1)
            at = np.maximum.accumulate(positions)[np.maximum(view.end - 1, 0)]
        found = (view.end > view.begin) & (at >= view.begin)
        return np.where(found, self.values[np.where(found, at, 0)], np.nan)

    def extreme(self, view: Narrowed, *, least: bool) -> np.ndarray:
        """float64[N]: the least or greatest value so far."""
        neutral = np.inf if least else -np.inf
        grouped = pd.Series(np.where(self.present, self.values, neutral)).groupby(self.segments, sort=False)
        running = (grouped.cummin() if least else grouped.cummax()).to_numpy()
        found = np.where(view.end > view.begin, running[np.maximum(view.end - 1, 0)], neutral)
        return np.where(np.isfinite(found), found, np.nan)


def add_series(
    block: Block, view: HistoryView, series: Sequence[Series], windows: Sequence[Window], path: str, *, full: bool
) -> None:
    """Per series: last, means over the last rows and by window, sums, spread and extremes (``full``), shares."""
    if view.is_blank:
        return
    starts = [(view.since(w.length), w) for w in windows]
    view, moved = view.narrowed()
    starts = [(lo - moved, w) for lo, w in starts]
    heads = [(np.maximum(view.end - k, view.begin), k) for k in LAST_ROWS]
    segments = view.links.segments()
    for one in series:
        prefix = Prefix(view.links, one.values, segments)
        block.about(f"{one.fact} of {path}")
        what, where = ("share of", "in") if one.is_indicator else ("mean of", "over")
        block.add(f"{what} {one.name} {where} all {path}", prefix.mean(view, view.begin))
        block.add(f"last {one.name} of {path}", prefix.last(view))
        for lo, k in heads if full else heads[:1]:
            block.add(f"{what} {one.name} {where} the last {k} of {path}", prefix.mean(view, lo))
        for lo, window in starts if full else starts[-1:]:
            block.add(f"{what} {one.name} {where} {path} of the last {window.text}", prefix.mean(view, lo))
        if not full or one.is_indicator or one.is_coordinate:
            continue
        for lo, window in starts:
            total = prefix.total(view, lo)
            total = total + one.offset * prefix.count(view, lo) if one.offset else total
            block.add(f"sum of {one.name} over {path} of the last {window.text}", total)
        block.add(f"standard deviation of {one.name} over all {path}", prefix.std(view))
        block.add(f"least {one.name} over all {path}", prefix.extreme(view, least=True))
        block.add(f"greatest {one.name} over all {path}", prefix.extreme(view, least=False))


def _segment_sums(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Inclusive cumulative sums that restart with each segment. A plain cumulative sum would carry other rows'
    rounding, and with it the future of other entities, into every later segment."""
    return pd.Series(values).groupby(segments, sort=False).cumsum().to_numpy()
