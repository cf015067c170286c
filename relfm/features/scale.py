"""Numbers that a float32 cannot hold or tell apart, brought to where it can, in float64 and from visible cells alone.

Features need only rise with the value, so a constant less and another unit cost nothing. Ordinary numbers are left as
they are, to the last bit.
"""

from dataclasses import dataclass

import numpy as np

FAR = 1e30
"""Numbers beyond this are measured in units of their own: sums and squares of others stay finite."""

TOLD_APART = 1e5
"""A float32 has about seven digits; numbers this many times as large as their spread would keep two of them."""


@dataclass(frozen=True)
class Scale:
    """A value becomes ``value / unit - offset``."""

    unit: float = 1.0
    offset: float = 0.0

    @classmethod
    def fit(cls, known: np.ndarray) -> "Scale":
        """From the visible known values float64[n], in any order. The offset is one of them, so differences are exact
        where the values are close."""
        largest = float(np.abs(known).max(initial=0.0))
        if largest == 0.0:
            return cls()
        unit = largest if largest > FAR else 1.0
        scaled = known / unit
        is_close = largest / unit > TOLD_APART * float(scaled.std())
        offset = float(np.partition(scaled, len(scaled) // 2)[len(scaled) // 2]) if is_close else 0.0
        return cls(unit, offset)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """float64[n] values, NaN where missing, none beyond ``FAR``: those of later rows were not fitted on."""
        if self != Scale():
            values = values / self.unit - self.offset
        if np.fmax.reduce(values, initial=0.0) > FAR or np.fmin.reduce(values, initial=0.0) < -FAR:
            values = np.clip(values, -FAR, FAR)
        return values
