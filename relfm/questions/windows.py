"""Windows of time over events: how long they may be, and what some past ones held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.questions.events import Events
from relfm.times import DAY, SECOND, Span

FRACTIONS = np.array([1 / 6, 1 / 9, 1 / 12, 1 / 18, 1 / 24, 1 / 40, 1 / 60, 1 / 80, 1 / 120, 1 / 200])
"""Horizons, as shares of the time that the events span."""

CALENDAR = (("years", 365.25 * DAY), ("months", 30.4375 * DAY), ("weeks", 7 * DAY))
CLOCK = (("days", DAY), ("hours", 3600 * SECOND), ("minutes", 60 * SECOND), ("seconds", SECOND))

PROBES = 8
MIN_CUTOFFS = 6


@dataclass(frozen=True)
class Length:
    """A whole number of a unit of the calendar or the clock."""

    amount: int
    unit: str

    @property
    def span(self) -> Span:
        return Span.of(self.amount, self.unit)

    @property
    def ahead(self) -> str:
        """The window of this length after the cutoff, as the language writes it."""
        return f"0, {self.amount}, {self.unit}"

    def back(self, times: int, until: int = 0) -> str:
        """The window that begins ``times`` lengths before the cutoff and ends ``until`` lengths before it."""
        return f"-{self.amount * times}, {-self.amount * until}, {self.unit}"


def length_near(duration: float, generator: np.random.Generator) -> Length:
    """About ``duration`` microseconds, in a unit that people would choose, now and then in plain days."""
    fits = [(unit, size) for unit, size in CALENDAR if round(duration / size) >= 1]
    fits = [u for u in fits if abs(round(duration / u[1]) * u[1] - duration) < 0.25 * duration]
    if not fits or generator.random() < 0.4:
        fits = [(unit, size) for unit, size in CLOCK if duration >= 0.9 * size] or [CLOCK[-1]]
    unit, size = fits[0]
    return Length(max(1, round(duration / size)), unit)


def cutoffs_before(events: Events, length: Length) -> np.ndarray:
    """int64[p] microseconds: up to ``PROBES`` cutoffs, whole lengths before the last event; empty if the events span
    too little time for ``MIN_CUTOFFS``."""
    if not len(events.times):
        return np.zeros(0, np.int64)
    size = max(1, length.span.approximate())
    first, last = int(np.quantile(events.times, 0.02)), int(events.times[-1])
    count = (last - first) // size - 1
    if count < MIN_CUTOFFS:
        return np.zeros(0, np.int64)
    steps = np.unique(np.linspace(1, min(count, 200), PROBES).round().astype(np.int64))
    return last - size * steps


@dataclass(frozen=True)
class Windows:
    """Events in the windows after some cutoffs, by group: one group for each cutoff and entity asked about then.

    rows    int64[k] child rows, in order of group and then time
    groups  int64[k] 0..size - 1; groups without events are those that are missing
    """

    rows: np.ndarray
    groups: np.ndarray
    size: int

    @classmethod
    def of(cls, events: Events, cutoffs: np.ndarray, ends: np.ndarray, members: Sequence[np.ndarray]) -> "Windows":
        """``members``: for each cutoff the sorted entity rows (int64) that are asked about."""
        rows, groups, size = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        for cutoff, end, member in zip(cutoffs, ends, members, strict=True):
            begin, stop = np.searchsorted(events.times, [cutoff, end], side="right")
            if len(member):
                owners = events.owners[begin:stop]
                place = np.minimum(np.searchsorted(member, owners), len(member) - 1)
                mine = member[place] == owners
                rows.append(events.rows[begin:stop][mine])
                groups.append(size + place[mine])
            size += len(member)
        stacked = np.concatenate(groups)
        order = np.argsort(stacked, kind="stable")
        return cls(np.concatenate(rows)[order], stacked[order], size)

    def where(self, mask: np.ndarray) -> "Windows":
        """The events whose child row (bool[n] over the child table) is marked; every group stays."""
        kept = mask[self.rows]
        return Windows(self.rows[kept], self.groups[kept], self.size)

    def counts(self) -> np.ndarray:
        """int64[size]."""
        return np.bincount(self.groups, minlength=self.size)

    def share(self) -> float:
        """Share of the groups with an event."""
        return float((self.counts() > 0).mean()) if self.size else 0.0

    def reduced(self, function: str, values: np.ndarray) -> np.ndarray:
        """float64: SUM (one for each group), or AVG, MIN, MAX, FIRST or LAST (for those with values) of a column of
        the child table (float64[n], NaN where missing)."""
        given = values[self.rows]
        known = np.isfinite(given)
        given, groups = given[known], self.groups[known]
        if function == "SUM":
            return np.bincount(groups, given, minlength=self.size)
        if not len(given):
            return given
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        ends = np.append(starts[1:], len(given))
        if function == "AVG":
            return np.add.reduceat(given, starts) / (ends - starts)
        if function in ("FIRST", "LAST"):
            return given[starts if function == "FIRST" else ends - 1]
        return (np.minimum if function == "MIN" else np.maximum).reduceat(given, starts)

    def distinct(self, codes: np.ndarray) -> np.ndarray:
        """int64[size]: how many different codes (int64[n] over the child table, -1 for none) each group has."""
        given = codes[self.rows]
        pairs = np.unique(np.stack([self.groups, given])[:, given >= 0], axis=1)
        return np.bincount(pairs[0], minlength=self.size)
