"""The plain experts: the base rate, and the entity's own past targets; also the baselines beside every answer."""

from dataclasses import dataclass

import numpy as np

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs

NUM_BINS = 24


@dataclass(frozen=True)
class Prior:
    """The mean of the context's outputs."""

    name: str = "prior"

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        rate = shown.mean(axis=0, dtype=np.float64)
        return [outputs.normalise(np.tile(rate, (len(queries.values), 1)))]


@dataclass(frozen=True)
class History:
    """The outputs of context rows whose past targets looked alike: the mean in bins of one feature, shrunken.

    ``columns`` are the features that sum up the entity's past targets (their mean, the latest one). Entities without
    any past target form a bin of their own. The path is over the columns.
    """

    columns: tuple[int, ...]
    name: str = "history"
    shrinkage: float = 10.0

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        rate = shown.mean(axis=0, dtype=np.float64)
        return [outputs.normalise(self._binned(c, context, shown, queries, rate)) for c in self.columns]

    def _binned(self, column: int, context: Rows, shown: np.ndarray, queries: Rows, rate: np.ndarray) -> np.ndarray:
        cell, other = context.values[:, column], queries.values[:, column]
        ordered = np.sort(cell[~np.isnan(cell)])
        at = np.linspace(0, max(len(ordered) - 1, 0), NUM_BINS + 1).astype(np.int64)[1:-1]
        edges = np.unique(ordered[at]) if len(ordered) else np.zeros(0)
        place = np.where(np.isnan(cell), len(edges) + 1, np.searchsorted(edges, cell))
        wanted = np.where(np.isnan(other), len(edges) + 1, np.searchsorted(edges, other))
        size = np.bincount(place, minlength=len(edges) + 2)
        total = np.stack(
            [np.bincount(place, shown[:, k], minlength=len(edges) + 2) for k in range(shown.shape[1])], axis=1
        )
        means = (total + self.shrinkage * rate) / (size + self.shrinkage)[:, None]
        return means[wanted]
