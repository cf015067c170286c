"""The head's network: rows attend to context rows; what comes out is a routed weighting of experts and a correction."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from relfm.heads.batch import HeadBatch
from relfm.heads.config import HeadConfig
from relfm.heads.inputs import NUM_DESCRIPTORS, NUM_EXPERTS
from relfm.heads.routing import Router


class RowAttention(nn.Module):
    """Pre-norm attention of all rows to the context rows, then a feed-forward; both start at zero.

    Keys and queries have unit length and a learned temperature per head, so that attention is as sharp over 50 context
    rows as over 5,000.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.sharpness = nn.Parameter(torch.zeros(heads))
        for layer in (self.out, self.down):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, rows: Tensor, num_context: int, mask: Tensor) -> Tensor:
        """rows [B, N, D], the first ``num_context`` of them context; mask bool[B, C]: which context rows are real."""
        batch, count, width = rows.shape
        normed = self.norm(rows)
        query = self.query(normed).view(batch, count, self.heads, -1).transpose(1, 2)
        pairs = self.key_value(normed[:, :num_context]).view(batch, num_context, 2, self.heads, -1)
        key, value = pairs.permute(2, 0, 3, 1, 4)
        query = functional.normalize(query, dim=-1) * (4 * self.sharpness.exp())[:, None, None]
        attended = functional.scaled_dot_product_attention(
            query, functional.normalize(key, dim=-1), value, attn_mask=mask[:, None, None, :], scale=1.0
        )
        rows = rows + self.out(attended.transpose(1, 2).reshape(batch, count, width))
        return rows + self.down(functional.gelu(self.up(self.second_norm(rows))))


class InContextHead(nn.Module):
    """Log-odds of queries from context rows, the experts' answers and the question's descriptors.

    Untrained it answers what the mixture answers: the correction is zero and the weights lie on the mixture's slot.
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.row_in = nn.Linear(2 * NUM_EXPERTS + 2 * config.inputs, 2 * width)
        self.row_out = nn.Linear(2 * width, width)
        self.target = nn.Linear(3, width)
        self.question = nn.Sequential(nn.Linear(NUM_DESCRIPTORS, width), nn.GELU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(RowAttention(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.router = Router(width, config.clusters, NUM_EXPERTS)
        self.correction = nn.Linear(width, 1)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)

    def forward(self, batch: HeadBatch, *, noise: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """(log-odds [B, Q], experts' weights [B, Q, E], clusters' shares [B, Q, G]); ``noise`` draws Gumbel noise."""
        odds, num_context = batch.odds, batch.shown.shape[1]
        present = batch.present[:, None].expand(odds.shape[0], odds.shape[1], NUM_EXPERTS)
        scaled = batch.inputs * batch.relevance[:, None] * 4
        seen = torch.cat([odds / 2, present, batch.inputs, scaled], dim=-1)
        rows = self.row_out(functional.gelu(self.row_in(seen))) + self.question(batch.descriptors)[:, None]
        told = torch.sigmoid(odds[:, :num_context, -1] + batch.base[:, None])
        target = torch.stack([batch.shown - 0.5, batch.shown - told, torch.ones_like(told)], dim=-1)
        rows = torch.cat([rows[:, :num_context] + self.target(target), rows[:, num_context:]], dim=1)
        for layer in self.layers:
            rows = layer(rows, num_context, batch.mask)
        answered = self.norm(rows[:, num_context:])
        weights, clusters = self.router(answered, batch.present, noise=noise)
        pooled = (weights * odds[:, num_context:]).sum(dim=-1)
        return batch.base[:, None] + pooled + self.correction(answered)[..., 0], weights, clusters
