"""Cluster-based gating with Gumbel-softmax (PALP): rows choose clusters, each cluster weighs the experts."""

import torch
from torch import Tensor, nn
from torch.nn import functional

MIXTURE_FIRST = 4.0
"""The log-weight by which the mixture's slot leads before training."""


class Router(nn.Module):
    """Weights over experts for each row: shares of clusters times the clusters' weightings.

    In training the choice of clusters is drawn with Gumbel noise, so that the router explores; without noise it is the
    softmax itself. The temperature is learned.
    """

    def __init__(self, width: int, clusters: int, experts: int) -> None:
        super().__init__()
        self.choose = nn.Linear(width, clusters)
        self.weigh = nn.Parameter(torch.zeros(clusters, experts))
        self.sway = nn.Linear(width, experts)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.sway.weight)
        nn.init.zeros_(self.sway.bias)
        with torch.no_grad():
            self.weigh[:, -1] = MIXTURE_FIRST

    def forward(self, rows: Tensor, present: Tensor, *, noise: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """rows [B, Q, D], present [B, E] -> weights [B, Q, E] over present experts, shares [B, Q, G]."""
        logits = self.choose(rows)
        if noise is not None:
            uniform = torch.rand(logits.shape, generator=noise).to(logits)
            logits = logits - torch.log(-torch.log(uniform.clamp(1e-6, 1 - 1e-6)))
        shares = functional.softmax(logits / self.log_temperature.exp().clamp(0.2, 5.0), dim=-1)
        scores = shares @ self.weigh + self.sway(rows)
        scores = scores.masked_fill(present[:, None] == 0, -1e9)
        return functional.softmax(scores, dim=-1), shares


def utilisation_entropy(shares: Tensor) -> float:
    """Entropy of the mean use over the last axis, as a share of the largest possible: 1 is even use, 0 a collapse."""
    mean = shares.reshape(-1, shares.shape[-1]).mean(dim=0)
    entropy = -(mean * mean.clamp_min(1e-12).log()).sum()
    return float(entropy / torch.log(torch.tensor(float(shares.shape[-1]))))
