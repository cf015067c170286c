"""The neighbours' outputs, weighted by a Gaussian kernel over the telling features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs

MAX_CONTEXT = 6000
CHUNK = 1024


@dataclass(frozen=True)
class Neighbours:
    """Kernel smoothing of the most recent context rows; the path is over bandwidths."""

    width: int = 24
    bandwidths: Sequence[float] = (0.35, 0.6, 1.0)
    shrinkage: float = 1.0
    name: str = "neighbours"

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        recent = slice(max(0, len(shown) - MAX_CONTEXT), None)
        near, far = self.places(design, context.scores[recent]), self.places(design, queries.scores)
        rate = shown.mean(axis=0, dtype=np.float64)
        told = np.concatenate([shown[recent], np.ones((len(near), 1), np.float32)], axis=1)
        out = [np.empty((len(far), shown.shape[1])) for _ in self.bandwidths]
        sizes = (near**2).sum(axis=1)
        for begin in range(0, len(far), CHUNK):
            part = far[begin : begin + CHUNK]
            distance = np.maximum((part**2).sum(axis=1)[:, None] + sizes - 2 * part @ near.T, 0)
            for k, bandwidth in enumerate(self.bandwidths):
                found = np.exp(-distance / bandwidth**2) @ told
                total = found[:, -1:].astype(np.float64) + self.shrinkage
                out[k][begin : begin + CHUNK] = (found[:, :-1] + self.shrinkage * rate) / total
        return [outputs.normalise(p) for p in out]

    def places(self, design: Design, scores: np.ndarray) -> np.ndarray:
        """float32[N, width]: rows (float32[N, M] normal scores) as points, further apart in what tells more."""
        width = min(self.width, design.num_columns)
        spread = np.sqrt((design.relevance[:width] ** 2).sum() / max(width, 1))
        scale = design.relevance[:width] / max(float(spread), 1e-9)
        return scores[:, :width] * (scale / np.sqrt(2 * max(width, 1))).astype(np.float32)
