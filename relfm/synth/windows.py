"""Rows of a child table by parent and time: what happened to a parent row within any window, by binary search."""

from dataclasses import dataclass

import numpy as np

from relfm.synth.database import Column, Link, SyntheticDatabase
from relfm.times import SECOND


@dataclass(frozen=True)
class Windows:
    """The rows that point at a parent, E in all.

    rows  int64[E]  child rows by (parent, time, row)
    keys  int64[E]  parent row times ``length`` plus seconds since ``start``: ascending
    """

    start: int
    length: int
    rows: np.ndarray
    keys: np.ndarray

    @classmethod
    def of(cls, database: SyntheticDatabase, link: Link) -> "Windows":
        """The children by ``link``, whose table has times."""
        held = np.flatnonzero(link.rows >= 0)
        start = database.start // SECOND
        length = database.end // SECOND - start + 2
        keys = link.rows[held] * length + database.tables[link.child].times[held] // SECOND - start
        order = np.argsort(keys, kind="stable")
        return cls(start, length, held[order], keys[order])

    def until(self, parents: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """int64[n]: the place after the last child of each parent at or before its moment (microseconds)."""
        seconds = np.clip(moments // SECOND - self.start, -1, self.length - 1)
        return np.searchsorted(self.keys, parents * self.length + seconds, side="right")

    def between(self, parents: np.ndarray, after: np.ndarray, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places int64[n] of the first child in ``(after, until]`` of each parent and of the first one behind."""
        return self.until(parents, after), self.until(parents, until)

    def sums(self, values: np.ndarray, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum float64[n] and number int64[n] of the known ``values`` (float64[N_child]) of places first to last."""
        ordered = values[self.rows]
        known = ~np.isnan(ordered)
        totals = np.concatenate([[0.0], np.cumsum(np.where(known, ordered, 0.0))])
        counts = np.concatenate([[0], np.cumsum(known)])
        return totals[last] - totals[first], counts[last] - counts[first]

    def lasts(self, column: Column, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """int64[n]: code of the last known string of ``column`` among places first to last, -1 if there is none."""
        codes = column.values[self.rows].astype(np.int64)
        latest = np.maximum.accumulate(np.where(codes >= 0, np.arange(len(codes)), -1)) if len(codes) else codes
        place = np.where(last > first, latest[np.maximum(last - 1, 0)] if len(codes) else -1, -1)
        return np.where(place >= first, codes[place] if len(codes) else -1, -1)
