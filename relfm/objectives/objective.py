"""What every objective is: it draws what one step needs, and says what the network lost on it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor, nn

from relfm.model import ModelConfig, RelationalModel
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors

Drawn = Any
"""Whatever an objective's ``draw`` hands to its ``forward``: arrays and sampled neighbourhoods, no tensors."""


@dataclass(frozen=True)
class World:
    """A database to learn from.

    until  statistics may be fitted on rows up to then
    index  its place among those trained on, which the domain adversary guesses; -1: it is held out
    share  of their usual size that draws have: less than 1 where neighbourhoods are too large for the memory
    """

    database: DatabaseTensors
    sampler: Sampler
    until: int
    index: int = 0
    share: float = 1.0

    def sized(self, count: int, least: int = 8) -> int:
        """``count`` examples of a draw, or the world's share of them, but no fewer than ``least``."""
        return count if self.share == 1 else max(min(least, count), round(self.share * count))


@dataclass(frozen=True)
class Loss:
    """value: a scalar; constant: what the best constant answer would have lost on the same draw, where there is one."""

    value: Tensor
    metrics: dict[str, float] = field(default_factory=dict)
    constant: float | None = None


class Objective(nn.Module):
    """One objective, with heads of its own. ``rate`` scales the learning rate of its heads; what is not
    ``cooperative`` takes no part in balancing and gradient surgery and is reversed at the network instead."""

    name: str = ""
    cooperative: bool = True
    rate: float = 1.0

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.fanout = tuple(config.fanout)

    def draw(self, world: World, generator: np.random.Generator) -> Drawn | None:
        """What one step needs; None if the database offers nothing. NumPy alone, so that a thread can draw ahead."""
        raise NotImplementedError

    def forward(self, model: RelationalModel, world: World, drawn: Drawn) -> Loss:
        raise NotImplementedError

    def advance(self, progress: float) -> None:
        """Called before every step with a share that goes from 0 at the first one to 1 at the last: schedules move
        here, and say what they say at that share whatever was said before."""


def mlp(inputs: int, outputs: int, hidden: int | None = None) -> nn.Sequential:
    """Linear, ReLU, linear: the standard head of text 3 without its dropout, of which heads this small need none."""
    hidden = hidden or max(inputs // 2, 16)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
