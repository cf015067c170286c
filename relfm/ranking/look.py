"""A quick look at candidates: straight lines tell which pairs could be among the best and deserve the whole mixture.

Telling near rivals apart is then learned from near rivals; most candidates are so unlikely that they teach nothing.
"""

from dataclasses import dataclass

import numpy as np

from relfm.experts.design import Design
from relfm.experts.solve import logistic_path

WIDTH = 64
STRENGTH = 0.01


@dataclass(frozen=True)
class Look:
    """Fitted on inputs float32[N, M] and targets float32[N] of a few pairs; without a design everything looks alike."""

    design: Design | None
    inputs: np.ndarray
    targets: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, targets: np.ndarray) -> "Look":
        """From features float32[N, F] and whether each pair was listed, float64[N]."""
        shown = targets.astype(np.float32)
        design = Design.fit(values, shown[:, None], WIDTH) if len(np.unique(targets)) > 1 else None
        if design is None or design.num_columns == 0:
            return cls(None, np.zeros((len(shown), 0), np.float32), shown)
        return cls(design, design.transform(values), shown)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """float64[P]: log-odds, up to a constant, of pairs with features float32[P, F]."""
        if self.design is None:
            return np.zeros(len(values))
        weights = np.ones(len(self.inputs), np.float32)
        return logistic_path(self.inputs, self.targets, weights, self.design.transform(values), (STRENGTH,))[0]
