"""The time that a database covers: seconds since 1970, cut into bins of equal length."""

from dataclasses import dataclass

import numpy as np

DAY = 86_400
YEAR = 365.25 * DAY

_MOST_CELLS = 1e7
"""Bins times rows; paths of entities over all bins are what takes memory."""


@dataclass(frozen=True)
class Timeline:
    """From ``start`` to ``end`` (seconds), ``bins`` bins; times are whole multiples of ``unit`` seconds."""

    start: int
    end: int
    bins: int
    unit: int

    @classmethod
    def draw(cls, rng: np.random.Generator, rows: int) -> "Timeline":
        shortest, longest = (150, 700) if rng.random() < 0.12 else (900, 55_000)
        days = int(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
        last = int(rng.integers(np.datetime64("1985-01-01").astype(int), np.datetime64("2026-01-01").astype(int)))
        most = int(np.clip(_MOST_CELLS / rows, 24, 144))
        unit = int(rng.choice([DAY, 60, 1], p=[0.5, 0.2, 0.3]))
        return cls((last - days) * DAY, last * DAY, int(min(rng.integers(most // 3, most + 1), days)), unit)

    @property
    def width(self) -> float:
        """Length of a bin in seconds."""
        return (self.end - self.start) / self.bins

    @property
    def edges(self) -> np.ndarray:
        """float64[bins]: where each bin starts."""
        return self.start + np.arange(self.bins) * self.width

    @property
    def middles(self) -> np.ndarray:
        """float64[bins]: the middle of each bin."""
        return self.edges + self.width / 2

    def bin_of(self, seconds: np.ndarray) -> np.ndarray:
        """int64[n]: the bin of each moment, the first or last one for moments outside."""
        return np.clip((seconds - self.start) / self.width, 0, self.bins - 1).astype(np.int64)

    def settled(self, seconds: np.ndarray) -> np.ndarray:
        """int64[n]: moments within the timeline as they are stored, never later than given."""
        inside = np.clip(seconds, self.start, self.end - 1).astype(np.int64)
        return inside - inside % self.unit
