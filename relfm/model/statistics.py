"""Robust statistics of a table's columns, from the rows known by a moment only."""

import weakref
from dataclasses import dataclass

import numpy as np

from relfm.history import is_visible
from relfm.tensors import TableTensors
from relfm.times import MISSING_TIME

BINS = 8
"""Bins of the piecewise-linear basis, equally many values in each."""

LARGEST_SAMPLE = 200_000
"""Of more rows, evenly spaced ones are enough."""

_NORMAL_IQR = 1.349


@dataclass(frozen=True)
class ColumnStatistics:
    """Of A number columns and C date columns.

    centers, scales  float32[A]: median, and the deviation that a normal distribution of that interquartile range has
    edges            float32[A, BINS + 1]: quantiles
    date_centers, date_scales  float64[C]: the same of dates, in microseconds
    """

    centers: np.ndarray
    scales: np.ndarray
    edges: np.ndarray
    date_centers: np.ndarray
    date_scales: np.ndarray


_known: dict[tuple[int, int], tuple[weakref.ref[TableTensors], ColumnStatistics]] = {}


def column_statistics(table: TableTensors, until: int) -> ColumnStatistics:
    """Of the rows of ``table`` with time <= ``until``, timeless ones included; computed once as long as it lives."""
    key = (id(table), until)
    if key in _known and _known[key][0]() is table:
        return _known[key][1]
    statistics = _computed(table, until)
    _known[key] = (weakref.ref(table, lambda _: _known.pop(key, None)), statistics)
    return statistics


def _computed(table: TableTensors, until: int) -> ColumnStatistics:
    rows = np.flatnonzero(is_visible(table.times, until))
    rows = rows[:: max(1, -(-len(rows) // LARGEST_SAMPLE))]
    numbers = [_robust(v[np.isfinite(v)]) for v in table.numbers[rows].T.astype(np.float64)]
    dates = [_robust(v[v != MISSING_TIME].astype(np.float64)) for v in table.dates[rows].T]
    edges = [e for *_, e in numbers]
    return ColumnStatistics(
        centers=np.array([c for c, *_ in numbers], np.float32),
        scales=np.array([s for _, s, _ in numbers], np.float32),
        edges=np.array(edges, np.float32).reshape(len(edges), BINS + 1),
        date_centers=np.array([c for c, *_ in dates], np.float64),
        date_scales=np.array([s for _, s, _ in dates], np.float64),
    )


def _robust(values: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Center, scale and quantiles of float64[n]; what a column without values gets changes nothing in any cell."""
    if not len(values):
        return 0.0, 1.0, np.zeros(BINS + 1)
    edges = np.quantile(values, np.linspace(0, 1, BINS + 1))
    center = float(edges[BINS // 2])
    scale = float(edges[3 * BINS // 4] - edges[BINS // 4]) / _NORMAL_IQR
    # a column most of whose values are equal (a rare flag, a count that is mostly zero) still has a spread
    scale = scale or float(np.std(values)) or abs(center) or 1.0
    return center, scale, edges
