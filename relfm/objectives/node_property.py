"""Degree and clustering of a row (text 4): how many rows point at it, how much its surroundings close on themselves."""

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
class NodeDraw:
    """wanted float32[S, 2]: log degree and clustering, standardised over the draw."""

    seeds: Seeds
    hood: Neighbourhood
    wanted: np.ndarray


class NodeProperty(Objective):
    """Squared error. The degree counts all visible rows, not the sampled ones."""

    name = "node_property"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width, 2, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> NodeDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        wanted = np.stack([np.log1p(degrees(world, seeds)), clustering(hood)], axis=1)
        return NodeDraw(seeds, hood, standardised(wanted))

    def forward(self, model: RelationalModel, world: World, drawn: NodeDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        lost = functional.mse_loss(self.head(states).float(), wanted)
        return Loss(lost, {}, float(drawn.wanted.var(axis=0).mean()))


def degrees(world: World, seeds: Seeds) -> np.ndarray:
    """int64[S]: visible rows that point at each seed, by any link."""
    total = np.zeros(len(seeds), np.int64)
    for link in world.database.links:
        if link.parent == seeds.table:
            total += visible_children(world, link.child, link.start, link.children, seeds.rows, seeds.seen)
    return total


def visible_children(
    world: World, child: int, start: np.ndarray, children: np.ndarray, rows: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """int64[n]: how many of each row's children (sorted by time) have come by ``seen``."""
    times = world.database.tables[child].times
    size = start[rows + 1] - start[rows]
    owner = np.repeat(np.arange(len(rows)), size)
    places = np.repeat(start[rows] - np.cumsum(size) + size, size) + np.arange(size.sum())
    return np.bincount(owner, times[children[places]] <= seen[owner], len(rows)).astype(np.int64)


def clustering(hood: Neighbourhood) -> np.ndarray:
    """float64[S]: share of a tree's nodes beyond the seed that are rows which the tree has shown before."""
    nodes = np.bincount(hood.seeds, minlength=hood.num_seeds)
    distinct = np.unique(np.stack([hood.seeds, hood.tables, hood.rows]), axis=1)
    return 1 - np.bincount(distinct[0], minlength=hood.num_seeds) / nodes
