"""Graph isomorphism layer (Xu et al., 2019), relations and ages as edge features (GINE, Hu et al., 2020).

The text of MULTITASK normalises over the batch. Here that would let one example's state depend on which others are
asked about beside it, so the layer normalises each state by itself.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model.ages import AGE_SIZE
from relfm.model.config import ModelConfig
from relfm.model.segments import segment_sum
from relfm.model.tree import Level


class GinLayer(nn.Module):
    """x + relu(norm(MLP((1 + eps) x + sum of relu(neighbour + relation + age))))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.width
        self.eps = nn.Parameter(torch.zeros(()))
        self.relation = nn.Linear(width, width)
        self.age = nn.Linear(AGE_SIZE, width, bias=False)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(config.dropout), nn.Linear(2 * width, width)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, ages: Tensor, relations: Tensor, level: Level, seeds: int) -> Tensor:
        """x [n, width], ages [n, AGE_SIZE], relations [R, width] to the updated [level.parents, width]."""
        told = slice(seeds, seeds + level.neighbours)
        edges = self.relation(relations).index_select(0, level.kinds) + self.age(ages[told])
        messages = functional.relu(x[told] + edges).float()
        gathered = segment_sum(messages, level.owners.index_select(0, level.segments), level.parents)
        x = x[: level.parents]
        return x + functional.relu(self.norm(self.perceptron((1 + self.eps) * x + gathered)))
