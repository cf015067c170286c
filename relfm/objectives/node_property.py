"""Degree and clustering of a row (text 4): how many rows point at it, how much its surroundings close on themselves."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.children import visible_children
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.objectives.structure import repeats, standardised, triangles
from relfm.sampler import Neighbourhood

SEEDS = 96


@dataclass(frozen=True)
class NodeDraw:
    """wanted float32[S, 3]: log degree, triangles and repeats, standardised over the draw."""

    seeds: Seeds
    hood: Neighbourhood
    wanted: np.ndarray


class NodeProperty(Objective):
    """Squared error. The degree counts all visible rows, not the sampled ones."""

    name = "node_property"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width, 3, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> NodeDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        wanted = np.stack([np.log1p(degrees(world, seeds)), triangles(hood), repeats(hood)], axis=1)
        wanted = standardised(wanted)
        return NodeDraw(seeds, hood, wanted) if wanted.any() else None

    def forward(self, model: RelationalModel, world: World, drawn: NodeDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        lost = functional.mse_loss(self.head(states).float(), wanted)
        return Loss(lost, {}, float(drawn.wanted.var(axis=0).mean()))


def degrees(world: World, seeds: Seeds) -> np.ndarray:
    """int64[S]: visible rows that point at each seed, by any link."""
    links = [link for link in world.database.links if link.parent == seeds.table]
    counts = [visible_children(world, link, seeds.rows, seeds.seen) for link in links]
    return np.sum([np.zeros(len(seeds), np.int64), *counts], axis=0)
