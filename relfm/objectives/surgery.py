"""PCGrad (Yu et al. 2020): where two objectives' gradients point against each other, each loses what opposes the other.

Text 3 prints the projection with max(0, g_i g_j), which would remove agreement; its words, and PCGrad, remove conflict.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Surgery:
    """gradient [P], the sum of the projected ones; conflicts among pairs, projections made, mean cosine of pairs."""

    gradient: Tensor
    conflicts: int
    projections: int
    pairs: int
    cosine: float

    @property
    def conflict_ratio(self) -> float:
        return self.conflicts / max(self.pairs, 1)


def project_conflicts(gradients: Tensor, generator: torch.Generator) -> Surgery:
    """gradients [T, P] of T objectives; each is projected against the others' originals in random order."""
    count = len(gradients)
    squares = (gradients * gradients).sum(dim=1)
    dots = gradients @ gradients.t()
    norms = squares.sqrt().clamp_min(1e-20)
    upper = torch.triu_indices(count, count, 1)
    cosines = (dots / (norms[:, None] * norms))[upper[0], upper[1]]
    projected, made = gradients.clone(), 0
    for i in range(count):
        for j in torch.randperm(count, generator=generator).tolist():
            if i == j or squares[j] <= 0:
                continue
            along = projected[i] @ gradients[j]
            if along < 0:
                projected[i] -= along / squares[j] * gradients[j]
                made += 1
    mean = float(cosines.mean()) if len(cosines) else 1.0
    return Surgery(projected.sum(dim=0), int((cosines < 0).sum()), made, len(cosines), mean)
