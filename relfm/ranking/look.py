"""A quick look at candidates: straight lines tell which pairs could be among the best and deserve the whole mixture.

Telling near rivals apart is then learned from near rivals; most candidates are so unlikely that they teach nothing.
"""

from dataclasses import dataclass

import numpy as np

from relfm.experts.design import Design
from relfm.experts.solve import Line, logistic_lines

WIDTH = 64
STRENGTH = 0.01


@dataclass(frozen=True)
class Look:
    """Fitted once on a few pairs, on normal scores that ``design`` makes; without a line everything looks alike."""

    design: Design | None
    line: Line | None

    @classmethod
    def fit(cls, values: np.ndarray, targets: np.ndarray) -> "Look":
        """From features float32[N, F] and whether each pair was listed, float64[N]."""
        shown = targets.astype(np.float32)
        design = Design.fit(values, shown[:, None], WIDTH) if len(np.unique(targets)) > 1 else None
        if design is None or design.num_columns == 0:
            return cls(None, None)
        weights = np.ones(len(shown), np.float32)
        return cls(design, logistic_lines(design.transform(values), shown, weights, (STRENGTH,))[0])

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """float64[P]: log-odds, up to a constant, of pairs with features float32[P, F]."""
        if self.design is None or self.line is None:
            return np.zeros(len(values))
        return self.line(self.design.transform(values))
