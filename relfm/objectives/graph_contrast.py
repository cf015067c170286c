"""Graph contrast: the rows of a neighbourhood belong to its summary and to no other's (InfoGraph)."""

from dataclasses import dataclass

import numpy as np
import torch

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.objectives.contrast import mutual_information
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds, draw_seeds
from relfm.sampler import Neighbourhood

SEEDS = 64


@dataclass(frozen=True)
class GraphDraw:
    seeds: Seeds
    hood: Neighbourhood


class GraphContrast(Objective):
    """Mutual information between row vectors of the first hop and the seeds' states, by its Jensen-Shannon bound."""

    name = "graph_contrast"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.local, self.whole = (mlp(config.width, config.width, config.width) for _ in range(2))

    def draw(self, world: World, generator: np.random.Generator) -> GraphDraw | None:
        seeds = draw_seeds(world, generator, SEEDS)
        if seeds is None or len(seeds) < 2:
            return None
        hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
        return GraphDraw(seeds, hood) if hood.offsets[2] - hood.offsets[1] >= len(seeds) // 2 else None

    def forward(self, model: RelationalModel, world: World, drawn: GraphDraw) -> Loss:
        hood, bank = drawn.hood, RowBank(model, world.database, world.until)
        whole = self.whole(model.states(world.database, hood, bank))
        near = slice(hood.offsets[1], hood.offsets[2])
        local = self.local(bank(hood.tables[near], hood.rows[near]))
        own = torch.from_numpy(hood.seeds[near][:, None] == np.arange(hood.num_seeds)).to(local.device)
        scores = (local @ whole.t()).float() / local.shape[1] ** 0.5
        return Loss(mutual_information(scores, own), {}, float(2 * np.log(2)))
