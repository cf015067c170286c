"""Moments written as integers: seconds, milli-, micro- or nanoseconds since 1970, or days as yyyymmdd.

An integer is a moment only if its column's name says so and every value is a plausible one.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.names import tokens

_MOMENTS = frozenset({"at", "date", "datetime", "timestamp", "ts", "on", "when", "utc", "epoch", "unix"})
_HINTS = _MOMENTS | {"time", "day"}
_NOT_HINTS = frozenset({"lap", "duration", "elapsed", "response"})
_UNITS = frozenset({"ms", "millis", "milliseconds", "seconds", "minutes", "hours"})
"""``time_ms`` is mostly how long something took, ``ts_ms`` and ``created_at_ms`` are moments."""

_EARLIEST = 315_532_800  # 1980-01-01, in seconds
_LATEST = 4_102_444_800  # 2100-01-01
_TO_MICROSECONDS = ((1, 1_000_000), (1_000, 1_000), (1_000_000, 1), (1_000_000_000, None))


def moments_of_integers(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """int64 as timestamp[us] if the name hints at a moment and all values are moments, else as they are."""
    parts = tokens(name)
    hints = _MOMENTS if _UNITS.intersection(parts) else _HINTS
    if not hints.intersection(parts) or _NOT_HINTS.intersection(parts):
        return values
    converted = as_moments(values)
    return values if converted is None else converted


def as_moments(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """int64 as timestamp[us], whatever the column is called; None if the values are no moments."""
    bounds = pc.min_max(values)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if low is None:
        return None
    if low >= 19_000_101 and high <= 21_001_231:
        return calendar_days(values)
    for per_second, factor in _TO_MICROSECONDS:
        if _EARLIEST * per_second <= low and high < _LATEST * per_second:
            micros = pc.divide(values, 1_000) if factor is None else pc.multiply(values, factor)
            return micros.cast(pa.timestamp("us"))
    return None


def calendar_days(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Whole numbers such as 20240131 as the moments at which those days begin; None if some are no days."""
    numbers = pc.fill_null(values, 19_700_101).to_numpy()
    years, months, days = numbers // 10_000, numbers // 100 % 100, numbers % 100
    if not (((months >= 1) & (months <= 12)).all() and (days >= 1).all()):
        return None
    first = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
    stamps = first.astype("datetime64[D]") + (days - 1)
    if not (stamps.astype("datetime64[M]") == first).all():
        return None
    out = pa.array(stamps.astype("datetime64[us]"), pa.timestamp("us"))
    mask = pc.is_null(values).combine_chunks() if values.null_count else pa.array(np.zeros(len(out), dtype=bool))
    return pa.chunked_array([pc.if_else(mask, pa.scalar(None, pa.timestamp("us")), out)])
