"""From the seed's last vector to its state, in the light of the question."""

from torch import Tensor, nn
from torch.nn import functional

from relfm.model.config import ModelConfig


class Readout(nn.Module):
    """The question's text scales and shifts (FiLM) what is read; without one, nothing is."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.question = nn.Sequential(
            nn.Linear(config.text_dim, config.width), nn.SiLU(), nn.Linear(config.width, 2 * config.width)
        )
        self.up = nn.Linear(config.width, config.width)
        self.down = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, question: Tensor | None) -> Tensor:
        """[S, width] and a unit text vector [D] or [S, D], or none, to float32[S, width]."""
        x = self.norm(x)
        asked = x
        if question is not None:
            scaled = question.to(x.device).float() * question.shape[-1] ** 0.5
            scale, shift = self.question(scaled).chunk(2, -1)
            asked = x * (1 + scale) + shift
        return (x + self.down(functional.silu(self.up(asked)))).float()
