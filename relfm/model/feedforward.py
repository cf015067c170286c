"""The feed-forward half of a layer."""

from torch import Tensor, nn
from torch.nn import functional


class FeedForward(nn.Module):
    """x + W2 silu(W1 norm(x)) for x [n, width]."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(self.down(functional.silu(self.up(self.norm(x)))))
