"""What the two objectives about the shape of neighbourhoods share: properties of seeds, told from their states."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.objectives.structure import standardised
from relfm.sampler import Neighbourhood

SEEDS = 96


@dataclass(frozen=True)
class PropertyDraw:
    """wanted float32[S, P], standardised over the draw."""

    seeds: Seeds
    hood: Neighbourhood
    wanted: np.ndarray


class Properties(Objective):
    """Squared error of ``count`` properties, each with mean 0 and spread 1 over the draw."""

    count: int

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width, self.count, config.width)

    def measured(self, world: World, seeds: Seeds, hood: Neighbourhood) -> np.ndarray:
        """float64[S, count]: the properties of each seed."""
        raise NotImplementedError

    def draw(self, world: World, generator: np.random.Generator) -> PropertyDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        wanted = standardised(self.measured(world, seeds, hood))
        return PropertyDraw(seeds, hood, wanted) if wanted.any() else None

    def forward(self, model: RelationalModel, world: World, drawn: PropertyDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        lost = functional.mse_loss(self.head(states).float(), wanted)
        return Loss(lost, {}, float(drawn.wanted.var(axis=0).mean()))
