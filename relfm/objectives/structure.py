"""Twelve structural properties of each seed's neighbourhood, told from its state (text 3: graph properties)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood
from relfm.times import DAY

SEEDS = 96
LARGEST = 3.0
PROPERTIES = (
    "nodes", "edges", "density", "mean degree", "largest degree", "deviation of degrees", "leaves",
    "distinct rows", "tables", "relations", "timeless rows", "mean age",
)  # fmt: skip


@dataclass(frozen=True)
class PropertyDraw:
    """wanted float32[S, P], standardised over the draw."""

    seeds: Seeds
    hood: Neighbourhood
    wanted: np.ndarray


class GraphProperties(Objective):
    """Squared error of the twelve, each with mean 0 and spread 1 over the draw."""

    name = "graph_prop"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width, len(PROPERTIES), config.width)

    def draw(self, world: World, generator: np.random.Generator) -> PropertyDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        return PropertyDraw(seeds, hood, standardised(properties(hood)))

    def forward(self, model: RelationalModel, world: World, drawn: PropertyDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        wanted = torch.from_numpy(drawn.wanted).to(states.device)
        lost = functional.mse_loss(self.head(states).float(), wanted)
        return Loss(lost, {}, float((drawn.wanted - drawn.wanted.mean(axis=0)).var(axis=0).mean()))


def properties(hood: Neighbourhood) -> np.ndarray:
    """float64[S, 12] in the order of PROPERTIES. Edges are those of the graph of distinct rows; degrees are of nodes in
    the tree; ages in logarithms of days."""
    seeds = hood.num_seeds
    nodes = np.bincount(hood.seeds, minlength=seeds).astype(float)
    identity = np.stack([hood.seeds, hood.tables, hood.rows])
    distinct, inverse = np.unique(identity, axis=1, return_inverse=True)
    inverse = inverse.reshape(-1)
    rows = np.bincount(distinct[0], minlength=seeds).astype(float)
    later = np.arange(hood.offsets[1], hood.num_nodes)
    ends = np.sort(np.stack([inverse[later], inverse[hood.parents[later]]]), axis=0)
    edges = np.unique(np.concatenate([hood.seeds[later][None], ends]), axis=1)
    count = np.bincount(edges[0], minlength=seeds).astype(float)
    degree = np.bincount(hood.parents[later], minlength=hood.num_nodes).astype(float)
    mean = np.bincount(hood.seeds, degree, seeds) / nodes
    square = np.bincount(hood.seeds, degree**2, seeds) / nodes
    largest = np.zeros(seeds)
    np.maximum.at(largest, hood.seeds, degree)
    log_age = np.log1p(np.maximum(hood.ages, 0) / DAY)
    return np.stack(
        [
            np.log1p(nodes),
            np.log1p(count),
            2 * count / np.maximum(rows * (rows - 1), 1),
            mean,
            np.log1p(largest),
            np.sqrt(np.maximum(square - mean**2, 0)),
            np.bincount(hood.seeds, degree == 0, seeds) / nodes,
            np.log1p(rows),
            _distinct(hood.seeds, hood.tables, seeds),
            _distinct(hood.seeds, hood.relations, seeds),
            np.bincount(hood.seeds, hood.ages < 0, seeds) / nodes,
            np.bincount(hood.seeds, log_age, seeds) / nodes,
        ],
        axis=1,
    )


def standardised(values: np.ndarray) -> np.ndarray:
    """float32[S, P] with mean 0 and spread 1 in each column (0 where it does not vary), clipped."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
    return np.where(spread > 1e-6, scaled, 0).clip(-LARGEST, LARGEST).astype(np.float32)


def _distinct(groups: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    pairs = np.unique(np.stack([groups, values]), axis=1)
    return np.bincount(pairs[0], minlength=size).astype(float)
