"""Ridge regression in closed form, through which gradients flow (R2D2, Bertinetto et al. 2019)."""

import torch
from torch import Tensor

from relfm.objectives.precision import exact

FARTHEST = 6.0


def ridge(context: Tensor, shown: Tensor, queries: Tensor, strength: Tensor) -> Tensor:
    """float32[Q, K]: regression of ``shown`` [C, K] less its mean on the standardised ``context`` [C, D], at
    ``queries`` [Q, D] (clipped at six deviations); the penalty is ``strength`` * C."""
    with exact(context):
        context, queries, shown = context.float(), queries.float(), shown.float()
        centre, spread = context.mean(dim=0), context.std(dim=0) + 1e-2
        near, far = (context - centre) / spread, ((queries - centre) / spread).clamp(-FARTHEST, FARTHEST)
        penalty = strength * len(near) * torch.eye(near.shape[1], device=near.device)
        return far @ torch.linalg.solve(near.t() @ near + penalty, near.t() @ (shown - shown.mean(dim=0)))
