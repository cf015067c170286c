"""PCGrad (Yu et al. 2020): where two objectives' gradients point against each other, each loses what opposes the other.

Text 3 prints the projection with max(0, g_i g_j), which would remove agreement; its words, and PCGrad, remove conflict.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Surgery:
    """gradient [P], the sum of the projected ones; norms float[T] and cosines float[T, T] of the given ones; how many
    projections were made."""

    gradient: Tensor
    norms: Tensor
    cosines: Tensor
    projections: int

    @property
    def between(self) -> Tensor:
        """float[pairs]: the cosine of each pair."""
        return self.cosines[tuple(torch.triu_indices(len(self.cosines), len(self.cosines), 1))]

    @property
    def pairs(self) -> int:
        return len(self.between)

    @property
    def conflicts(self) -> int:
        """Pairs with a negative cosine."""
        return int((self.between < 0).sum())

    @property
    def conflict_ratio(self) -> float:
        return self.conflicts / max(self.pairs, 1)


def project_conflicts(gradients: Tensor, generator: torch.Generator) -> Surgery:
    """gradients [T, P] of T objectives; each is projected against the others' originals in random order.

    A projected gradient is a sum of the originals, so all is decided on their T x T inner products.
    """
    count = len(gradients)
    products = (gradients @ gradients.t()).double().cpu()
    shares = torch.eye(count, dtype=torch.float64)
    made = 0
    for i in range(count):
        for j in torch.randperm(count, generator=generator).tolist():
            along = shares[i] @ products[:, j]
            if i != j and along < 0 < products[j, j]:
                shares[i, j] -= along / products[j, j]
                made += 1
    norms = products.diagonal().sqrt()
    cosines = products / (norms[:, None] * norms).clamp_min(1e-30)
    return Surgery(shares.sum(dim=0).to(gradients) @ gradients, norms, cosines, made)
