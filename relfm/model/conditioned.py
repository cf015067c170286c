"""The relational layer whose weights all hops and relations share: what differs is said by vectors.

Many aggregates and the logarithmic amplification are PNA's (Corso et al., 2020); one shared map for all relations, told
apart by a vector of the relation, is how the open KumoRFM reads any schema.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.model.ages import AGE_SIZE
from relfm.model.config import ModelConfig
from relfm.model.feedforward import FeedForward
from relfm.model.segments import segment_max, segment_softmax, segment_sum
from relfm.model.tree import Level

AGGREGATES = 6
COUNTS = 2


class ConditionedLayer(nn.Module):
    """Neighbours to messages, messages to one vector per (parent, relation), those to the parent."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.norm = nn.LayerNorm(width)
        self.message = nn.Linear(width, width)
        self.parent = nn.Linear(width, width, bias=False)
        self.age = nn.Linear(AGE_SIZE, width, bias=False)
        self.message_film = nn.Linear(width, 2 * width)
        self.attention = nn.Linear(width, config.heads, bias=False)
        self.combine = nn.Linear(AGGREGATES * width + COUNTS, width)
        self.combine_film = nn.Linear(width, 2 * width)
        self.gate = nn.Linear(2 * width, width)
        self.update = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.dropout)
        self.feedforward = FeedForward(width, 4 * width, config.dropout)

    def forward(self, x: Tensor, ages: Tensor, relations: Tensor, level: Level, seeds: int) -> Tensor:
        """x [n, width], ages [n, AGE_SIZE], relations [R, width] to the updated [level.parents, width]."""
        messages = self._messages(x[: seeds + level.neighbours], ages, relations, level, seeds)
        segments = self._aggregate(messages, level)
        scale, shift = self.combine_film(relations).index_select(0, level.relations).chunk(2, -1)
        combined = functional.silu(self.combine(segments) * (1 + scale) + shift)
        by = relations.index_select(0, level.relations).to(combined.dtype)
        gates = self.gate(torch.cat([combined, by], -1)).sigmoid()
        gathered = segment_sum((combined * gates).float(), level.owners, level.parents)
        x = x[: level.parents]
        return self.feedforward(x + self.dropout(self.update(gathered)))

    def _messages(self, x: Tensor, ages: Tensor, relations: Tensor, level: Level, seeds: int) -> Tensor:
        """What each neighbour says to its parent, by its relation and age: float32[neighbours, width]."""
        x = self.norm(x)
        scale, shift = self.message_film(relations).index_select(0, level.relations).chunk(2, -1)
        parents = self.parent(x[: level.parents]).index_select(0, level.owners)
        scale, shift = (of.index_select(0, level.segments) for of in (1 + scale, shift + parents))
        said = self.message(x[seeds:]) * scale + shift + self.age(ages[seeds : len(x)])
        return functional.silu(said).float()

    def _aggregate(self, messages: Tensor, level: Level) -> Tensor:
        """Sum (amplified by its logarithm), mean, deviation, least, largest and attended, and how many there are."""
        count = len(level.lengths)
        weights = segment_softmax(self.attention(messages).float(), level.segments, count)
        attended = (messages.unflatten(-1, (self.heads, -1)) * weights[..., None]).flatten(1)
        lengths = level.lengths[:, None].to(messages.dtype)
        # One by one: stacked side by side, a third of the time went into copies.
        total, squares, attended = (
            segment_sum(of, level.segments, count) for of in (messages, messages.square(), attended)
        )
        mean = total / lengths
        deviation = (squares / lengths - mean.square()).clamp_min(0).add(1e-4).sqrt()
        largest, least = (segment_max(of, level.segments, count) for of in (messages, -messages))
        log = lengths.log1p()
        return torch.cat([mean * log, mean, deviation, largest, least, attended, log, 1 / lengths], -1)
