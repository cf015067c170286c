"""Numbers as features that a linear map can bend: scaled, periodic and piecewise linear.

The last two are "On Embeddings for Numerical Features in Tabular Deep Learning" (Gorishniy et al., 2022).
"""

import torch
from torch import Tensor, nn

from relfm.model.statistics import BINS, ColumnStatistics

FREQUENCIES = 6
LINEAR_UP_TO = 3.0


class NumberBasis(nn.Module):
    """float32[A, n] raw values, NaN where missing, to [A, n, size]; missing values are zero in all features."""

    size = 4 + BINS + 2 * FREQUENCIES

    def __init__(self) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(torch.logspace(-1, 0.6, FREQUENCIES))

    def forward(self, values: Tensor, statistics: ColumnStatistics) -> Tensor:
        centers, scales, edges = (
            torch.as_tensor(a, device=values.device) for a in (statistics.centers, statistics.scales, statistics.edges)
        )
        missing = ~torch.isfinite(values)
        values = torch.where(missing, 0.0, values)
        places = (values - centers[:, None]) / scales[:, None]
        edges = (edges - centers[:, None]) / scales[:, None]
        scaled = soft_clip(places)
        magnitude = values.sign() * values.abs().log1p() / 5
        waves = (2 * torch.pi) * scaled[..., None] * self.frequencies.float()
        lower, upper = edges[:, None, :-1], edges[:, None, 1:]
        # between equal edges the ramp is a step, so a flag's bins say which of its two values it has
        steps = ((places[..., None] - lower) / (upper - lower).clamp_min(1e-6)).clamp(0, 1)
        plain = torch.stack([scaled, magnitude, (values == 0).float(), (values == values.round()).float()], -1)
        return torch.cat([plain, steps, waves.sin(), waves.cos()], -1).masked_fill(missing[..., None], 0.0)


def soft_clip(scaled: Tensor) -> Tensor:
    """The value itself up to ``LINEAR_UP_TO``, beyond it as its logarithm grows."""
    beyond = (scaled.abs() - LINEAR_UP_TO).clamp_min(0)
    return scaled.clamp(-LINEAR_UP_TO, LINEAR_UP_TO) + scaled.sign() * beyond.log1p()
